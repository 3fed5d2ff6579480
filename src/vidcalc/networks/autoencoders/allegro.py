"""Allegro's video VAE: image residual blocks, each followed by four convolutions over frames; it always works tile by
tile.

Inside, a clip is maps[frames, channels, height, width] of one sample, convolved in space, then over frames. Mirrors
diffusers' AutoencoderKLAllegro. Source: arXiv 2410.15458; diffusers 0.42.1
models/autoencoders/autoencoder_kl_allegro.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.kl_blocks import enlarge, place_attention, posterior, shrink
from vidcalc.networks.unets.blocks import residual_block
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLAllegro",)
# fixed in the published code: overlaps of 8 frames, 120 rows, 80 columns
TILING = Tiling(frames=24, height=320, width=320, stride_frames=16, stride_height=200, stride_width=240)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names. Tuples have one entry per level."""

    in_channels: Number = 3
    out_channels: Number = 3
    block_out_channels: tuple[Number, ...] = (128, 256, 512, 512)
    temporal_downsample_blocks: tuple[bool, ...] = (True, True, False, False)
    temporal_upsample_blocks: tuple[bool, ...] = (False, True, True, False)
    latent_channels: Number = 4
    layers_per_block: int = 2
    norm_num_groups: Number = 32
    temporal_compression_ratio: Number = 4


def tile_count(tiling: Tiling, frames: Number, height: Number, width: Number) -> Number:
    """Whole tiles in a clip of this many frames and pixels; a clip smaller than a tile has none, and is not coded."""
    deep = maximum((frames - tiling.frames) // tiling.stride_frames + 1, 0)
    tall = maximum((height - tiling.height) // tiling.stride_height + 1, 0)
    wide = maximum((width - tiling.width) // tiling.stride_width + 1, 0)
    return deep * tall * wide


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling = TILING) -> Tensor:
    """latent[batch, c, frames, height, width] -> pixels[batch, 3, 4·frames, 8·height, 8·width]; sample by sample."""
    space, time = 2 ** (len(config.block_out_channels) - 1), config.temporal_compression_ratio
    pixels = (time * shape.frames, space * shape.height, space * shape.width)
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    one = latent.view(1, *latent.shape[1:])
    out = tape.empty(((shape.batch - 1) * config.out_channels, *pixels))  # the samples that are done
    with tape.again(shape.batch):
        result = decode_sample(tape, config, one, tiling, pixels)
    del out
    return result


def decode_sample(tape: Tape, config: Config, latent: Tensor, tiling: Tiling, pixels: tuple[Number, ...]) -> Tensor:
    """One sample: all tiles into a buffer, then blended into the clip."""
    space, time = 2 ** (len(config.block_out_channels) - 1), config.temporal_compression_ratio
    count = tile_count(tiling, *pixels)
    _, c, frames, height, width = latent.shape
    z = tape.convolution(latent.view(frames, c, height, width), c, (1, 1), "post_quant_conv")
    size = (config.out_channels, tiling.frames, tiling.height, tiling.width)
    done = tape.empty((count, *size))
    tile = tape.empty((1, c, tiling.frames // time, tiling.height // space, tiling.width // space))
    with tape.again(count):
        before = tape.empty((minimum(maximum(count - 1, 0), 1), *size))  # the last tile's result is not let go yet
        video = decoder(tape, config, tile)
        del before
    clip = tape.empty((1, config.out_channels, *pixels))
    tape.traffic("blend", 2 * done.nbytes)
    del video
    out = tape.copy(clip, name="contiguous")
    del z, done, tile
    return out


def decoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One tile: latent[1, c, t, h, w] -> pixels[1, 3, 4·t, 8·h, 8·w]."""
    widths, groups = tuple(reversed(config.block_out_channels)), config.norm_num_groups
    with tape.scope("decoder"):
        first = tape.convolution(maps_of(x), widths[0], (3, 3), "conv_in")
        hidden = over_time(tape, first, "temp_conv_in")
        hidden = middle(tape, hidden, groups)
        for level, width in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                last = level == len(widths) - 1
                hidden = up_level(tape, config, hidden, width, config.temporal_upsample_blocks[level], last=last)
        del first
        return finish(tape, hidden, config.out_channels, groups)


def finish(tape: Tape, x: Tensor, c_out: Number, groups: Number) -> Tensor:
    """norm, SiLU, a convolution over frames added to its input, a 3×3 convolution."""
    hidden = tape.group_norm(x, groups, "conv_norm_out")
    del x
    hidden = tape.act(hidden)
    mixed = over_time(tape, hidden, "temp_conv_out")
    return tape.convolution(mixed, c_out, (3, 3), "conv_out")


def up_level(tape: Tape, config: Config, x: Tensor, width: Number, temporal: bool, *, last: bool) -> Tensor:
    """Residual blocks, then twice the frames where asked for, then twice the height and width."""
    hidden = residual_blocks(tape, x, width, config.layers_per_block + 1, config.norm_num_groups)
    if temporal:
        hidden = temporal_convolutions(tape, hidden, "temp_conv_up", config.norm_num_groups, "up")
    return hidden if last else enlarge(tape, hidden)


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling = TILING) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch · frames / 4, 2 · c, height / 8, width
    / 8].
    """
    space, time, c = (
        2 ** (len(config.block_out_channels) - 1),
        config.temporal_compression_ratio,
        config.latent_channels,
    )
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    count = tile_count(tiling, shape.frames, shape.height, shape.width)
    grid = (shape.frames // time, shape.height // space, shape.width // space)
    size = (2 * c, tiling.frames // time, tiling.height // space, tiling.width // space)
    with tape.again(shape.batch):
        done = tape.empty((count, *size))
        tile = tape.empty((1, config.in_channels, tiling.frames, tiling.height, tiling.width))
        with tape.again(count):
            before = tape.empty((minimum(maximum(count - 1, 0), 1), *size))
            result = encoder(tape, config, tile)
            del before
        latent = tape.empty((1, 2 * c, *grid))
        tape.traffic("blend", 2 * done.nbytes)
        del done, tile, result
        moments = tape.convolution(latent.view(grid[0], 2 * c, *grid[1:]), 2 * c, (1, 1), "quant_conv")
        del latent
    del pixels
    return posterior(tape, moments)


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One tile: pixels[1, 3, t, h, w] -> mean and log-variance[t / 4, 2 · c, h / 8, w / 8]."""
    widths, groups = config.block_out_channels, config.norm_num_groups
    with tape.scope("encoder"):
        first = tape.convolution(maps_of(x), widths[0], (3, 3), "conv_in")
        hidden = over_time(tape, first, "temp_conv_in")
        for level, width in enumerate(widths):
            with tape.scope(f"down_blocks.{level}"):
                last = level == len(widths) - 1
                hidden = down_level(tape, config, hidden, width, config.temporal_downsample_blocks[level], last=last)
        hidden = middle(tape, hidden, groups)
        del first
        return finish(tape, hidden, 2 * config.latent_channels, groups)


def down_level(tape: Tape, config: Config, x: Tensor, width: Number, temporal: bool, *, last: bool) -> Tensor:
    """Residual blocks, then half the frames where asked for, then half the height and width."""
    hidden = residual_blocks(tape, x, width, config.layers_per_block, config.norm_num_groups)
    if temporal:
        hidden = temporal_convolutions(tape, hidden, "temp_convs_down", config.norm_num_groups, "down")
    return hidden if last else shrink(tape, hidden)


def maps_of(x: Tensor) -> Tensor:
    """A clip x[1, c, t, h, w] as t maps [t, c, h, w]."""
    _, c, t, h, w = x.shape
    return x.view(t, c, h, w)


def clip_of(x: Tensor) -> Tensor:
    """Maps x[t, c, h, w] as a clip [1, c, t, h, w]."""
    t, c, h, w = x.shape
    return x.view(1, c, t, h, w)


def over_time(tape: Tape, x: Tensor, name: str) -> Tensor:
    """A 3×1×1 convolution over the frames of maps x, added to them."""
    clip = clip_of(x)
    mixed = tape.convolution(clip, clip.shape[1], (3, 1, 1), name)
    return maps_of(tape.add(mixed, clip))


def residual_blocks(tape: Tape, x: Tensor, width: Number, layers: int, groups: Number) -> Tensor:
    """An image residual block and four convolutions over frames, `layers` times."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, None, width, f"resnets.{i}", groups)
        hidden = temporal_convolutions(tape, hidden, f"temp_convs.{i}", groups)
    return hidden


def middle(tape: Tape, x: Tensor, groups: Number) -> Tensor:
    """Residual block and convolutions over frames, attention over places, the same again."""
    width = x.shape[1]
    with tape.scope("mid_block"):
        hidden = residual_block(tape, x, None, width, "resnets.0", groups, channels_last=True)
        hidden = temporal_convolutions(tape, hidden, "temp_convs.0", groups)
        hidden = place_attention(tape, hidden, groups, "attentions.0")
        hidden = residual_block(tape, hidden, None, width, "resnets.1", groups, channels_last=True)
        return temporal_convolutions(tape, hidden, "temp_convs.1", groups)


def temporal_convolutions(tape: Tape, x: Tensor, name: str, groups: Number, change: str = "") -> Tensor:
    """Four times norm, SiLU, convolution over three frames; added to the input. `change` "up" or "down": twice or
    half the frames.
    """
    t, c, h, w = x.shape
    clip = clip_of(x)
    space = 3 if change else 1
    with tape.scope(name):
        if change == "up":
            identity = tape.copy(clip, 1, c, 2 * t, h, w, name="repeat")
            hidden = normed_conv(tape, clip, groups, 2 * c, (1, space, space), "conv1", 2, t, strided=True)
            hidden = tape.copy(hidden, 1, c, 2 * t, h, w, name="interleave")
            frames = 2 * t
        elif change == "down":
            identity, frames = clip.view(1, c, t // 2, h, w), t // 2
            hidden = normed_conv(tape, clip, groups, c, (2, space, space), "conv1", 2, frames, strided=True)
        else:
            identity, frames = clip, t
            hidden = padded(tape, clip)
            hidden = normed_conv(tape, hidden, groups, c, (3, 1, 1), "conv1", 2, frames)
        for i, index in ((2, 3), (3, 3), (4, 2)):
            hidden = padded(tape, hidden)
            hidden = normed_conv(tape, hidden, groups, c, (3, space, space), f"conv{i}", index, frames)
        return maps_of(tape.add(identity, hidden))


def padded(tape: Tape, x: Tensor) -> Tensor:
    """The first and the last frame once more, by two concatenations."""
    b, c, t, h, w = x.shape
    front = tape.cat((x,), b, c, t + 1, h, w)
    return tape.cat((front,), b, c, t + 2, h, w)


def normed_conv(
    tape: Tape,
    x: Tensor,
    groups: Number,
    c_out: Number,
    kernel: tuple[int, int, int],
    name: str,
    index: int,
    frames: Number,
    *,
    strided: bool = False,
) -> Tensor:
    """norm, SiLU, convolution number `index` of its sequence; `strided`: the clip's frames are outermost, so the
    norm copies it.
    """
    hidden = tape.group_norm(tape.copy(x, name="contiguous") if strided else x, groups, f"{name}.0")
    hidden = tape.act(hidden)
    return tape.convolution(hidden, c_out, kernel, f"{name}.{index}", out=(frames, *x.shape[3:]))
