"""How far measurements lie off predictions, by what was measured: data/validation/bands.toml.

The file is made by `scripts/make_bands.py` from the rows that were in view; how many of the other rows the bands hold
is on the accuracy page.
"""

from functools import cache

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import entry

FILE = "data/validation/bands.toml"


@cache
def run_spread(covers: str = "total", provenance: str = "") -> tuple[float, float]:
    """Low and high of measured seconds over the ends of the band that the rates give.

    covers      "total" (a generation), "denoise", "per_step", "vae_decode", "step" (of training)
    provenance  of the rates it rests on
    """
    return _ends(entry("validation", "bands")["time"], covers, provenance)


@cache
def readings(counter: str = "device", job: str = "memory") -> tuple[float, float]:
    """Low and high of a counter's readings over the predicted peak, of a generation ("memory") or of "training"."""
    return _ends(entry("validation", "bands")[job], counter)


@cache
def guessed(figure: str) -> tuple[float, float]:
    """How much further a "memory", "training" or "time" may lie off where nothing says which program ran."""
    return _ends(entry("validation", "bands")[figure], "assumed")


def _ends(table: Facts, part: str, provenance: str = "") -> tuple[float, float]:
    """The narrowest of a table's bands that is of the part: of its provenance, of any, of all parts."""
    band = table.get(f"{part}-{provenance}") or table.get(part) or table["other"]
    return float(band["low"]), float(band["high"])
