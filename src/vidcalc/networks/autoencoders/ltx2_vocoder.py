"""LTX-2 vocoder: a spectrogram to a waveform by transposed convolutions and dilated residual blocks (HiFi-GAN).

Shape.frames is the number of spectrogram frames. Mirrors diffusers' LTX2Vocoder with leaky ReLU; the anti-aliased
snake activations of LTX-2.3's vocoder are not written. Source: arXiv 2010.05646; diffusers 0.42.1
pipelines/ltx2/vocoder.py.
"""

from typing import Any

import msgspec

from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2Vocoder",)
ENDS = 7  # kernel of the first and the last convolution


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one vocoder, under diffusers' names."""

    in_channels: Any = 128
    hidden_channels: Any = 1024
    out_channels: Any = 2
    upsample_kernel_sizes: tuple[int, ...] = (16, 15, 8, 4, 4)
    upsample_factors: tuple[int, ...] = (6, 5, 2, 2, 2)
    resnet_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resnet_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    final_act_fn: str | None = "tanh"
    final_bias: bool = True


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """spectrogram[batch, 2, frames, mel bins] -> waveform[batch, 2, frames · product of the upsampling factors]."""
    batch, n = shape.batch, shape.frames
    spectrogram = tape.input(batch, config.out_channels, n, config.in_channels // config.out_channels)
    folded = tape.copy(spectrogram, batch, config.in_channels, n, name="flatten")
    hidden = tape.convolution(folded, config.hidden_channels, (ENDS,), "conv_in")
    del folded
    branches = len(config.resnet_kernel_sizes)
    outputs: Tensor | None = None
    for i, (stride, kernel) in enumerate(zip(config.upsample_factors, config.upsample_kernel_sizes, strict=True)):
        hidden = tape.act(hidden, "leaky_relu")
        b, c, length = hidden.shape
        longer = (length - 1) * stride - 2 * ((kernel - stride) // 2) + kernel
        hidden = tape.transposed_convolution(hidden, c // 2, (kernel,), f"upsamplers.{i}", out=(longer,))
        made = [
            residual_block(tape, hidden, taps, config.resnet_dilations[j], f"resnets.{i * branches + j}")
            for j, taps in enumerate(config.resnet_kernel_sizes)
        ]
        outputs = tape.cat(tuple(made), branches, b, c // 2, longer)  # stays alive until the next level's replaces it
        del made
        hidden = tape.pointwise("mean", (outputs,), (b, c // 2, longer))
    hidden = tape.act(hidden, "leaky_relu")
    hidden = tape.convolution(hidden, config.out_channels, (ENDS,), "conv_out", bias=config.final_bias)
    del outputs
    return hidden if config.final_act_fn is None else tape.act(hidden, config.final_act_fn)


def residual_block(tape: Tape, x: Tensor, kernel: int, dilations: tuple[int, ...], name: str) -> Tensor:
    """Leaky ReLU and a dilated convolution, leaky ReLU and a plain one, added; once per dilation."""
    total = x
    with tape.scope(name):
        for i in range(len(dilations)):
            hidden = tape.act(total, "leaky_relu")
            hidden = tape.convolution(hidden, x.shape[1], (kernel,), f"convs1.{i}")
            hidden = tape.act(hidden, "leaky_relu")
            hidden = tape.convolution(hidden, x.shape[1], (kernel,), f"convs2.{i}")
            total = tape.add(total, hidden)
    return total
