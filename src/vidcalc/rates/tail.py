"""The last, half-empty wave of an attention kernel: with few heads left to a rank it is a larger part of the whole.

A kernel cuts the queries of each head into tiles; the chip works on so many at once as its multiprocessors hold. On one
accelerator there are scores of waves and the last one hardly counts; on eight there are ten. Tile and tiles a
multiprocessor by kernel: data/parallel.toml.
"""

from vidcalc.base.number import Number, ceil_div
from vidcalc.catalog.load import table
from vidcalc.describe.hardware import Accelerator
from vidcalc.ops import Attention
from vidcalc.rates.utilisation import resolve_attention


def slowdown(part: Attention, chip: Accelerator, kernel: str) -> Number:
    """How many times slower a rank's part runs for its last wave than the whole does for its own; 1 where it is all.

    Rates are measured on whole attentions, whose own last wave they hold. 1 for a chip whose multiprocessors are not
    known.
    """
    slots = _slots(chip, kernel)
    if part.whole is None or not slots:
        return 1
    # a rank's waste over the one that the measured rate holds already
    return _waste(part.batch * part.heads, part.queries, slots) / _waste(*part.whole, slots)


def _waste(heads: Number, queries: Number, slots: int) -> Number:
    """Tiles that a kernel has time for, over those it has."""
    # [batch x heads] x tiles of the queries
    tiles = heads * ceil_div(queries, table("parallel")["attention"]["tile_rows"])
    # whole waves x tiles at once / tiles: a wave of one tile takes as long as a full one
    return ceil_div(tiles, slots) * slots / tiles


def _slots(chip: Accelerator, kernel: str) -> int:
    """Tiles that the chip works on at once; 0 where that is not known."""
    facts = table("parallel")["attention"]
    each: int = facts["tiles_at_once"].get(resolve_attention(chip, kernel), facts["tiles_at_once"]["other"])
    return (chip.multiprocessors or 0) * each
