"""A time with its band, and what it rests on: the sum of times is no better than its worst part."""

import msgspec

from vidcalc.base.guest import Guest, given, named
from vidcalc.base.number import Number, maximum, minimum
from vidcalc.base.provenance import weakest
from vidcalc.rates.spread import FILE, run_spread


class Seconds(msgspec.Struct, frozen=True, eq=False):
    """A time with its band [second], and the weakest provenance among the rates it rests on."""

    low: Number
    likely: Number
    high: Number
    provenance: str = "measured"

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(
            self.low + other.low,
            self.likely + other.likely,
            self.high + other.high,
            weakest(self.provenance, other.provenance),
        )

    def called(self, name: str, note: str = "") -> "Seconds":
        """The same by a name, where it is of guests."""
        if not isinstance(self.likely, Guest):
            return self
        low, likely, high = (named(name, end, "s", note=note) for end in (self.low, self.likely, self.high))
        return Seconds(low, likely, high, self.provenance)

    def times(self, factor: Number) -> "Seconds":
        """The same work `factor` times."""
        return Seconds(self.low * factor, self.likely * factor, self.high * factor, self.provenance)


NOTHING = Seconds(0, 0, 0)
LINK_BAND = 0.8, 1.25  # of the likely time


def linked(likely: Number) -> Seconds:
    """A time on a link, with how far measured copies and exchanges over one kind of link lie apart [second]."""
    return Seconds(likely * LINK_BAND[0], likely, likely * LINK_BAND[1], "assumed")


def total(parts: dict[str, Seconds]) -> Seconds:
    """The sum of times, one after the other."""
    out = NOTHING
    for part in parts.values():
        out = out + part
    return out


def spread(whole: Seconds, covers: str = "total") -> Seconds:
    """A time with its band as wide as measured runs lie off such predictions: `vidcalc.rates.spread`.

    covers  what it is of: "total" (a generation), "step" (of training)
    """
    low, high = run_spread(covers, whole.provenance)
    low = given("spread_low", low, whole.low, FILE, provenance="measured")
    high = given("spread_high", high, whole.high, FILE, provenance="measured")
    # the likely time stays: runs lie apart on both sides of it
    return Seconds(
        minimum(whole.low * low, whole.likely), whole.likely, maximum(whole.high * high, whole.likely), whole.provenance
    )


def beyond(longer: Seconds, work: Seconds) -> Seconds:
    """How much longer a time is than the work it runs beside, each end of its band by itself."""
    return Seconds(
        maximum(longer.low - work.low, 0),
        maximum(longer.likely - work.likely, 0),
        maximum(longer.high - work.high, 0),
        longer.provenance,
    )


def longest(one: Seconds, other: Seconds) -> Seconds:
    """The longer of two times, each end of their bands by itself."""
    return Seconds(
        maximum(one.low, other.low),
        maximum(one.likely, other.likely),
        maximum(one.high, other.high),
        weakest(one.provenance, other.provenance),
    )
