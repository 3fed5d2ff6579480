"""Mochi causal video VAE: the whole clip at once, 6 × 8 × 8 places per latent, attention over time in the encoder.

Mirrors diffusers' AutoencoderKLMochi. Source: genmo Mochi 1 (2024); diffusers 0.42.1
models/autoencoders/autoencoder_kl_mochi.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import product
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.mochi_blocks import (
    channel_linear,
    frame_norm,
    residual_block,
    strided_conv,
    time_attention,
)
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLMochi",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)  # the class's enable_tiling
FREQUENCIES = 2  # Fourier features per colour: sines and cosines at 2^6 and 2^7


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names; `in_channels` counts the colours with their Fourier features."""

    in_channels: Any = 15
    out_channels: Any = 3
    encoder_block_out_channels: tuple[Any, ...] = (64, 128, 256, 384)
    decoder_block_out_channels: tuple[Any, ...] = (128, 256, 512, 768)
    latent_channels: Any = 12
    layers_per_block: tuple[int, ...] = (3, 3, 4, 6, 3)
    temporal_expansions: tuple[int, ...] = (1, 2, 3)
    spatial_expansions: tuple[int, ...] = (2, 2, 2)
    add_attention_block: tuple[bool, ...] = (False, True, True, True, True)

    @property
    def compression(self) -> tuple[int, int]:
        """Frames and pixels per side of one latent."""
        return product(self.temporal_expansions), product(self.spatial_expansions)


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 6·(frames − 1) + 1, 8·height, 8·width].

    The first frames are made and dropped, but stay in memory.
    """
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    time, space = config.compression

    def one(frames: Any, height: Any, width: Any) -> Tensor:
        with tape.scope("decoder"):
            return decoder(tape, config, latent.view(shape.batch, config.latent_channels, frames, height, width))

    if tiling is None:
        out = one(shape.frames, shape.height, shape.width)
    else:
        size = (shape.batch, config.out_channels, shape.frames * time)
        out = in_space_tiles(tape, one, shape, tiling, space, lambda n: n * space, size)
    b, c, t, h, w = out.shape
    return out.view(b, c, t - time + 1, h, w)


def decoder(tape: Tape, config: Config, latent: Tensor) -> Tensor:
    """Residual blocks and unfolding linear layers, coarsest level first."""
    widths, layers = config.decoder_block_out_channels, config.layers_per_block
    hidden = tape.convolution(latent, widths[-1], (1, 1, 1), "conv_in")
    with tape.scope("block_in"):
        hidden = residual_blocks(tape, hidden, layers[-1])
    for i in range(len(widths) - 1):
        with tape.scope(f"up_blocks.{i}"):
            expansions = config.temporal_expansions[-1 - i], config.spatial_expansions[-1 - i]
            hidden = up_block(tape, hidden, widths[-2 - i], layers[-2 - i], *expansions)
    with tape.scope("block_out"):
        hidden = residual_blocks(tape, hidden, layers[0])
    hidden = tape.act(hidden)
    return channel_linear(tape, hidden, config.out_channels, "proj_out")


def residual_blocks(tape: Tape, x: Tensor, count: int, *, channels_last: bool = False) -> Tensor:
    """`count` residual blocks; x may come with its channels last."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}", channels_last=channels_last and i == 0)
    return hidden


def up_block(tape: Tape, x: Tensor, c_out: Any, count: int, times: int, sides: int) -> Tensor:
    """Residual blocks, then a linear layer whose channels unfold into frames and places."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}")
    b, _, t, h, w = hidden.shape
    hidden = channel_linear(tape, hidden, c_out * times * sides**2, "proj")
    return tape.copy(hidden, b, c_out, t * times, h * sides, w * sides, name="unfold")


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/6 + 1, h/8, w/8]."""
    colours = config.in_channels // (1 + 2 * FREQUENCIES)
    pixels = tape.input(shape.batch, colours, shape.frames, shape.height, shape.width)
    time, space = config.compression

    def one(frames: Any, height: Any, width: Any) -> Tensor:
        with tape.scope("encoder"):
            return encoder(tape, config, pixels.view(shape.batch, colours, frames, height, width))

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    size = (shape.batch, 2 * config.latent_channels, (shape.frames - 1) // time + 1)
    return in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // space, size)


def encoder(tape: Tape, config: Config, pixels: Tensor) -> Tensor:
    """Fourier features, residual blocks and strided convolutions, finest level first."""
    widths, layers, attention = config.encoder_block_out_channels, config.layers_per_block, config.add_attention_block
    hidden = fourier_features(tape, pixels)
    hidden = channel_linear(tape, hidden, widths[0], "proj_in")
    with tape.scope("block_in"):
        hidden = attended_blocks(tape, hidden, layers[0], attention[0], channels_last=True)
    for i in range(len(widths) - 1):
        with tape.scope(f"down_blocks.{i}"):
            kernel = (config.temporal_expansions[i], config.spatial_expansions[i], config.spatial_expansions[i])
            hidden = down_block(tape, hidden, widths[i + 1], layers[i + 1], kernel, attention[i + 1])
    with tape.scope("block_out"):
        hidden = attended_blocks(tape, hidden, layers[-1], attention[-1])
    hidden = frame_norm(tape, hidden, "norm_out")
    hidden = tape.act(hidden)
    return channel_linear(tape, hidden, 2 * config.latent_channels, "proj_out", bias=False)


def fourier_features(tape: Tape, x: Tensor) -> Tensor:
    """x with sines and cosines of it at a few frequencies, made in float32."""
    b, c, *places = x.shape
    wide = tape.cast(x, "fp32")
    repeated = tape.copy(wide, b, c * FREQUENCIES, *places, name="repeat")
    angles = tape.scale(repeated)
    del repeated
    sine, cosine = tape.act(angles, "sin"), tape.act(angles, "cos")
    joined = tape.cat((wide, sine, cosine), b, c * (1 + 2 * FREQUENCIES), *places)
    del sine, cosine
    return tape.cast(joined, x.dtype)


def attended_blocks(tape: Tape, x: Tensor, count: int, attention: bool, *, channels_last: bool = False) -> Tensor:
    """Residual blocks, each followed by attention over time where the level has it."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}", channels_last=channels_last and i == 0)
        if attention:
            hidden = time_attention(tape, hidden, i, chunked=False)
    return hidden


def down_block(tape: Tape, x: Tensor, c_out: Any, count: int, kernel: tuple[int, int, int], attention: bool) -> Tensor:
    """A strided convolution, then residual blocks with attention over time."""
    hidden = strided_conv(tape, x, c_out, kernel, "conv_in")
    for i in range(count):
        hidden = residual_block(tape, hidden, f"resnets.{i}")
        if attention:
            hidden = time_attention(tape, hidden, i, chunked=True)
    return hidden
