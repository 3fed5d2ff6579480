"""What the numbers of a roofline are called where they are guests; plain numbers never come here.

See `vidcalc.base.guest`: the formulas stand in `vidcalc.cost.time`, here only their numbers get names and sources.
"""

from vidcalc.base.guest import named
from vidcalc.base.number import Number
from vidcalc.ops import Op
from vidcalc.ops.pointwise import LONG
from vidcalc.rates.rate import Rate


def op_of(op: Op, work: Number, moved: Number) -> tuple[Number, Number]:
    """An op's arithmetic and traffic, by name."""
    source = f"vidcalc.ops.{op.kind}"
    return named("flops", work, "FLOP", source), named("moved", moved, "byte", source)


def kernels(row: Number, way: str) -> str:
    """What elementwise traffic of one kind is called."""
    if way != "vector":
        return f"{way}_kernels"
    return "long_rows" if row == LONG else f"rows_{row}"


def rate(band: Rate) -> Rate:
    """A rate whose ends have names: each its plateau less what the shape loses."""
    low, likely, high = (
        named("rate", end, "FLOP/s", band.source, band.provenance) for end in (band.low, band.likely, band.high)
    )
    return Rate(low, likely, high, band.provenance, band.source)


def row(op: Op, priced: tuple[Number, Number, Number, str]) -> tuple[Number, Number, Number, str]:
    """The seconds of an op, by its path."""
    *ends, provenance = priced
    low, likely, high = (named(op.path, end, "s", provenance=provenance, note=op.kind) for end in ends)
    return low, likely, high, provenance
