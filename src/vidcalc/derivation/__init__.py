"""Why a number of the report is what it is: the chain from it to formula, symbols, digits and source.

    step = explain("compute.flops_per_step", model, workload, hardware, plan)

No formula stands in this room. A calculation is done once more with guests in the place of its inputs
(`vidcalc.base.guest`), numbers that remember how they were made: what comes out explains itself, whatever it is. Steps
hold ids and numbers, never prose: a face puts them into words.
"""

from vidcalc.base.errors import UnknownName, nearest
from vidcalc.base.guest import KEPT, Guest, take_apart
from vidcalc.derivation.explained import Explained
from vidcalc.derivation.leaves import matches, patterns
from vidcalc.derivation.step import Step
from vidcalc.derivation.units import unit
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.question import Question, Run
from vidcalc.describe.workload import Workload

WAYS_OUT = "memory.inference.relief."  # numbers of other jobs than the one asked for

__all__ = ["check", "explain", "explained", "explained_training", "of_training", "quantities"]


def explained(model: Model, job: Workload, hardware: Hardware, plan: Plan, advise: bool = False) -> Explained:
    """An estimate done with guests; `advise`: with the ways out of a job that does not fit. Plain numbers only."""
    from vidcalc.calculate import calculate
    from vidcalc.derivation import nouns

    guests = nouns.question(Question(model, job, hardware, plan))
    report = calculate(*guests)
    if advise and report.memory.inference.verdict == "too_big":
        from vidcalc.search.relief import advised

        report = advised(report, guests)
    return Explained(report)


def explained_training(model: Model, data: Data, hardware: Hardware, plan: Plan) -> Explained:
    """A training run done with guests."""
    from vidcalc.calculate import train
    from vidcalc.derivation import nouns

    return Explained(train(*nouns.run(Run(model, data, hardware, plan))))


def explain(quantity: str, model: Model, job: Workload | Data, hardware: Hardware, plan: Plan) -> Step:
    """The chain behind one number of an estimate, or of a training run where the job is one, by its path in the JSON.

    A number that this report has not is explained as nothing. Raises UnknownName("quantities", …) for what no report
    has.
    """
    check(quantity)
    made: list[Guest] = []
    before = KEPT.set(made)
    try:
        if isinstance(job, Data):
            whole = explained_training(model, job, hardware, plan)
        else:
            whole = explained(model, job, hardware, plan, advise=quantity.startswith(WAYS_OUT))
        known = list(whole.numbers)
        step = whole.step(quantity) if quantity in whole.numbers else Step(id=quantity, value=0, unit=unit(quantity))
    finally:
        KEPT.reset(before)
        take_apart(made)
    section = quantity.partition(".")[0] + "."
    if quantity not in (*known, *quantities()) and any(path.startswith(section) for path in known):
        raise UnknownName("quantities", quantity, nearest(quantity, known))
    return step


def quantities(job: str = "estimate") -> tuple[str, ...]:
    """The patterns of all numbers of a report: of an "estimate", or of a "training" run."""
    if job == "training":
        from vidcalc.report.training import TrainingReport

        return tuple(dict.fromkeys(patterns(TrainingReport)))
    from vidcalc.report.estimate import Report

    return tuple(dict.fromkeys(patterns(Report)))


def of_training(quantity: str) -> bool:
    """Whether a number is one that only the report of a training run has."""
    return not _is_of(quantity, "estimate") and _is_of(quantity, "training")


def check(quantity: str) -> None:
    """Raises UnknownName("quantities", …) for what no report has."""
    if _is_of(quantity, "estimate") or _is_of(quantity, "training"):
        return
    names = (*quantities(), *quantities("training"))
    close = nearest(quantity, names)
    if close is None:
        endings = {name.rpartition(".")[2]: name for name in reversed(names)}
        ending = nearest(quantity.rpartition(".")[2], list(endings))
        close = endings[ending] if ending else None
    raise UnknownName("quantities", quantity, close)


def _is_of(quantity: str, job: str) -> bool:
    return any(matches(pattern, quantity) for pattern in quantities(job))
