"""MMAudio VAE (Kandinsky 6): log-mel spectrograms as sequences, twice as many frames as latents.

Layers keep a unit variance instead of norms: each convolution's weight is scaled at every call, residual blocks divide
by the norm over channels, and sums are blended. Shape.frames is the number of latents for `decode`, of spectrogram
frames for `encode` (the spectrogram itself is not part of the network).
Source: arXiv 2412.15322, 2312.02696; diffusers 0.42.1 models/autoencoders/autoencoder_mmaudio.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("MMAudioVAE",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    mel_bins: Number = 128
    latent_channels: Number = 40
    hidden_channels: Number = 512
    channel_multipliers: tuple[int, ...] = (1, 2, 4)
    layers_per_block: int = 2


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, latent_channels, frames] -> spectrogram[batch, mel bins, 2 · frames]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames)
    levels = config.channel_multipliers
    with tape.scope("vae.decoder"):
        hidden = conv(tape, latent, config.hidden_channels * levels[-1], 3, "conv_in")
        width = hidden.shape[1]
        hidden = residual_block(tape, hidden, width, "mid.block_1")
        hidden = attention(tape, hidden, "mid.attn_1")
        hidden = tape.act(residual_block(tape, hidden, width, "mid.block_2"), "clamp")
        for level in reversed(range(len(levels))):
            for i in range(config.layers_per_block + 1):
                width = config.hidden_channels * levels[level]
                hidden = tape.act(residual_block(tape, hidden, width, f"up.{level}.block.{i}"), "clamp")
            if level == 1:
                b, c, n = hidden.shape
                longer = tape.copy(hidden, b, c, 2 * n, name="upsample")
                hidden = conv(tape, longer, c, 3, f"up.{level}.upsample.conv")
                del longer
        return last(tape, hidden, config.mel_bins)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """spectrogram[batch, mel bins, frames] -> moments[batch, 2 · latent_channels, frames / 2]."""
    spectrogram = tape.input(shape.batch, config.mel_bins, shape.frames)
    standard = tape.scale(tape.scale(spectrogram))
    levels = config.channel_multipliers
    with tape.scope("vae.encoder"):
        hidden = conv(tape, standard, config.hidden_channels, 3, "conv_in")
        for level, times in enumerate(levels):
            for i in range(config.layers_per_block):
                width = config.hidden_channels * times
                hidden = tape.act(residual_block(tape, hidden, width, f"down.{level}.block.{i}"), "clamp")
            if level == 0:
                b, c, n = hidden.shape
                with tape.scope(f"down.{level}.downsample"):
                    mixed = conv(tape, hidden, c, 1, "conv1")
                    shorter = tape.copy(mixed, b, c, n // 2, name="avg_pool")
                    hidden = conv(tape, shorter, c, 1, "conv2")
                    del mixed, shorter
        width = hidden.shape[1]
        hidden = residual_block(tape, hidden, width, "mid.block_1")
        hidden = attention(tape, hidden, "mid.attn_1")
        hidden = tape.act(residual_block(tape, hidden, width, "mid.block_2"), "clamp")
        return last(tape, hidden, 2 * config.latent_channels)


def last(tape: Tape, x: Tensor, c_out: Number) -> Tensor:
    """Activation and convolution with a learned gain."""
    tape.parameter("learnable_gain", 1)
    return conv(tape, silu(tape, x), c_out, 3, "conv_out")


def conv(tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str) -> Tensor:
    """A convolution without bias, whose weight is scaled for the call."""
    weight = tape.empty((c_out, x.shape[1], kernel))
    tape.traffic(name + ".gain", 2 * weight.nbytes)
    return tape.convolution(x, c_out, (kernel,), name, bias=False)


def silu(tape: Tape, x: Tensor) -> Tensor:
    """SiLU over its own spread."""
    return tape.scale(tape.act(x))


def normed(tape: Tape, x: Tensor, rows: tuple[Number, ...]) -> Tensor:
    """x over its norm, one for each of `rows`, computed in float32."""
    norm = tape.pointwise("norm", (x,), rows, "fp32")
    narrow = tape.cast(tape.scale(tape.scale(norm)), x.dtype)
    return tape.mul(x, narrow)


def blend(tape: Tape, a: Tensor, b: Tensor) -> Tensor:
    """a and b mixed, at the variance of one."""
    return tape.scale(tape.add(a, b))


def residual_block(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """Normed, then activation and convolution twice; a 1-tap shortcut where the width changes."""
    b, c, n = x.shape
    with tape.scope(name):
        plain = normed(tape, x, (b, 1, n))
        hidden = conv(tape, silu(tape, plain), c_out, 3, "conv1")
        hidden = conv(tape, silu(tape, hidden), c_out, 3, "conv2")
        shortcut = plain if c == c_out else conv(tape, plain, c_out, 1, "nin_shortcut")
        return blend(tape, shortcut, hidden)


def attention(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Attention over frames in one head as wide as the channels, blended with x."""
    b, c, n = x.shape
    with tape.scope(name):
        qkv = conv(tape, x, 3 * c, 1, "qkv")
        parts = normed(tape, qkv, (b, 1, 3, n))
        q, k, v = (tape.copy(parts, b, 1, n, c, name="contiguous") for _ in range(3))
        del parts
        out = tape.copy(tape.attention(q, k, v)).view(b, c, n)
        mixed = conv(tape, out, c, 1, "proj_out")
        del qkv, q, k, v, out
        return blend(tape, x, mixed)
