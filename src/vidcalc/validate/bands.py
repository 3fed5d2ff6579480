"""The band of a prediction, from how measured rows lie off such predictions: data/validation/bands.toml."""

import msgspec

from vidcalc.base.number import Number, scalar
from vidcalc.catalog import load


class Band(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A prediction and how low and high a measurement of it may be, in the prediction's unit."""

    low: float
    likely: float
    high: float


def band(of: str, part: str, likely: Number, known: str, provenance: str = "measured") -> Band:
    """The band of a peak under a counter, or of a time of some scope.

    known       how the program is known that ran: see `vidcalc.validate.engine`
    provenance  of the rates that a time rests on
    """
    rules = load.entry("validation", "bands")[of]
    own = rules.get(part, rules["other"])
    width = own.get(provenance, own["measured"]) if of == "time" else own
    low, high = width["low"], width["high"]
    if known == "assumed":
        low, high = low * rules["assumed"]["low"], high * rules["assumed"]["high"]
    value = float(scalar(likely))
    return Band(low=value * low, likely=value, high=value * high)


def envelope(bands: list[Band]) -> Band:
    """The first of several predictions, with a band that holds the bands of all."""
    return Band(low=min(each.low for each in bands), likely=bands[0].likely, high=max(each.high for each in bands))
