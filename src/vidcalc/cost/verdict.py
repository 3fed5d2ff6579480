"""Whether a job fits: what the driver would show, as an interval, against the memory that it reports for the card.

"fits" where the whole interval does, "too_big" where the prediction itself does not, "tight" where only readings above
it would not: a prediction above the capacity is never called tight. Where a network's bytes are unknown
(`vidcalc.ledger.unsized`), what would fit needs "at_least" the figures.
How far readings of the driver lie off the prediction: `vidcalc.rates.spread`.
"""

from collections.abc import Sequence

from vidcalc.base.guest import given
from vidcalc.base.number import Number, as_count, where
from vidcalc.rates.spread import FILE, readings


def interval(likely: Number) -> tuple[Number, Number]:
    """Lower and upper bound of a predicted reading of the driver's counter [byte]."""
    ends = zip(("low", "high"), readings("verdict"), strict=True)
    low, high = (given(end, share, likely, FILE, "", "measured") for end, share in ends)
    return as_count(likely * low // 1), as_count(likely * high // 1)


def verdict(likely: Number, high: Number, capacity: Number, unsized: Sequence[str] = ()) -> str:
    """ "fits", "tight" or "too_big", elementwise, for a need of `likely` and at most `high` bytes [byte].

    unsized  networks that are not in these bytes: then nothing is said to fit, but to need "at_least" so much.
    """
    room = "at_least" if unsized else where(high > capacity, "tight", "fits")
    return where(likely > capacity, "too_big", room)
