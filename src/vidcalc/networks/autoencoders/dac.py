"""Waveform decoders of DAC's kind: latents to sound by transposed convolutions and snake activations, in float32.

MOVA's DAC and Stable Audio's Oobleck, which sounds one channel more, has two numbers per channel in each activation and
does not halve its width at the last level. Every convolution but a 1-tap one before the decoder has its weight normed.
Shape.frames is the number of latents. The encoder is not part of it.
Source: arXiv 2306.06546; OpenMOSS/MOVA@595a976 mova/diffusion/models/dac_vae.py; diffusers 0.42.1
models/autoencoders/autoencoder_oobleck.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.bigvgan import normed_weight
from vidcalc.networks.autoencoders.minimax_h3_audio import UNITS, residual_unit, snake
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # both have numbers of other names
ENDS = 7  # taps of the first and the last convolution


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one decoder.

    latent_dim      channels of the latent
    decoder_widths  channels of each level, the first before any upsampling
    decoder_rates   times that a level lengthens time
    audio_channels  of the waveform
    post            whether a 1-tap convolution comes before the decoder, and whether the last one has a bias
    beta            whether activations have a second number per channel
    """

    latent_dim: Number = 128
    decoder_widths: tuple[Number, ...] = (2048, 1024, 512, 256, 128, 64)
    decoder_rates: tuple[int, ...] = (8, 5, 4, 3, 2)
    audio_channels: Number = 1
    post: bool = True
    beta: bool = False


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, latent_dim, frames] -> waveform[batch, audio_channels, frames · product of rates]."""
    latent = tape.cast(tape.input(shape.batch, config.latent_dim, shape.frames), "fp32")
    weights = list[Tensor]()
    if config.post:
        latent = tape.convolution(latent, config.latent_dim, (1,), "post_quant_conv", keep="fp32")
    with tape.scope("decoder"):
        hidden = convolution(tape, latent, config.decoder_widths[0], "conv1", weights)
        for level, rate in enumerate(config.decoder_rates):
            entered = hidden  # held by the level until it is through
            with tape.scope(f"block.{level}"):
                hidden = longer(
                    tape, snake(tape, hidden, "0", config.beta), config.decoder_widths[level + 1], rate, weights
                )
                for unit in range(UNITS):
                    hidden = residual_unit(tape, hidden, f"{unit + 2}", weights, config.beta)
            del entered
        hidden = snake(tape, hidden, "snake1", config.beta)
        out = convolution(tape, hidden, config.audio_channels, "conv2", weights, bias=config.post)
        del hidden
        return tape.act(out, "tanh") if config.post else out


def convolution(tape: Tape, x: Tensor, c_out: Number, name: str, weights: list[Tensor], *, bias: bool = True) -> Tensor:
    """A convolution of seven taps with a normed weight."""
    normed_weight(tape, name, (c_out, x.shape[1], ENDS), weights)
    return tape.convolution(x, c_out, (ENDS,), name, keep="fp32", bias=bias)


def longer(tape: Tape, x: Tensor, c_out: Number, rate: int, weights: list[Tensor]) -> Tensor:
    """x[batch, channels, frames] -> [batch, c_out, rate · frames] by a transposed convolution of twice the rate."""
    normed_weight(tape, "1", (x.shape[1], c_out, 2 * rate), weights)
    return tape.transposed_convolution(x, c_out, (2 * rate,), "1", out=(rate * x.shape[2],))
