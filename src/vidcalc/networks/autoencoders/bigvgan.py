"""BigVGAN: frames of a latent or a spectrogram to a waveform, by transposed convolutions and anti-aliased blocks.

The branches of a level are summed as they come, so one sum and one branch are alive; weights under weight norm are made
anew from direction and length at every call and stay. Shape.frames is the number of frames at the input.
Source: arXiv 2206.04658; diffusers 0.42.1 models/autoencoders/mmaudio_vocoder.py, autoencoder_kl_minimax_h3_audio.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders import ltx2_vocoder
from vidcalc.networks.autoencoders.ltx2_vocoder import antialiased
from vidcalc.tape import Tape, Tensor

CLASSES = ("MMAudioVocoder",)
ENDS = 7  # kernel of the first and the last convolution
FILTERS = ltx2_vocoder.Config()  # twelve taps, twice the rate


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one vocoder, under diffusers' names."""

    num_mels: Number = 128
    upsample_initial_channel: Number = 1536
    upsample_rates: tuple[int, ...] = (8, 4, 2, 2, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (16, 8, 4, 4, 4, 4)
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilation_sizes: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """spectrogram[batch, mel bins, frames] -> waveform[batch, 1, frames · product of the rates]."""
    spectrogram = tape.input(shape.batch, config.num_mels, shape.frames)
    return generator(tape, config, spectrogram)


def generator(tape: Tape, config: Config, x: Tensor, weights: list[Tensor] | None = None) -> Tensor:
    """The whole network on x[batch, channels, frames]; `weights` collects those that weight norm makes."""
    hidden = convolution(tape, x, config.upsample_initial_channel, ENDS, "conv_pre", weights)
    branches = len(config.resblock_kernel_sizes)
    for i, (rate, kernel) in enumerate(zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True)):
        hidden = upsampled(tape, hidden, rate, kernel, f"ups.{i}.0", weights)
        total: Tensor | None = None
        for j, (taps, dilations) in enumerate(
            zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True)
        ):
            with tape.scope(f"resblocks.{i * branches + j}"):
                branch = residual_block(tape, hidden, taps, len(dilations), weights)
            # the first is taken as it is, or added to a plain 0, which makes a copy
            total = (
                (branch if weights is not None else tape.scale(branch)) if total is None else tape.add(total, branch)
            )
            if weights is None:
                del branch
        assert total is not None
        hidden = tape.scale(total)
        del total
    hidden = antialiased(tape, FILTERS, hidden, "activation_post", beta=True)
    hidden = convolution(tape, hidden, 1, ENDS, "conv_post", weights, bias=False)
    return tape.act(hidden, "clamp")


def residual_block(tape: Tape, x: Tensor, taps: int, pairs: int, weights: list[Tensor] | None) -> Tensor:
    """An activation and a dilated convolution, an activation and a plain one, added; once per dilation."""
    total = x
    for i in range(pairs):
        hidden = antialiased(tape, FILTERS, total, f"activations.{2 * i}", beta=True)
        hidden = convolution(tape, hidden, x.shape[1], taps, f"convs1.{i}", weights)
        hidden = antialiased(tape, FILTERS, hidden, f"activations.{2 * i + 1}", beta=True)
        hidden = convolution(tape, hidden, x.shape[1], taps, f"convs2.{i}", weights)
        total = tape.add(hidden, total)
    return total


def convolution(
    tape: Tape, x: Tensor, c_out: Number, taps: int, name: str, weights: list[Tensor] | None, *, bias: bool = True
) -> Tensor:
    """A convolution over time that keeps the length."""
    normed_weight(tape, name, (c_out, x.shape[1], taps), weights)
    return tape.convolution(x, c_out, (taps,), name, bias=bias, keep="" if weights is None else x.dtype)


def normed_weight(tape: Tape, name: str, shape: tuple[Number, ...], weights: list[Tensor] | None) -> None:
    """The weight that weight norm makes of a direction and lengths, one per leading index; it outlives the call."""
    if weights is None:
        return
    tape.parameter(name + ".weight_g", shape[0], "fp32")
    weights.append(tape.empty(shape, "fp32"))
    tape.traffic(name + ".weight_norm", 2 * weights[-1].nbytes)


def upsampled(tape: Tape, x: Tensor, rate: int, kernel: int, name: str, weights: list[Tensor] | None) -> Tensor:
    """Half the channels at `rate` times the frames."""
    _, c, n = x.shape
    longer = (n - 1) * rate - 2 * ((kernel - rate) // 2) + kernel
    normed_weight(tape, name, (c, c // 2, kernel), weights)
    return tape.transposed_convolution(x, c // 2, (kernel,), name, out=(longer,))
