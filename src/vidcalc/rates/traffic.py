"""How fast an accelerator moves bytes in elementwise kernels of every kind, and how fast its host starts kernels.

Traffic is measured as copies; kernels that mix dtypes, spread an operand over the others or sum up rows are paced by
what a multiprocessor gets through, and short rows lose in proportion. Constants: data/kernels/laws.toml.
"""

from vidcalc.base.guest import named
from vidcalc.base.memo import once
from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.curves import curves
from vidcalc.rates.rate import Rate

GRAPHICS = ("NVIDIA", "AMD")  # whose kernels share themselves out over many small multiprocessors


def multiprocessors(chip: Accelerator) -> int:
    """Multiprocessors of a graphics chip; 0 of any other, and where nobody knows."""
    return (chip.multiprocessors or 0) if chip.vendor in GRAPHICS else 0


@once
def bandwidth(chip: Accelerator) -> Rate:
    """Memory traffic, reads and writes together, that elementwise kernels reach, byte/s."""
    curve = curves(chip)["bandwidth"]
    return Rate(curve["low"], curve["likely"], curve["high"], curve["provenance"], curve["source"])


@once
def elementwise(chip: Accelerator, compiled: str = "off") -> Rate:
    """Eager traffic of elementwise kernels per second, byte/s: slower than a plain copy, fewer bytes where fused."""
    rate, law = bandwidth(chip), curves(chip)["elementwise"]
    share, left = law, {"low": 1.0, "likely": 1.0, "high": 1.0}
    if compiled in law["fused"]:
        share, left = left, law["fused"][compiled]
    # share of a copy's rate; where kernels are fused, fewer bytes than eager's are moved
    low, likely, high = (getattr(rate, key) * share[key] / left[key] for key in ("low", "likely", "high"))
    provenance = "assumed" if rate.provenance == "assumed" else "interpolated"
    low, likely, high = (named("elementwise_rate", end, "byte/s") for end in (low, likely, high))
    return Rate(low, likely, high, provenance, f"{rate.source}; {law['source']}")


def short_rows(chip: Accelerator, compiled: str = "off") -> float:
    """Elements of a row at which an elementwise kernel takes twice as long per byte; 0 where kernels are fused."""
    law = curves(chip)["elementwise"]
    half: float = law["half"]
    return 0.0 if compiled in law["fused"] else half


def stretch(
    chip: Accelerator, compiled: str, row: Number, way: str = "vector", each: Number = 0, blocks: Number = 0
) -> Number:
    """Times longer that a byte of elementwise work takes than one of a long copy.

    Short rows lose in proportion; beside that multiprocessors only work through so many elements a second, and through
    the statistics of a group in one block of threads each. Neither where kernels are fused (`vidcalc.ops.Pointwise`).
    """
    # at `half` elements a row takes twice as long
    short = 1 + short_rows(chip, compiled) / maximum(row, 1)
    law, many = curves(chip)["elementwise"], multiprocessors(chip)
    if way == "vector" or compiled in law["fused"] or not many:
        return short
    pace = law["pace"][way]
    # elements a second of a multiprocessor, or of a block of which it holds some
    at_once = minimum(blocks, many * law["blocks"]) if way == "statistics" else many
    # byte/s of a copy / byte/s at which the elements are worked through
    return maximum(short, elementwise(chip).likely / (each * pace * at_once))


@once
def launch(chip: Accelerator, compiled: str = "off") -> Rate:
    """Kernels that the host starts per second, counted as eager PyTorch would start them."""
    tables = curves(chip)
    fused, law = tables["elementwise"]["fused"], tables["launch"]
    # where some are fused, those left stand for all of eager's; a graph starts them together
    left = fused[compiled]["likely"] if compiled in fused else law["graphs"] if compiled == "graphs" else 1.0
    # s a kernel to kernels a second
    low, likely, high = (1 / (law[key] * left) for key in ("high", "likely", "low"))
    low, likely, high = (named("launch_rate", end, "1/s") for end in (low, likely, high))
    return Rate(low, likely, high, "assumed", law["source"])
