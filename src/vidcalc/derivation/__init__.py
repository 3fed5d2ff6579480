"""Why a number of the report is what it is: the chain from it to formula, symbols, digits and source.

    step = explain("compute.flops_per_step", model, workload, hardware, plan)

A report number is a sum, a product or the largest of rows; a row is an op, a weight, a stretch of memory; an op's
formula shows its own fields. Steps hold ids and numbers, never prose: a face puts them into words.
"""

from collections.abc import Callable
from typing import Any

from vidcalc.base.errors import UnknownName, nearest
from vidcalc.derivation import compute, fleet, memory, money, shape, time, training
from vidcalc.derivation.case import Case
from vidcalc.derivation.step import Step
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload

Explainer = Callable[[Case], Step]

QUANTITIES: dict[str, Explainer] = {
    **shape.QUANTITIES,
    **compute.QUANTITIES,
    **memory.QUANTITIES,
    **time.QUANTITIES,
    **training.QUANTITIES,
    **money.QUANTITIES,
    **fleet.QUANTITIES,
}


def explain(quantity: str, model: Model, workload: Workload, hardware: Hardware, plan: Plan) -> Step:
    """The chain behind one number of the report, named by its path in the JSON. Plain numbers only, no sweeps.

    Raises UnknownName("quantities", …) for a name not in QUANTITIES.
    """
    check(quantity)
    return QUANTITIES[quantity](Case(model, workload, hardware, plan))


def check(quantity: str) -> None:
    """Raises UnknownName("quantities", …) for a name not in QUANTITIES."""
    if quantity not in QUANTITIES:
        endings: dict[str, Any] = {name.rpartition(".")[2]: name for name in QUANTITIES}
        close = nearest(quantity, list(QUANTITIES))
        if close is None:
            ending = nearest(quantity.rpartition(".")[2], list(endings))
            close = endings[ending] if ending else None
        raise UnknownName("quantities", quantity, close)
