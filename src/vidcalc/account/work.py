"""Every op of a generation with its arithmetic, its traffic and its seconds: for those who count themselves."""

from collections.abc import Iterator

import msgspec

from vidcalc.base.number import Number
from vidcalc.cost.time import PRODUCTS, by_kind, working
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Op
from vidcalc.tape import ELEMENT_BYTES


class OpRow(msgspec.Struct, frozen=True, kw_only=True):
    """One op of one stage, as one rank runs it.

    stage, component, path  where it stands;  kind, precision  of its arithmetic
    count    executions in one call;  calls  of the network in the job
    flops    of one execution, 2 per multiply-add [FLOP];  bytes  activations and weights read and written once [byte]
    seconds  of one execution at the rate its shape reaches;  total  of all of them in the job [s]
    mfu      FLOP/s over the dense peak of its arithmetic; 0 of elementwise work
    """

    stage: str
    component: str
    path: str
    kind: str
    precision: str
    count: Number
    calls: Number
    flops: Number
    bytes: Number
    seconds: Number
    total: Number
    mfu: Number


def rows(ledger: Ledger, hardware: Hardware) -> Iterator[OpRow]:
    """Every op in the order in which it runs; copies and exchanges, which are no work of the chip, are left out.

    Totals of a kind add up to `time.inference.parts` of the report.
    """
    for phase in ledger.phases:
        for op in working(phase.ops):
            yield _row(op, phase, hardware.accelerator)


def _row(op: Op, phase: Phase, chip: Accelerator) -> OpRow:
    parts = by_kind((op,), chip, phase.run)
    every = sum(part.likely for part in parts.values())
    seconds = every / op.count if op.count else 0
    computes = op.kind in PRODUCTS and bool(seconds)
    return OpRow(
        stage=phase.id,
        component=phase.component.id,
        path=op.path,
        kind=op.kind,
        precision=op.precision,
        count=op.count,
        calls=phase.turns,
        flops=op.flops,
        bytes=op.activation_bytes + op.weights * ELEMENT_BYTES[op.precision],
        seconds=seconds,
        total=every * phase.turns,
        mfu=op.flops / seconds / chip.peak(op.precision) if computes else 0,
    )
