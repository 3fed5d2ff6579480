"""Cosmos causal video tokenizer: wavelets, factored causal convolutions, attention in the middle; a clip at once.

Mirrors diffusers' AutoencoderKLCosmos, which has no tiled path. The width of an image or video decides nothing here:
`resolution` only tells which levels attend.
Source: arXiv 2501.03575; diffusers 0.42.1 models/autoencoders/autoencoder_kl_cosmos.py.
"""

from typing import Any

import msgspec

from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.cosmos_blocks import (
    causal_conv,
    downsample,
    frame_norm,
    level,
    mid_block,
    projection,
    upsample,
)
from vidcalc.networks.autoencoders.cosmos_wavelet import patch_embed, unpatch_embed
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLCosmos",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names (their spelling included)."""

    in_channels: Any = 3
    out_channels: Any = 3
    latent_channels: Any = 16
    encoder_block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    decode_block_out_channels: tuple[int, ...] = (256, 512, 512, 512)
    attention_resolutions: tuple[int, ...] = (32,)
    resolution: int = 1024
    num_layers: int = 2
    patch_size: int = 4
    spatial_compression_ratio: int = 8
    temporal_compression_ratio: int = 8

    @property
    def space_levels(self) -> int:
        """Levels that halve height and width after the wavelets."""
        return self.spatial_compression_ratio.bit_length() - self.patch_size.bit_length()

    @property
    def time_levels(self) -> int:
        """Levels that halve the frames after the wavelets."""
        return self.temporal_compression_ratio.bit_length() - self.patch_size.bit_length()


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> pixels[batch, 3, 8·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    x = causal_conv(tape, latent, config.latent_channels, (1, 1, 1), "post_quant_conv")
    widths = tuple(reversed(config.decode_block_out_channels))
    last = len(widths) - 2
    resolution = config.resolution // config.patch_size >> last
    with tape.scope("decoder"):
        hidden = projection(tape, x, widths[0], "conv_in")
        hidden = mid_block(tape, hidden, "mid_block")
        for i, width in enumerate(widths[1:]):
            attend = resolution in config.attention_resolutions
            hidden = up_block(tape, config, hidden, width, i, i < last, attend)
            resolution *= 2
        hidden = frame_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, config.out_channels * config.patch_size**3, "conv_out")
        return unpatch_embed(tape, hidden, config.patch_size)


def up_block(tape: Tape, config: Config, x: Tensor, width: Any, i: int, up: bool, attend: bool) -> Tensor:
    """One level of the decoder and, but for the last, the step up."""
    hidden = level(tape, x, width, config.num_layers + 1, f"up_blocks.{i}", attend=attend)
    if not up:
        return hidden
    time = 0 < i < config.time_levels + 1
    space = time or (config.time_levels < config.space_levels and i < config.space_levels)
    return upsample(tape, hidden, f"up_blocks.{i}.upsamplers.0", space=space, time=time)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> latent[batch, channels, (frames − 1)/8 + 1, height/8, width/8]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    widths = config.encoder_block_out_channels
    last = len(widths) - 2
    resolution = config.resolution // config.patch_size
    with tape.scope("encoder"):
        hidden = patch_embed(tape, pixels, config.patch_size)
        hidden = projection(tape, hidden, widths[0], "conv_in")
        for i, width in enumerate(widths[1:]):
            attend = resolution in config.attention_resolutions
            hidden = down_block(tape, config, hidden, width, i, i < last, attend)
            resolution //= 2
        hidden = mid_block(tape, hidden, "mid_block")
        hidden = frame_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, config.latent_channels, "conv_out")
    return causal_conv(tape, hidden, config.latent_channels, (1, 1, 1), "quant_conv")


def down_block(tape: Tape, config: Config, x: Tensor, width: Any, i: int, down: bool, attend: bool) -> Tensor:
    """One level of the encoder and, but for the last, the step down."""
    hidden = level(tape, x, width, config.num_layers, f"down_blocks.{i}", attend=attend)
    if not down:
        return hidden
    space, time = i < config.space_levels, i < config.time_levels
    return downsample(tape, hidden, f"down_blocks.{i}.downsamplers.0", space=space, time=time)
