"""Whether a job fits: what the driver would show, as an interval, against the memory that it reports for the card.

"fits" where the whole interval does, "too_big" where none of it does, "tight" where the capacity lies inside it. Where
a network's bytes are unknown (`vidcalc.ledger.unsized`), what would fit needs "at_least" the figures.
How far readings of the driver lie off the prediction: data/validation/reserve.toml.
"""

from collections.abc import Sequence

from vidcalc.base.guest import given
from vidcalc.base.number import Number, as_count, where
from vidcalc.rates.allocator import readings


def interval(likely: Number) -> tuple[Number, Number]:
    """Lower and upper bound of a predicted reading of the driver's counter [byte]."""
    band, file = readings(), "data/validation/reserve.toml"
    below, above = (given(end, band[end], likely, file, "", "measured") for end in ("below", "above"))
    return as_count(likely * (1 - below) // 1), as_count(likely * (1 + above) // 1)


def verdict(low: Number, high: Number, capacity: Number, unsized: Sequence[str] = ()) -> str:
    """ "fits", "tight" or "too_big", elementwise, for a need between `low` and `high` [byte].

    unsized  networks that are not in these bytes: then nothing is said to fit, but to need "at_least" so much.
    """
    room = "at_least" if unsized else where(high > capacity, "tight", "fits")
    return where(low > capacity, "too_big", room)
