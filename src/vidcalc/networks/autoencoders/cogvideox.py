"""CogVideoX causal video VAE: decodes two latent frames at a time, encodes eight frames at a time, with a cache.

An odd frame joins the first batch. Mirrors diffusers' AutoencoderKLCogVideoX, whose cache keeps, beside the last
two frames of every 3×3×3 convolution, the whole enlarged latent of every norm.
Source: arXiv 2408.06072; diffusers 0.42.1 models/autoencoders/autoencoder_kl_cogvideox.py.
"""

from collections.abc import Callable

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.cogvideox_blocks import (
    ConvolutionCache,
    causal_conv,
    downsample,
    norm,
    residual_blocks,
    safe_conv,
    upsample,
)
from vidcalc.networks.autoencoders.space_tiles import in_space_tiles
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLCogVideoX",)
TILING = Tiling(height=240, width=360, stride_height=200, stride_width=288)  # enable_tiling of a 480 × 720 codec
LATENT_BATCH = 2  # latent frames decoded together: num_latent_frames_batch_size
FRAME_BATCH = 8  # frames encoded together: num_sample_frames_batch_size


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    block_out_channels: tuple[Number, ...] = (128, 256, 256, 512)
    latent_channels: Number = 16
    layers_per_block: int = 3
    norm_num_groups: Number = 32
    temporal_compression_ratio: int = 4
    sample_height: Number = 480
    sample_width: Number = 720
    use_quant_conv: bool = False
    use_post_quant_conv: bool = False

    @property
    def compression(self) -> tuple[int, int]:
        """Pixels per side and frames of one latent."""
        return 2 ** (len(self.block_out_channels) - 1), self.temporal_compression_ratio

    def compresses_time(self, level: int) -> bool:
        """Whether the step after this level changes the number of frames too."""
        return bool(2 ** (level + 1) <= self.temporal_compression_ratio)


Batch = Callable[[Tape, Config, Tensor, ConvolutionCache], Tensor]  # one batch of frames through the network


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        piece = latent.view(shape.batch, config.latent_channels, frames, height, width)
        return in_batches(tape, config, piece, LATENT_BATCH, decode_batch)

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    space, time = config.compression
    # every batch but one with an odd number of frames, the first, is enlarged in full
    frames = shape.frames * time - (shape.frames % LATENT_BATCH) * (time - 1)
    out = (shape.batch, config.out_channels, frames)
    return in_space_tiles(tape, one, shape, tiling, space, lambda n: n * space, out)


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/8, w/8]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)

    def one(frames: Number, height: Number, width: Number) -> Tensor:
        piece = pixels.view(shape.batch, config.in_channels, frames, height, width)
        return in_batches(tape, config, piece, FRAME_BATCH, encode_batch)

    if tiling is None:
        return one(shape.frames, shape.height, shape.width)
    space, time = config.compression
    out = (shape.batch, 2 * config.latent_channels, (shape.frames + time - 1) // time)
    return in_space_tiles(tape, one, shape, tiling, 1, lambda n: n // space, out)


def in_batches(tape: Tape, config: Config, x: Tensor, together: int, run: Batch) -> Tensor:
    """`run` over batches of `together` frames, the first with the frames left over; the results side by side.

    The results of all batches stay alive until they are joined.
    """
    b, c, frames, h, w = x.shape
    batches = maximum(frames // together, 1)
    first = frames - (batches - 1) * together
    cache = ConvolutionCache()
    out = run(tape, config, x.view(b, c, first, h, w), cache)
    cache.turn()
    lead = out.shape[2]
    with tape.again(minimum(batches - 1, 1)):
        newest = run(tape, config, x.view(b, c, together, h, w), cache)
    cache.turn()
    each = newest.shape[2]
    places, dtype = newest.shape[3:], newest.dtype
    del newest
    with tape.again(maximum(batches - 2, 0)):
        before = tape.pieces((b, out.shape[1], each * maximum(batches - 2, 1), *places), dtype)
        newest = run(tape, config, x.view(b, c, together, h, w), cache)
        del before, newest
    del cache
    rest = tape.pieces((b, out.shape[1], each * (batches - 1), *places), dtype)
    joined = tape.cat((out, rest), b, out.shape[1], lead + each * (batches - 1), *places)
    del out, rest
    return joined


def decode_batch(tape: Tape, config: Config, latent: Tensor, cache: ConvolutionCache) -> Tensor:
    """A few latent frames -> pixels. The latent itself conditions every norm."""
    z = latent
    if config.use_post_quant_conv:
        z = safe_conv(tape, latent, config.out_channels, (1, 1, 1), "post_quant_conv")
    with tape.scope("decoder"):
        return decoder(tape, config, z, cache)


def decoder(tape: Tape, config: Config, z: Tensor, cache: ConvolutionCache) -> Tensor:
    """Middle blocks, then the levels from the coarsest on; all but the last level step up at their end."""
    groups = config.norm_num_groups
    widths = tuple(reversed(config.block_out_channels))
    hidden = causal_conv(tape, z, widths[0], 3, "conv_in", cache)
    with tape.scope("mid_block"):
        hidden = residual_blocks(tape, hidden, widths[0], z, groups, 2, cache)
    for level, width in enumerate(widths):
        with tape.scope(f"up_blocks.{level}"):
            hidden = up_level(tape, config, hidden, width, z, level, cache)
    hidden = norm(tape, hidden, z, groups, "norm_out", cache)
    hidden = tape.act(hidden)
    return causal_conv(tape, hidden, config.out_channels, 3, "conv_out", cache)


def up_level(
    tape: Tape, config: Config, x: Tensor, width: Number, z: Tensor, level: int, cache: ConvolutionCache
) -> Tensor:
    """The residual blocks of one resolution, then the step up to the next."""
    hidden = residual_blocks(tape, x, width, z, config.norm_num_groups, config.layers_per_block + 1, cache)
    if level == len(config.block_out_channels) - 1:
        return hidden
    return upsample(tape, hidden, config.compresses_time(level), "upsamplers.0")


def encode_batch(tape: Tape, config: Config, pixels: Tensor, cache: ConvolutionCache) -> Tensor:
    """A few frames -> mean and log-variance."""
    with tape.scope("encoder"):
        moments = encoder(tape, config, pixels, cache)
    if config.use_quant_conv:
        return safe_conv(tape, moments, 2 * config.out_channels, (1, 1, 1), "quant_conv")
    return moments


def encoder(tape: Tape, config: Config, x: Tensor, cache: ConvolutionCache) -> Tensor:
    """The levels from the finest on, each but the last with a step down, then the middle blocks."""
    groups, widths = config.norm_num_groups, config.block_out_channels
    hidden = causal_conv(tape, x, widths[0], 3, "conv_in", cache)
    for level, width in enumerate(widths):
        with tape.scope(f"down_blocks.{level}"):
            hidden = down_level(tape, config, hidden, width, level, cache)
    with tape.scope("mid_block"):
        hidden = residual_blocks(tape, hidden, widths[-1], None, groups, 2, cache)
    hidden = tape.group_norm(hidden, groups, "norm_out")
    hidden = tape.act(hidden)
    return causal_conv(tape, hidden, 2 * config.latent_channels, 3, "conv_out", cache)


def down_level(tape: Tape, config: Config, x: Tensor, width: Number, level: int, cache: ConvolutionCache) -> Tensor:
    """The residual blocks of one resolution, then the step down to the next."""
    hidden = residual_blocks(tape, x, width, None, config.norm_num_groups, config.layers_per_block, cache)
    if level == len(config.block_out_channels) - 1:
        return hidden
    return downsample(tape, hidden, config.compresses_time(level), "downsamplers.0")
