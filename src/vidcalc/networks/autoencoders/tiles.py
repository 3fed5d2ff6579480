"""Cutting an axis into overlapping tiles, without a branch on any size.

A tiled autoencoder starts a tile every `stride` places, some until one has reached the end; all tiles are `size` long
but the last few, which end with the axis. Tiles of one length cost the same, so each length is taped once with its
count; what the tiles before it left in memory is known from their total length.
"""

from collections.abc import Callable

import msgspec

from vidcalc.base.number import Condition, Number, ceil_div, maximum, minimum, where


class Tile(msgspec.Struct, frozen=True, eq=False):
    """Tiles of one length on one axis.

    count   how many there are (0 or more)
    size    their length at the input
    out     their length at the output
    before  summed output length of all tiles in front of the last of these
    """

    count: Number
    size: Number
    out: Number
    before: Number


class Cut(msgspec.Struct, frozen=True, eq=False):
    """One axis in tiles, the full ones first.

    total    their summed output length
    several  1 where there are two or more, else 0
    """

    tiles: tuple[Tile, ...]
    total: Number
    several: Number


def whole(length: Number, out: Callable[[Number], Number]) -> Cut:
    """The axis in one piece."""
    return Cut((Tile(1, length, out(length), 0),), out(length), 0)


def starts(length: Number, size: Number, stride: Number, ends: bool = False) -> Number:
    """How many tiles start on an axis; `ends`: none once one has reached its end."""
    if ends:
        return maximum(ceil_div(length - size, stride) + 1, 1)
    return ceil_div(length, stride)


def cut(
    length: Number, size: int, stride: int, tiled: Condition, out: Callable[[Number], Number], ends: bool = False
) -> Cut:
    """The axis of `length` places in tiles where the condition `tiled` holds, in one piece elsewhere.

    `out` maps the length of a tile at the input to its length at the output.
    """
    number = where(tiled, starts(length, size, stride, ends), 1)
    rest = length - (number - 1) * stride  # the last tile
    shorter: list[tuple[Number, Number]] = [(1, rest)]
    for k in range(1, ceil_div(size, stride)):
        exists = where(k < number, where(rest + k * stride < size, 1, 0), 0)
        shorter.append((exists, minimum(rest + k * stride, size)))
    full = number - sum(count for count, _ in shorter)

    tiles, before = [], 0 * length
    for count, places in ((full, size), *reversed(shorter)):
        one = out(places)
        if not never(count):
            tiles.append(Tile(count, places, one, before + (count - 1) * one))
        before = before + count * one
    return Cut(tuple(tiles), before, minimum(number - 1, 1))


def never(count: Number) -> bool:
    """Whether a plain number says that there is no such tile, so it need not be taped; an array never says so."""
    return isinstance(count, int) and count == 0
