"""Convolutions as products: what their channels fill of the matrix units' tiles, and whole waves of tiles.

A convolution is the product [output places, channels x taps] x [channels x taps, output channels] (implicit GEMM). Its
kernels are made for channel counts that are powers of two; others leave part of a tile empty. cuDNN works
channels-last: where the network does not, what comes in and goes out is copied once more around every convolution.
Rows: `data/kernels/convolution_shapes.csv`, of single convolutions; role fit: the first shape of each channel count.
"""

from collections.abc import Iterable
from typing import Any

from vidcalc.base.guest import plain
from vidcalc.base.number import Condition, Number, ceil_div, is_array, log2, maximum, minimum, nearest, where
from vidcalc.base.units import quantity
from vidcalc.ops.convolution import Convolution
from vidcalc.tape.records import ELEMENT_BYTES

Curve = dict[str, Any]
Row = dict[str, str]
TILE = 256, 128  # output places x output channels that a multiprocessor works on at a time
SPLIT = 1.5  # times: of 96 tiles on 132 multiprocessors (1.38) each was still seen to be worked on whole


def waves(rows: Number, d_out: Number, multiprocessors: int) -> Number:
    """Time of whole waves of tiles over that of the tiles there are; 1 where the multiprocessors are not known.

    Never above `SPLIT`: few tiles are cut along the channels they sum over.
    """
    if not multiprocessors:
        return 1
    tiles = ceil_div(maximum(rows, 1), TILE[0]) * ceil_div(d_out, TILE[1])  # of an empty one as of one row
    return minimum(ceil_div(tiles, multiprocessors) * multiprocessors / tiles, SPLIT)


def filling(curve: Curve, channels: Number) -> Number:
    """Share of its tiles that a number of channels fills, of one side; elementwise for arrays."""
    if not is_array(channels):
        alone = int(plain(channels))
        return float(curve["by_channels"].get(str(alone), 1.0 if alone & (alone - 1) == 0 else curve["other"]))
    share: Number = where(_whole(channels), 1.0, curve["other"])
    for known, measured in curve["by_channels"].items():
        share = where(channels == int(known), measured, share)
    return share


def _whole(channels: Number) -> Condition:
    """Whether a number of channels is a power of two."""
    return 2 ** nearest(log2(channels)) == channels


def full_tiles(row: Row, seconds: float, law: Curve, bandwidth: float, many: int) -> float:
    """The rate that full tiles had, of a convolution that took so long: less its copies, start and shape [FLOP/s].

    law  what products lose by their shape;  bandwidth  of a copy [byte/s];  many  multiprocessors
    """
    c_in, c_out, positions, taps = (int(row[name]) for name in ("c_in", "c_out", "positions", "taps"))
    size = ELEMENT_BYTES[row["precision"]]
    op = Convolution("", 1, row["precision"], 1, c_in, c_out, positions, positions, taps, 1, size)
    busy = seconds - op.turned_bytes / bandwidth - quantity(law["startup"], "s")
    loss = 1 + law["d_in_half"] / (c_in * taps) + law["d_out_half"] / c_out
    return float(op.flops / busy * loss * waves(positions, c_out, many))


def fillings(table: Iterable[Row], plateau: float, law: Curve, bandwidth: float, many: int) -> Curve:
    """From rows of one chip: the rate of full tiles over the products' (`share`), and what channel counts fill.

    plateau  products of that chip [FLOP/s];  law, bandwidth, many  as of `full_tiles`
    """
    from statistics import median  # late: an estimate fits nothing

    found: dict[int, list[float]] = {}
    for row in table:
        if row["c_in"] == row["c_out"]:
            rate = full_tiles(row, float(row["seconds"]), law, bandwidth, many)
            found.setdefault(int(row["c_in"]), []).append(rate / plateau)
    full = median(share for channels, shares in found.items() if _whole(channels) for share in shares)
    # the same number of channels on both sides: each fills the root
    part = {channels: (median(shares) / full) ** 0.5 for channels, shares in found.items() if not _whole(channels)}
    return {
        "share": full,
        "by_channels": {str(channels): share for channels, share in sorted(part.items())},
        "other": median(part.values()),
    }
