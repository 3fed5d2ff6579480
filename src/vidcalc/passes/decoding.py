"""Parallel VAE decode: each rank a patch of the frames; a degree of 1 changes nothing.

Borders are worked on by both neighbours, and one rank puts the picture together: a share of the work that does not
shrink (data/parallel.toml). Source: xDiT's DistVAE, arXiv 2411.01738.
"""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.number import unchanged
from vidcalc.catalog.load import table
from vidcalc.describe.plan import Plan
from vidcalc.ops import Op


def share(plan: Plan) -> Any:
    """One rank's part of the decode's work, of one."""
    serial, degree = table("parallel")["decode"]["serial_share"], plan.decode_degree
    return (1 + serial * (degree - 1)) / degree


def shared(ops: tuple[Op, ...], plan: Plan) -> tuple[Op, ...]:
    """The ops of one rank: the same ones, each that part of its times."""
    part = share(plan)
    if unchanged(part, 1):
        return ops
    return tuple(replace(op, count=op.count * part) for op in ops)
