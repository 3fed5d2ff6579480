"""Whether a job fits: what the driver would show, as an interval, against the memory that it reports for the card.

"fits" where the whole interval does, "too_big" where the prediction itself does not, "tight" where only readings above
it would not: a prediction above the capacity is never called tight.
How far readings of the driver lie off the prediction: data/validation/reserve.toml.
"""

from vidcalc.base.guest import given
from vidcalc.base.number import Number, as_count, where
from vidcalc.rates.allocator import readings


def interval(likely: Number) -> tuple[Number, Number]:
    """Lower and upper bound of a predicted reading of the driver's counter [byte]."""
    band, file = readings(), "data/validation/reserve.toml"
    below, above = (given(end, band[end], likely, file, "", "measured") for end in ("below", "above"))
    return as_count(likely * (1 - below) // 1), as_count(likely * (1 + above) // 1)


def verdict(likely: Number, high: Number, capacity: Number) -> str:
    """ "fits", "tight" or "too_big", elementwise, for a need of `likely` and at most `high` bytes [byte]."""
    return where(likely > capacity, "too_big", where(high > capacity, "tight", "fits"))
