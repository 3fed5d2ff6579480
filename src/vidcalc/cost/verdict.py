"""Whether a job fits: what the driver would show, as an interval, against the memory that it reports for the card.

"fits" where the whole interval does, "too_big" where none of it does, "tight" where the capacity lies inside it.
How far readings of the driver lie off the prediction: `vidcalc.rates.spread`.
"""

from vidcalc.base.guest import given
from vidcalc.base.number import Number, as_count, where
from vidcalc.rates.spread import FILE, readings


def interval(likely: Number) -> tuple[Number, Number]:
    """Lower and upper bound of a predicted reading of the driver's counter [byte]."""
    ends = zip(("low", "high"), readings("verdict"), strict=True)
    low, high = (given(end, share, likely, FILE, "", "measured") for end, share in ends)
    return as_count(likely * low // 1), as_count(likely * high // 1)


def verdict(low: Number, high: Number, capacity: Number) -> str:
    """ "fits", "tight" or "too_big", elementwise, for a need between `low` and `high` [byte]."""
    return where(low > capacity, "too_big", where(high > capacity, "tight", "fits"))
