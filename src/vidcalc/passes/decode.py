"""Parallel VAE decode: each rank a shard of the picture, or some of its tiles; a degree of 1 changes nothing.

Borders of shards are exchanged or worked on by both neighbours, tiles need nobody; one rank puts the picture together.
That share of the work does not shrink (data/parallel.toml). Source: xDiT's DistVAE, arXiv 2411.01738.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, ceil_div, maximum, unchanged
from vidcalc.catalog.load import table
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import Sharing
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.passes.phases import DECODER, rewrite


def share(phase: Phase, degree: Number) -> Number:
    """One rank's part of the decode's work, of one."""
    facts = table("parallel")["decode"]
    serial: float = facts["serial_tiles" if phase.call.tiling == "default" else "serial_share"]
    # Amdahl's serial + (1 - serial) / degree
    return (1 + serial * (degree - 1)) / degree


def shared(ledger: Ledger, plan: Sharing, hardware: Hardware) -> Ledger:
    """The decode with one rank's part: the same ops, each that part of its times, and its share of the live bytes."""

    def of_a_rank(phase: Phase) -> Phase:
        degree = maximum(plan.decode_degree, phase.call.ranks)
        if unchanged(degree, 1):
            return phase
        part = share(phase, degree)
        ops = tuple(replace(op, count=op.count * part) for op in phase.ops)
        live = {name: ceil_div(nbytes, degree) for name, nbytes in phase.live.items()}
        return replace(phase, ops=ops, live=live, workspace=ceil_div(phase.workspace, degree))

    return rewrite(ledger, DECODER, of_a_rank)
