"""HunyuanVideo causal video VAE: 17 frames at a time by default, each chunk convolved as a whole, no feature cache.

Attention in the middle sees every place of a chunk through a dense causal mask, so large frames need spatial tiles.
Mirrors diffusers' AutoencoderKLHunyuanVideo. Source: arXiv 2412.03603; diffusers 0.42.1
models/autoencoders/autoencoder_kl_hunyuan_video.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.hunyuan_blocks import causal_conv, down_block, mid_block, up_block
from vidcalc.networks.autoencoders.tiled import in_tiles
from vidcalc.networks.autoencoders.tiles import cut, whole
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLHunyuanVideo",)
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192, frames=16, stride_frames=12)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 16
    block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    layers_per_block: int = 2
    norm_num_groups: Number = 32
    spatial_compression_ratio: int = 8
    temporal_compression_ratio: int = 4
    mid_block_add_attention: bool = True

    def steps(self, level: int) -> tuple[int, int, int]:
        """Factor in time, height and width that a level of the encoder or decoder ends with."""
        last = len(self.block_out_channels) - 1
        halvings = self.temporal_compression_ratio.bit_length() - 1
        space = 2 if level < self.spatial_compression_ratio.bit_length() - 1 else 1
        time = 2 if last - halvings <= level < last else 1
        return time, space, space


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 8·height, 8·width].

    Time is always cut (as the class does by default); height and width only with `tiling`.
    """
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    t, s, plan = config.temporal_compression_ratio, config.spatial_compression_ratio, tiling or TILING
    threshold, stride = plan.frames // t, plan.stride_frames // t
    time = cut(shape.frames, threshold + 1, stride, shape.frames > threshold, lambda n: (n - 1) * t + 1, plan.ends)

    def enlarged(n: Number) -> Number:
        return n * s

    rows, columns = whole(shape.height, enlarged), whole(shape.width, enlarged)
    if tiling is not None:
        high, wide = tiling.height // s, tiling.width // s
        tiled = (shape.height > high) | (shape.width > wide)
        rows = cut(shape.height, high, tiling.stride_height // s, tiled, enlarged, tiling.ends)
        columns = cut(shape.width, wide, tiling.stride_width // s, tiled, enlarged, tiling.ends)

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        tile = latent.view(shape.batch, config.latent_channels, frames, height, width)
        tile = tape.convolution(tile, config.latent_channels, (1, 1, 1), "post_quant_conv")
        return decoder(tape, config, tile)

    frames, height, width = (shape.frames - 1) * t + 1, shape.height * s, shape.width * s
    return in_tiles(
        tape,
        one,
        (time, rows, columns),
        (shape.batch, config.out_channels, frames, height, width),
        tiling.host if tiling else "",
    )


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/8, w/8]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    t, s, plan = config.temporal_compression_ratio, config.spatial_compression_ratio, tiling or TILING
    long = shape.frames > plan.frames
    time = cut(shape.frames, plan.frames + 1, plan.stride_frames, long, lambda n: (n - 1) // t + 1, plan.ends)

    def reduced(n: Number) -> Number:
        return (n - 1) // s + 1

    rows, columns = whole(shape.height, reduced), whole(shape.width, reduced)
    if tiling is not None:
        tiled = (shape.height > tiling.height) | (shape.width > tiling.width)
        rows = cut(shape.height, tiling.height, tiling.stride_height, tiled, reduced, tiling.ends)
        columns = cut(shape.width, tiling.width, tiling.stride_width, tiled, reduced, tiling.ends)

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        tile = pixels.view(shape.batch, config.in_channels, frames, height, width)
        hidden = encoder(tape, config, tile)
        return tape.convolution(hidden, 2 * config.latent_channels, (1, 1, 1), "quant_conv")

    size = (shape.batch, 2 * config.latent_channels, (shape.frames - 1) // t + 1, shape.height // s, shape.width // s)
    return in_tiles(tape, one, (time, rows, columns), size, tiling.host if tiling else "")


def decoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One tile of latents -> one tile of pixels."""
    widths, groups = tuple(reversed(config.block_out_channels)), config.norm_num_groups
    with tape.scope("decoder"):
        hidden = causal_conv(tape, x, widths[0], 3, "conv_in")
        hidden = mid_block(tape, hidden, groups, config.mid_block_add_attention, "mid_block")
        for level, width in enumerate(widths):
            layers, steps = config.layers_per_block + 1, config.steps(level)
            hidden = up_block(tape, hidden, width, layers, groups, steps, f"up_blocks.{level}")
        hidden = tape.group_norm(hidden, groups, "conv_norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, config.out_channels, 3, "conv_out")


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One tile of pixels -> one tile of moments."""
    widths, groups = config.block_out_channels, config.norm_num_groups
    with tape.scope("encoder"):
        hidden = causal_conv(tape, x, widths[0], 3, "conv_in")
        for level, width in enumerate(widths):
            layers, steps = config.layers_per_block, config.steps(level)
            hidden = down_block(tape, hidden, width, layers, groups, steps, f"down_blocks.{level}")
        hidden = mid_block(tape, hidden, groups, config.mid_block_add_attention, "mid_block")
        hidden = tape.group_norm(hidden, groups, "conv_norm_out")
        hidden = tape.act(hidden)
        return causal_conv(tape, hidden, 2 * config.latent_channels, 3, "conv_out")
