"""Wan 2.1 and 2.2 causal video VAE: decodes one latent frame, encodes four frames at a time, with a feature cache.

Peak memory therefore grows with the frame count only by the output. Mirrors diffusers' AutoencoderKLWan, which was
published a second time for Qwen-Image. With tiles each goes through the network frame by frame, like a whole clip; all
stay in memory until the last is done, then their overlaps are blended in place, the kept parts joined to rows and the
rows to the result.
Source: arXiv 2503.20314; diffusers 0.42.1 models/autoencoders/autoencoder_kl_wan.py.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from vidcalc.base.number import Condition, Number, maximum, minimum, where
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.tiled import away
from vidcalc.networks.autoencoders.tiles import starts
from vidcalc.networks.autoencoders.wan_blocks import (
    FeatureCache,
    cached_conv,
    causal_conv,
    channel_norm,
    downsample,
    mid_block,
    patchify,
    residual_block,
    residual_down,
    residual_up,
    unpatchify,
    upsample,
)
from vidcalc.tape import Tape, Tensor

CLASSES = ("AutoencoderKLWan", "AutoencoderKLQwenImage")
TILING = Tiling(height=256, width=256, stride_height=192, stride_width=192)  # the class's enable_tiling


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names (their spelling included)."""

    base_dim: Number = 96
    decoder_base_dim: Number | None = None
    z_dim: Number = 16
    dim_mult: tuple[Number, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    attn_scales: tuple[float, ...] = ()
    temperal_downsample: tuple[bool, ...] = (False, True, True)
    in_channels: Number = 3
    out_channels: Number = 3
    is_residual: bool = False
    patch_size: Number | None = None
    scale_factor_temporal: int = 4
    scale_factor_spatial: int = 8


def decode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.z_dim, shape.frames, shape.height, shape.width)
    if tiling is not None:
        return decode_tiles(tape, config, shape, tiling, latent)
    x = causal_conv(tape, latent, config.z_dim, (1, 1, 1), "post_quant_conv")
    chunk = x.view(shape.batch, config.z_dim, 1, shape.height, shape.width)
    cache = FeatureCache(shape.frames)
    out = decoder(tape, config, chunk, cache)
    for section, times, seen in (
        ("second", minimum(shape.frames - 1, 1), minimum(shape.frames, 2)),
        ("later", maximum(shape.frames - 2, 0), shape.frames),
    ):
        cache.start(section)
        with tape.again(times):
            # what was there before the last chunk of this section
            before = tape.empty((*out.shape[:2], maximum(4 * (seen - 2) + 1, 1), *out.shape[3:]), out.dtype)
            del out
            frames = decoder(tape, config, chunk, cache)
            out = tape.cat((before, frames), *frames.shape[:2], 4 * (seen - 1) + 1, *frames.shape[3:])
            del before  # the loop's own name keeps the newest frames alive through the next chunk
    if config.patch_size is not None:
        out = unpatchify(tape, out, config.patch_size)
    return tape.scale(out, "clamp")


def encode(tape: Tape, config: Config, shape: Shape, tiling: Tiling | None = None) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/8, w/8]."""
    given = tape.input(shape.batch, config.in_channels // patch_area(config), shape.frames, shape.height, shape.width)
    pixels = given if config.patch_size is None else patchify(tape, given, config.patch_size)
    if tiling is not None:
        return encode_tiles(tape, config, shape, tiling, pixels)
    chunks = 1 + (shape.frames - 1) // 4
    cache = FeatureCache(chunks)
    first = pixels.view(*pixels.shape[:2], 1, *pixels.shape[3:])
    four = pixels.view(*pixels.shape[:2], 4, *pixels.shape[3:])
    out = encoder(tape, config, first, cache)
    for section, times, seen in (
        ("second", minimum(chunks - 1, 1), minimum(chunks, 2)),
        ("later", maximum(chunks - 2, 0), chunks),
    ):
        cache.start(section)
        with tape.again(times):
            before = tape.empty((*out.shape[:2], maximum(seen - 1, 1), *out.shape[3:]), out.dtype)
            del out
            latents = encoder(tape, config, four, cache)
            out = tape.cat((before, latents), *latents.shape[:2], seen, *latents.shape[3:])
            del before
    moments = causal_conv(tape, out, 2 * config.z_dim, (1, 1, 1), "quant_conv")
    del out, latents, cache
    return moments


def patch_area(config: Config) -> Number:
    """Pixels that are folded into the channels before the encoder and unfolded after the decoder."""
    return (config.patch_size or 1) ** 2


def decoder(tape: Tape, config: Config, x: Tensor, cache: FeatureCache) -> Tensor:
    """One chunk of latent frames -> one frame (the first) or four."""
    base = config.decoder_base_dim or config.base_dim
    widths = [base * m for m in reversed(config.dim_mult)]
    temporal = tuple(reversed(config.temperal_downsample))
    with tape.scope("decoder"):
        hidden = cached_conv(tape, x, widths[0], "conv_in", cache)
        hidden = mid_block(tape, hidden, "mid_block", cache)
        for level, width in enumerate(widths):
            with tape.scope(f"up_blocks.{level}"):
                hidden = up_level(tape, config, hidden, width, level, temporal, cache)
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        return cached_conv(tape, hidden, config.out_channels, "conv_out", cache)


def up_level(
    tape: Tape, config: Config, x: Tensor, width: Number, level: int, temporal: tuple[bool, ...], cache: FeatureCache
) -> Tensor:
    """The residual blocks of one resolution, then the step up to the next (halving the width in Wan 2.1)."""
    last = level == len(temporal)
    if config.is_residual:
        return residual_up(
            tape, x, width, config.num_res_blocks + 1, up=not last, temporal=not last and temporal[level], cache=cache
        )
    hidden = x
    for i in range(config.num_res_blocks + 1):
        hidden = residual_block(tape, hidden, width, f"resnets.{i}", cache)
    if last:
        return hidden
    mode = "upsample3d" if temporal[level] else "upsample2d"
    return upsample(tape, hidden, mode, width // 2, "upsamplers.0", cache)


def encoder(tape: Tape, config: Config, x: Tensor, cache: FeatureCache) -> Tensor:
    """One chunk of one or four frames -> one latent frame."""
    widths = [config.base_dim * m for m in config.dim_mult]
    with tape.scope("encoder"):
        hidden = cached_conv(tape, x, widths[0], "conv_in", cache)
        index = 0
        for level, width in enumerate(widths):
            if config.is_residual:
                down = level < len(config.temperal_downsample)
                with tape.scope(f"down_blocks.{level}"):
                    temporal = down and config.temperal_downsample[level]
                    hidden = residual_down(
                        tape, hidden, width, config.num_res_blocks, down=down, temporal=temporal, cache=cache
                    )
                continue
            for _ in range(config.num_res_blocks):
                hidden = residual_block(tape, hidden, width, f"down_blocks.{index}", cache)
                index += 1
            if level < len(config.temperal_downsample):
                mode = "downsample3d" if config.temperal_downsample[level] else "downsample2d"
                hidden = downsample(tape, hidden, mode, f"down_blocks.{index}", cache)
                index += 1
        hidden = mid_block(tape, hidden, "mid_block", cache)
        hidden = channel_norm(tape, hidden, "norm_out")
        hidden = tape.act(hidden)
        return cached_conv(tape, hidden, 2 * config.z_dim, "conv_out", cache)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to every tile.

    batch, channels  of the result
    chunks           how many pieces of time the clip goes through the network in
    taken            frames taken in a later piece (the first takes one)
    made             frames made of a later piece (of the first: one)
    side             the result's size of a side, from the input's
    run              one piece: (height, width, frames, cache) -> its result
    """

    batch: Number
    channels: Number
    chunks: Number
    taken: int
    made: int
    side: Callable[[Number], Number]
    run: Callable[[Number, Number, int, FeatureCache], Tensor]


class Cut:
    """How one side is cut: all tiles but two are whole, the last two may be smaller.

    kinds   (number of tiles, size, size of all tiles before the last of this kind), in order
    size    the side
    tiled   all tiles' sizes together, overlap counted twice
    last    size of the last tile
    """

    def __init__(self, size: Number, tile: Number, stride: Number, wanted: Condition, ends: bool = False) -> None:
        count = where(wanted, starts(size, tile, stride, ends), 1)
        # all tiles but the last two are whole: the last but one may reach the edge already, the last holds the rest
        whole, second = maximum(count - 2, 0), minimum(count - 1, 1)
        before_last = minimum(tile, size - stride * (count - 2))
        last = size - stride * (count - 1)
        ahead = whole * tile + second * before_last
        self.kinds = distinct(
            (
                (whole, tile, maximum(whole - 1, 0) * tile),
                (second, before_last, whole * tile),
                (1, last, ahead),
            )
        )
        self.size = size
        self.last = last
        self.tiled = ahead + last


def distinct(kinds: tuple[tuple[Number, Number, Number], ...]) -> tuple[tuple[Number, Number, Number], ...]:
    """Kinds of tiles that are worth a taping of their own: of plain numbers, those that occur, equal sizes as one."""
    if not all(isinstance(number, int) for kind in kinds for number in kind):
        return kinds
    by_size: dict[Any, tuple[Any, Any, Any]] = {}
    for count, size, ahead in kinds:
        by_size[size] = (
            by_size.get(size, (0,))[0] + count,
            size,
            max(ahead, by_size.get(size, (0, 0, 0))[2]),
        )
    return tuple(kind for kind in by_size.values() if kind[0])


def decode_tiles(tape: Tape, config: Config, shape: Shape, tiling: Tiling, latent: Tensor) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels, tile by tile. A latent no larger than a tile is one tile."""
    space = config.scale_factor_spatial
    scale = space // (config.patch_size or 1)
    tile_height, tile_width = tiling.height // space, tiling.width // space
    wanted = (shape.height > tile_height) | (shape.width > tile_width)
    rows = Cut(shape.height, tile_height, tiling.stride_height // space, wanted, tiling.ends)
    columns = Cut(shape.width, tile_width, tiling.stride_width // space, wanted, tiling.ends)

    def run(height: Number, width: Number, frames: int, cache: FeatureCache) -> Tensor:
        part = latent.view(shape.batch, config.z_dim, frames, height, width)
        x = causal_conv(tape, part, config.z_dim, (1, 1, 1), "post_quant_conv")
        return decoder(tape, config, x, cache)

    task = Task(
        batch=shape.batch,
        channels=config.out_channels,
        chunks=shape.frames,
        taken=1,
        made=4,
        side=lambda size: size * scale,
        run=run,
    )
    result, temporaries = all_tiles(tape, task, rows, columns, tiling.host)
    if config.patch_size is not None:
        result = unpatchify(tape, result, config.patch_size)
    clamped = tape.scale(result, "clamp")
    del temporaries
    return clamped


def encode_tiles(tape: Tape, config: Config, shape: Shape, tiling: Tiling, pixels: Tensor) -> Tensor:
    """pixels[batch, channels, frames, height, width], folded where the VAE folds -> latent moments, tile by tile."""
    batch, channels, frames, height, width = pixels.shape
    scale = config.scale_factor_spatial // (config.patch_size or 1)
    wanted = (shape.height > tiling.height) | (shape.width > tiling.width)
    rows = Cut(height, tiling.height, tiling.stride_height, wanted, tiling.ends)
    columns = Cut(width, tiling.width, tiling.stride_width, wanted, tiling.ends)

    def run(tile_height: Number, tile_width: Number, taken: int, cache: FeatureCache) -> Tensor:
        part = pixels.view(batch, channels, taken, tile_height, tile_width)
        x = encoder(tape, config, part, cache)
        return causal_conv(tape, x, 2 * config.z_dim, (1, 1, 1), "quant_conv")

    task = Task(
        batch=batch,
        channels=2 * config.z_dim,
        chunks=1 + (frames - 1) // 4,
        taken=4,
        made=1,
        side=lambda size: size // scale,
        run=run,
    )
    return all_tiles(tape, task, rows, columns, tiling.host)[0]


def all_tiles(tape: Tape, task: Task, rows: Cut, columns: Cut, host: str = "") -> tuple[Tensor, tuple[Tensor, ...]]:
    """The joined result, and what is still in memory beside it: all tiles, the last one's frames, the joined rows; or
    nothing of these where each goes to the host."""
    frames = task.made * (task.chunks - 1) + 1
    lead, side = (task.batch, task.channels, frames), task.side
    if host:
        for row_count, height, _ in rows.kinds:
            for column_count, width, _ in columns.kinds:
                with tape.again(row_count * column_count):
                    one_tile(tape, task, height, width)
        return away(tape, (*lead, side(rows.size), side(columns.size))), ()
    for row_count, height, above in rows.kinds:
        for column_count, width, before in columns.kinds:
            with tape.again(row_count * column_count):
                done = side(above) * side(columns.tiled) + side(height) * side(before)
                earlier = tape.pieces((*lead, done))
                newest = one_tile(tape, task, height, width)
                del earlier, newest
    tiles = tape.pieces((*lead, side(rows.tiled) * side(columns.tiled)))
    listed = tape.pieces((*lead, side(rows.last) * side(columns.last)))
    bands = tape.cat((tiles,), *lead, side(rows.size), side(columns.size))
    return tape.cat((bands,), *bands.shape), (tiles, listed, bands)


def one_tile(tape: Tape, task: Task, height: Number, width: Number) -> Tensor:
    """One tile through the network, piece by piece of time; the pieces are listed, then joined."""
    lead, places = (task.batch, task.channels), (task.side(height), task.side(width))
    cache = FeatureCache(task.chunks)
    listed = task.run(height, width, 1, cache)
    for section, times, seen in (
        ("second", minimum(task.chunks - 1, 1), minimum(task.chunks, 2)),
        ("later", maximum(task.chunks - 2, 0), task.chunks),
    ):
        cache.start(section)
        with tape.again(times):
            del listed
            before = tape.pieces((*lead, maximum(task.made * (seen - 2) + 1, 1), *places))
            newest = task.run(height, width, task.taken, cache)
            del before, newest
            listed = tape.empty((*lead, task.made * (seen - 1) + 1, *places))
    return tape.cat((listed,), *listed.shape)
