"""Tiled decoding and encoding with Wan's causal video VAE: overlapping tiles in rows and columns, blended and joined.

A tile goes through the network frame by frame, like a whole clip. All tiles stay in memory until the last is done;
then their overlaps are blended in place, the kept parts joined to rows and the rows to the result.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_wan.py.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from vidcalc.base.number import ceil_div, maximum, minimum, where
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.wan_blocks import FeatureCache, causal_conv
from vidcalc.networks.autoencoders.wan_network import Config, decoder, encoder
from vidcalc.networks.autoencoders.wan_residual import unpatchify
from vidcalc.tape import Tape, Tensor


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to every tile.

    batch, channels  of the result
    chunks           how many pieces of time the clip goes through the network in
    taken            frames taken in a later piece (the first takes one)
    made             frames made of a later piece (of the first: one)
    side             the result's size of a side, from the input's
    run              one piece: (height, width, frames, cache) -> its result
    """

    batch: Any
    channels: Any
    chunks: Any
    taken: int
    made: int
    side: Callable[[Any], Any]
    run: Callable[[Any, Any, int, FeatureCache], Tensor]


class Cut:
    """How one side is cut: all tiles but two are whole, the last two may be smaller.

    kinds   (number of tiles, size, size of all tiles before the last of this kind), in order
    size    the side
    tiled   all tiles' sizes together, overlap counted twice
    last    size of the last tile
    """

    def __init__(self, size: Any, tile: Any, stride: Any, wanted: Any) -> None:
        count = where(wanted, ceil_div(size, stride), 1)
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


def distinct(kinds: tuple[tuple[Any, Any, Any], ...]) -> tuple[tuple[Any, Any, Any], ...]:
    """Kinds of tiles that are worth a taping of their own: of plain numbers, those that occur, equal sizes as one."""
    if not all(isinstance(number, int) for kind in kinds for number in kind):
        return kinds
    found: dict[Any, tuple[Any, Any, Any]] = {}
    for count, size, ahead in kinds:
        found[size] = (found.get(size, (0,))[0] + count, size, max(ahead, found.get(size, (0, 0, 0))[2]))
    return tuple(kind for kind in found.values() if kind[0])


def decode_tiles(tape: Tape, config: Config, shape: Shape, tiling: Tiling, latent: Tensor) -> Tensor:
    """latent[batch, z, frames, height, width] -> pixels, tile by tile. A latent no larger than a tile is one tile."""
    space = config.scale_factor_spatial
    scale = space // (config.patch_size or 1)
    tile_height, tile_width = tiling.height // space, tiling.width // space
    wanted = (shape.height > tile_height) | (shape.width > tile_width)
    rows = Cut(shape.height, tile_height, tiling.stride_height // space, wanted)
    columns = Cut(shape.width, tile_width, tiling.stride_width // space, wanted)

    def run(height: Any, width: Any, frames: int, cache: FeatureCache) -> Tensor:
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
    result, held = all_tiles(tape, task, rows, columns)
    if config.patch_size is not None:
        result = unpatchify(tape, result, config.patch_size)
    clamped = tape.scale(result, "clamp")
    del held
    return clamped


def encode_tiles(tape: Tape, config: Config, shape: Shape, tiling: Tiling, pixels: Tensor) -> Tensor:
    """pixels[batch, channels, frames, height, width], folded where the VAE folds -> latent moments, tile by tile."""
    batch, channels, frames, height, width = pixels.shape
    scale = config.scale_factor_spatial // (config.patch_size or 1)
    wanted = (shape.height > tiling.height) | (shape.width > tiling.width)
    rows = Cut(height, tiling.height, tiling.stride_height, wanted)
    columns = Cut(width, tiling.width, tiling.stride_width, wanted)

    def run(tile_height: Any, tile_width: Any, taken: int, cache: FeatureCache) -> Tensor:
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
    return all_tiles(tape, task, rows, columns)[0]


def all_tiles(tape: Tape, task: Task, rows: Cut, columns: Cut) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The joined result, and what is still in memory beside it: all tiles, the last one's frames, the joined rows."""
    frames = task.made * (task.chunks - 1) + 1
    lead, side = (task.batch, task.channels, frames), task.side
    for row_count, height, above in rows.kinds:
        for column_count, width, before in columns.kinds:
            with tape.again(row_count * column_count):
                done = side(above) * side(columns.tiled) + side(height) * side(before)
                earlier = tape.empty((*lead, done))
                newest = one_tile(tape, task, height, width)
                del earlier, newest
    tiles = tape.empty((*lead, side(rows.tiled) * side(columns.tiled)))
    listed = tape.empty((*lead, side(rows.last) * side(columns.last)))
    bands = tape.cat((tiles,), *lead, side(rows.size), side(columns.size))
    return tape.cat((bands,), *bands.shape), (tiles, listed, bands)


def one_tile(tape: Tape, task: Task, height: Any, width: Any) -> Tensor:
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
            before = tape.empty((*lead, maximum(task.made * (seen - 2) + 1, 1), *places))
            newest = task.run(height, width, task.taken, cache)
            del before, newest
            listed = tape.empty((*lead, task.made * (seen - 1) + 1, *places))
    return tape.cat((listed,), *listed.shape)
