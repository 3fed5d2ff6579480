"""An achieved rate: its band, and what it rests on."""

import msgspec

from vidcalc.base.number import Number


class Rate(msgspec.Struct, frozen=True, eq=False):
    """An achieved rate with its band, FLOP/s (or byte/s for `bandwidth`), and what it rests on."""

    low: Number
    likely: Number
    high: Number
    provenance: str
    source: str

    def slowed(self, times: float) -> "Rate":
        """The rate divided by a number that is assumed."""
        return Rate(self.low / times, self.likely / times, self.high / times, "assumed", self.source)
