"""HunyuanVideo-1.5 causal video VAE: 16 × 16 × 4 compression, channel-packed resampling with averaging shortcuts.

All frames go through at once (no time tiles, no feature cache); height and width can be tiled. Mirrors diffusers'
AutoencoderKLHunyuanVideo15. Source: arXiv 2511.18870; diffusers 0.42.1
models/autoencoders/autoencoder_kl_hunyuanvideo15.py.
"""

from typing import Any

import msgspec

from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.hunyuan15_blocks import down_block, mid_block, up_block
from vidcalc.networks.autoencoders.hunyuan_blocks import causal_conv
from vidcalc.networks.autoencoders.tiled import in_tiles
from vidcalc.networks.autoencoders.tiles import Cut, cut, whole
from vidcalc.networks.autoencoders.wan_blocks import channel_norm
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLHunyuanVideo15",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Any = 3
    out_channels: Any = 3
    latent_channels: Any = 32
    block_out_channels: tuple[Any, ...] = (128, 256, 512, 1024, 1024)
    layers_per_block: int = 2
    spatial_compression_ratio: int = 16
    temporal_compression_ratio: int = 4
    downsample_match_channel: bool = True
    upsample_match_channel: bool = True

    @property
    def space_levels(self) -> int:
        """Levels that halve or double height and width."""
        return self.spatial_compression_ratio.bit_length() - 1

    @property
    def time_levels(self) -> int:
        """Levels that halve or double the frames."""
        return self.temporal_compression_ratio.bit_length() - 1


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 16·height, 16·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    s = config.spatial_compression_ratio
    frames, height, width = pixels_of(config, shape)

    def enlarged(n: Any) -> Any:
        return n * s

    rows, columns = whole(shape.height, enlarged), whole(shape.width, enlarged)
    if tiling is not None:
        tiled = (shape.height > tiling.height // s) | (shape.width > tiling.width // s)
        rows = cut(shape.height, tiling.height // s, tiling.stride_height // s, tiled, enlarged)
        columns = cut(shape.width, tiling.width // s, tiling.stride_width // s, tiled, enlarged)

    def one(frames: Any, height: Any, width: Any) -> Tensor:
        return decoder(tape, config, latent.view(shape.batch, config.latent_channels, frames, height, width))

    cuts = (one_chunk(shape.frames, frames), rows, columns)
    return in_tiles(tape, one, cuts, (shape.batch, config.out_channels, frames, height, width))


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/16, w/16]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    t, s = config.temporal_compression_ratio, config.spatial_compression_ratio

    def reduced(n: Any) -> Any:
        return n // s

    rows, columns = whole(shape.height, reduced), whole(shape.width, reduced)
    if tiling is not None:
        tiled = (shape.height > tiling.height) | (shape.width > tiling.width)
        rows = cut(shape.height, tiling.height, tiling.stride_height, tiled, reduced)
        columns = cut(shape.width, tiling.width, tiling.stride_width, tiled, reduced)

    def one(frames: Any, height: Any, width: Any) -> Tensor:
        return encoder(tape, config, pixels.view(shape.batch, config.in_channels, frames, height, width))

    frames = (shape.frames - 1) // t + 1
    size = (shape.batch, 2 * config.latent_channels, frames, shape.height // s, shape.width // s)
    return in_tiles(tape, one, (one_chunk(shape.frames, frames), rows, columns), size)


def pixels_of(config: Config, shape: Shape) -> tuple[Any, Any, Any]:
    """Frames, height and width of the pixels of a latent."""
    s = config.spatial_compression_ratio
    return (shape.frames - 1) * config.temporal_compression_ratio + 1, shape.height * s, shape.width * s


def one_chunk(frames: Any, out: Any) -> Cut:
    """Time in one piece."""
    return whole(frames, lambda _: out)


def decoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Latents -> pixels."""
    widths = tuple(reversed(config.block_out_channels))
    b, _, *places = x.shape
    with tape.scope("decoder"):
        embedded = causal_conv(tape, x, widths[0], 3, "conv_in")
        repeated = tape.copy(x, b, widths[0], *places, name="repeat")
        hidden = tape.add(embedded, repeated)
        del embedded, repeated
        hidden = mid_block(tape, hidden, "mid_block")
        for level, width in enumerate(widths):
            step = level < config.space_levels
            out = widths[level + 1] if step and config.upsample_match_channel else width
            times = 2 if level < config.time_levels else 1
            layers, name = config.layers_per_block + 1, f"up_blocks.{level}"
            hidden = up_block(tape, hidden, width, layers, out if step else None, times, name)
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, config.out_channels, 3, "conv_out")


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Pixels -> moments."""
    widths, c_out = config.block_out_channels, 2 * config.latent_channels
    with tape.scope("encoder"):
        hidden = causal_conv(tape, x, widths[0], 3, "conv_in")
        for level, width in enumerate(widths):
            step = level < config.space_levels
            out = widths[level + 1] if step and config.downsample_match_channel else width
            times = 2 if step and level >= config.space_levels - config.time_levels else 1
            name = f"down_blocks.{level}"
            hidden = down_block(tape, hidden, width, config.layers_per_block, out if step else None, times, name)
        hidden = mid_block(tape, hidden, "mid_block")
        shortcut = tape.pointwise("mean", (hidden,), (x.shape[0], c_out, *hidden.shape[2:]))
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        moments = causal_conv(tape, hidden, c_out, 3, "conv_out")
        tape.traffic("add", 3 * shortcut.nbytes)
        return moments
