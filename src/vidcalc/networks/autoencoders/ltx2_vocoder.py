"""LTX-2 vocoder: a spectrogram to a waveform by transposed convolutions and dilated residual blocks (HiFi-GAN).

Shape.frames is the number of spectrogram frames. Mirrors diffusers' LTX2Vocoder: leaky ReLU in LTX-2.0, anti-aliased
snake activations from LTX-2.3 on. Source: arXiv 2010.05646, 2206.04658; diffusers 0.42.1 pipelines/ltx2/vocoder.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2Vocoder",)
ENDS = 7  # kernel of the first and the last convolution


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one vocoder, under diffusers' names."""

    in_channels: Number = 128
    hidden_channels: Number = 1024
    out_channels: Number = 2
    upsample_kernel_sizes: tuple[int, ...] = (16, 15, 8, 4, 4)
    upsample_factors: tuple[int, ...] = (6, 5, 2, 2, 2)
    resnet_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resnet_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    act_fn: str = "leaky_relu"
    antialias: bool = False
    antialias_ratio: int = 2
    antialias_kernel_size: int = 12
    final_act_fn: str | None = "tanh"
    final_bias: bool = True


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """spectrogram[batch, 2, frames, mel bins] -> waveform[batch, 2, frames · product of the upsampling factors]."""
    bins = config.in_channels // config.out_channels
    return generator(tape, config, tape.input(shape.batch, config.out_channels, shape.frames, bins))


def generator(tape: Tape, config: Config, spectrogram: Tensor) -> Tensor:
    """The whole network on a spectrogram that is already there."""
    batch, n = spectrogram.shape[0], spectrogram.shape[2]
    folded = tape.copy(spectrogram, batch, config.in_channels, n, name="flatten")
    hidden = tape.convolution(folded, config.hidden_channels, (ENDS,), "conv_in")
    del folded
    branches = len(config.resnet_kernel_sizes)
    outputs: Tensor | None = None
    for i, (stride, kernel) in enumerate(zip(config.upsample_factors, config.upsample_kernel_sizes, strict=True)):
        if config.act_fn == "leaky_relu":
            hidden = tape.act(hidden, "leaky_relu")
        b, c, length = hidden.shape
        longer = (length - 1) * stride - 2 * ((kernel - stride) // 2) + kernel
        hidden = tape.transposed_convolution(hidden, c // 2, (kernel,), f"upsamplers.{i}", out=(longer,))
        made = [
            residual_block(tape, config, hidden, taps, config.resnet_dilations[j], f"resnets.{i * branches + j}")
            for j, taps in enumerate(config.resnet_kernel_sizes)
        ]
        outputs = tape.cat(tuple(made), branches, b, c // 2, longer)  # stays alive until the next level's replaces it
        del made
        hidden = tape.pointwise("mean", (outputs,), (b, c // 2, longer))
    hidden = last_activation(tape, config, hidden)
    hidden = tape.convolution(hidden, config.out_channels, (ENDS,), "conv_out", bias=config.final_bias)
    del outputs
    return hidden if config.final_act_fn is None else tape.act(hidden, config.final_act_fn)


def residual_block(tape: Tape, config: Config, x: Tensor, kernel: int, dilations: tuple[int, ...], name: str) -> Tensor:
    """An activation and a dilated convolution, an activation and a plain one, added; once per dilation."""
    total = x
    with tape.scope(name):
        for i in range(len(dilations)):
            hidden = activation(tape, config, total, f"acts1.{i}")
            hidden = tape.convolution(hidden, x.shape[1], (kernel,), f"convs1.{i}")
            hidden = activation(tape, config, hidden, f"acts2.{i}")
            hidden = tape.convolution(hidden, x.shape[1], (kernel,), f"convs2.{i}")
            total = tape.add(total, hidden)
    return total


def activation(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """Leaky ReLU, or snake, anti-aliased where configured."""
    if config.act_fn == "leaky_relu":
        return tape.act(x, "leaky_relu")
    beta = config.act_fn == "snakebeta"
    if config.antialias:
        return antialiased(tape, config, x, name, beta=beta)
    return snake(tape, x, name, beta=beta)


def last_activation(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Before the last convolution snake is anti-aliased and has both its vectors in any case."""
    if config.act_fn == "leaky_relu":
        return tape.act(x, "leaky_relu")
    return antialiased(tape, config, x, "act_out", beta=True)


def antialiased(tape: Tape, config: Config, x: Tensor, name: str, *, beta: bool) -> Tensor:
    """Snake at a higher rate, between two fixed low-pass filters."""
    b, c, n = x.shape
    ratio, kernel = config.antialias_ratio, config.antialias_kernel_size
    with tape.scope(name):
        pad = kernel // ratio - 1
        hidden = resampled(tape, x, ratio, kernel, pad)
        hidden = snake(tape, hidden.view(b, c, n * ratio), "act", beta=beta)
        padded = tape.copy(hidden, b, c, n * ratio + kernel - 1, name="pad")
        out = tape.convolution(
            padded, c, (kernel,), "downsample", out=((n * ratio - 1) // ratio + 1,), groups=c, bias=False, fixed=True
        )
        del hidden
        return out


def resampled(tape: Tape, x: Tensor, ratio: int, kernel: int, pad: int) -> Tensor:
    """x at `ratio` times the rate through a fixed filter; the ends that callers cut off are still there."""
    b, c, n = x.shape
    padded = tape.copy(x, b, c, n + 2 * pad, name="pad")
    length = (n + 2 * pad - 1) * ratio + kernel
    spread = tape.transposed_convolution(padded, c, (kernel,), "upsample", out=(length,), groups=c, fixed=True)
    return tape.scale(spread)


def snake(tape: Tape, x: Tensor, name: str, *, beta: bool) -> Tensor:
    """x + sin²(α·x) / β, α and β one number per channel (β = α without `beta`)."""
    tape.parameter(name + ".alpha", x.shape[1])
    if beta:
        tape.parameter(name + ".beta", x.shape[1])
    vectors = [tape.empty((x.shape[1],), x.dtype) for _ in range(1 + beta)]
    inverse = tape.scale(tape.scale(vectors[-1]))
    wave = tape.act(tape.weighted(x, x.shape[1]), "sin")
    squared = tape.act(wave, "square")
    del wave
    scaled = tape.weighted(squared, x.shape[1])
    del squared, inverse
    out = tape.add(x, scaled)
    del vectors
    return out
