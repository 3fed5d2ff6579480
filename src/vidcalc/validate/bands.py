"""The band of a prediction, from how measured rows lie off such predictions: `vidcalc.rates.spread`."""

import msgspec

from vidcalc.base.number import Number, scalar
from vidcalc.rates.spread import guessed, readings, run_spread


class Band(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A prediction and how low and high a measurement of it may be, in the prediction's unit."""

    low: float
    likely: float
    high: float

    def unless(self, known: bool, figure: str) -> "Band":
        """The same, wider where nothing says which program ran."""
        if known:
            return self
        low, high = guessed(figure)
        return Band(low=self.low * low, likely=self.likely, high=self.high * high)


def held(job: str, counter: str, peak: Number) -> Band:
    """The band of a peak under a counter, of a generation ("memory") or of "training" [byte]."""
    low, high = readings(counter, job)
    value = float(scalar(peak))
    return Band(low=value * low, likely=value, high=value * high)


def spent(covers: str, likely: Number, ends: tuple[Number, Number], provenance: str) -> Band:
    """The band of a time of some scope; `ends`: low and high of it as the rates alone leave them [second]."""
    low, high = run_spread(covers, provenance)
    value = float(scalar(likely))
    first, last = (float(scalar(end)) for end in ends)
    return Band(low=min(first * low, value), likely=value, high=max(last * high, value))


def envelope(bands: list[Band]) -> Band:
    """The first of several predictions, with a band that holds the bands of all."""
    return Band(low=min(each.low for each in bands), likely=bands[0].likely, high=max(each.high for each in bands))
