"""LTX-2 audio VAE: spectrograms as images, 4 × 4 places per latent, causal in time.

Shape.frames is the time axis (latents for `decode`, spectrogram frames for `encode`); the mel bins come from the
configuration. Mirrors diffusers' AutoencoderKLLTX2Audio without its optional attention. Source: Lightricks LTX-2
(2025); diffusers 0.42.1 models/autoencoders/autoencoder_kl_ltx2_audio.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.ltx_blocks import Style, channel_norm
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLLTX2Audio",)
COMPRESSION = 4  # frames and mel bins per latent
NORM_GROUPS = 32
MIDDLE = ("mid.block_1", "mid.block_2")  # the residual blocks of the coarsest level
FRONT = {"height": 2, "none": 1}  # frames padded before a step down
DROPPED = {"height": 1, "none": 0}  # frames dropped after a step up


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names; time is the height of the image."""

    base_channels: Number = 128
    output_channels: Number = 2
    ch_mult: tuple[Number, ...] = (1, 2, 4)
    num_res_blocks: int = 2
    in_channels: Number = 2
    latent_channels: Number = 8
    norm_type: str = "pixel"
    causality_axis: str = "height"
    mel_bins: Number = 64
    double_z: bool = True


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, frames, mel bins / 4] -> spectrogram[batch, 2, 4·(frames − 1) + 1, mel bins]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, config.mel_bins // COMPRESSION)
    with tape.scope("decoder"):
        width = config.base_channels * config.ch_mult[-1]
        hidden = causal_conv(tape, latent, width, "conv_in")
        for name in MIDDLE:
            hidden = residual_block(tape, config, hidden, hidden.shape[1], name)
        for level in reversed(range(len(config.ch_mult))):
            for i in range(config.num_res_blocks + 1):
                width = config.base_channels * config.ch_mult[level]
                hidden = residual_block(tape, config, hidden, width, f"up.{level}.block.{i}")
            if level:
                hidden = upsample(tape, config, hidden, f"up.{level}.upsample")
        normed = norm(tape, config, hidden, "norm_out")
        normed = tape.act(normed)
        return causal_conv(tape, normed, config.output_channels, "conv_out")


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """spectrogram[batch, 2, frames, mel bins] -> moments[batch, 2·z, (frames − 1)/4 + 1, mel bins / 4]."""
    spectrogram = tape.input(shape.batch, config.in_channels, shape.frames, config.mel_bins)
    with tape.scope("encoder"):
        hidden = causal_conv(tape, spectrogram, config.base_channels, "conv_in")
        for level, times in enumerate(config.ch_mult):
            for i in range(config.num_res_blocks):
                hidden = residual_block(tape, config, hidden, config.base_channels * times, f"down.{level}.block.{i}")
            if level < len(config.ch_mult) - 1:
                hidden = downsample(tape, config, hidden, f"down.{level}.downsample")
        for name in MIDDLE:
            hidden = residual_block(tape, config, hidden, hidden.shape[1], name)
        hidden = norm(tape, config, hidden, "norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, config.latent_channels * (1 + config.double_z), "conv_out")


def causal_conv(tape: Tape, x: Tensor, c_out: Number, name: str, kernel: int = 3) -> Tensor:
    """x[b, c, t, m] padded by kernel − 1 in both axes (always a copy), then convolved."""
    b, c, t, m = x.shape
    padded = tape.copy(x, b, c, t + kernel - 1, m + kernel - 1, name="pad")
    return tape.convolution(padded, c_out, (kernel, kernel), name + ".conv", out=(t, m))


def norm(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """Over the channels of every place ("pixel", no weights), or a group norm."""
    if config.norm_type == "group":
        return tape.group_norm(x, NORM_GROUPS, name)
    return channel_norm(tape, x.view(*x.shape, 1), Style(norm="plain")).view(*x.shape)


def residual_block(tape: Tape, config: Config, x: Tensor, c_out: Number, name: str) -> Tensor:
    """norm, SiLU, convolution, twice; a 1×1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = norm(tape, config, x, "norm1")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, "conv1")
        hidden = norm(tape, config, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, "conv2")
        shortcut = x if x.shape[1] == c_out else causal_conv(tape, x, c_out, "nin_shortcut", 1)
        return tape.add(shortcut, hidden)


def upsample(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """Twice the frames and bins, convolved; the first frame is dropped where time is causal."""
    b, c, t, m = x.shape
    with tape.scope(name):
        enlarged = tape.copy(x, b, c, 2 * t, 2 * m, name="upsample")
        out = causal_conv(tape, enlarged, c, "conv")
        return out.view(b, c, 2 * t - DROPPED[config.causality_axis], 2 * m)


def downsample(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """Half the frames and bins by a strided convolution."""
    b, c, t, m = x.shape
    front = FRONT[config.causality_axis]
    padded = tape.copy(x, b, c, t + front, m + 1, name="pad")
    return tape.convolution(padded, c, (3, 3), name + ".conv", out=((t + front - 3) // 2 + 1, (m - 2) // 2 + 1))
