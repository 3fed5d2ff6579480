"""What is being explained: one calculation with everything it passed through, each made when first asked for."""

from functools import cached_property
from typing import Any

import msgspec

from vidcalc.calculate import calculate
from vidcalc.catalog.frameworks import executed
from vidcalc.cost.memory import Network, networks
from vidcalc.derivation.step import Step
from vidcalc.derivation.term import Term
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.unroll import Job, unroll
from vidcalc.ops.base import Op
from vidcalc.report.estimate import Report
from vidcalc.training.bucket import Cell, micro, priced


class Case:
    """Model, workload, hardware and plan, and what they lead to."""

    def __init__(self, model: Model, workload: Workload, hardware: Hardware, plan: Plan) -> None:
        self.model, self.workload = executed(model, plan.framework), workload
        self.hardware, self.plan = hardware, plan

    @cached_property
    def report(self) -> Report:
        """The report whose numbers are explained."""
        return calculate(self.model, self.workload, self.hardware, self.plan)

    @cached_property
    def job(self) -> Job:
        """The unrolled generation."""
        return unroll(self.model, self.workload, self.plan)

    @cached_property
    def networks(self) -> dict[str, Network]:
        """Every network of the pipeline with the bytes of its weights."""
        return networks(self.model, self.plan, self.job)

    @cached_property
    def cell(self) -> Cell:
        """The training step, priced on one accelerator."""
        taped = micro(self.model, self.workload, self.plan)
        return priced(taped, self.job, self.networks, self.hardware, self.plan)


def symbolic(op: Op) -> Op:
    """The op with a Term in every numeric field that is not at its default: its formulas then spell themselves."""
    fields = {name: getattr(op, name) for name in op.__struct_fields__}
    unsaid = dict(zip(reversed(op.__struct_fields__), reversed(op.__struct_defaults__), strict=False))
    terms: dict[str, Any] = {
        name: Term(name, value) if isinstance(value, int | float) and value != unsaid.get(name) else value
        for name, value in fields.items()
    }
    return type(op)(**terms)


def op_row(op: Op, quantity: str, unit: str) -> Step:
    """One op's `quantity` ("flops", "activation_bytes" …) with its formula in symbols and digits."""
    found = getattr(symbolic(op), quantity)
    term = found if isinstance(found, Term) else Term("0", found)
    return Step(
        id=op.path,
        value=term.value,
        unit=unit,
        formula=term.text,
        digits=term.digits,
        count=op.count,
        source=f"vidcalc.ops.{op.kind}",
        note=op.kind,
    )


def given(name: str, value: object, source: str, unit: str = "", provenance: str = "exact") -> Step:
    """An input or a fact: the end of a chain."""
    return Step(id=name, value=value, unit=unit, source=source, provenance=provenance)


def product(name: str, unit: str, terms: Term, parts: tuple[Step, ...], **more: str) -> Step:
    """A step whose value is an expression over its parts."""
    shown = msgspec.structs.replace
    alone = tuple(shown(part, count=1) for part in parts)
    return Step(id=name, value=terms.value, unit=unit, formula=terms.text, digits=terms.digits, parts=alone, **more)
