"""What a plan asks for and no line of a tool says: every setting that is not as the tool's own profile has it.

Each module of a tool names the settings that it puts into words (or leaves out with a word of its own) in `SAYS`; all
others are compared here, so that none is forgotten.
"""

from collections.abc import Collection, Iterator
from typing import Any

from vidcalc.base.number import is_array, unchanged
from vidcalc.catalog import fill
from vidcalc.describe.question import Question, Run
from vidcalc.describe.setting import Declared, Published
from vidcalc.describe.sharing import of
from vidcalc.faces.how.python import number
from vidcalc.faces.how.said import Leavings, Left

# parts that a model was given, by the id of what its report says of them -> the flag
PARTS = {"control": "--control", "references": "--references", "autoencoder": "--vae"}


def unsaid(job: Question | Run, title: str, says: Collection[str]) -> tuple[Left, ...]:
    """Settings of a job that are neither as its framework or trainer has them nor among those that are said."""
    left, plan = Leavings(title), job.plan
    for basis in job.model.basis:
        if basis.id in PARTS and basis.id not in says:
            left.add(PARTS[basis.id], basis.value)
    generates = isinstance(job, Question)
    scale = job.workload.guidance if isinstance(job, Question) else None
    usual = fill.plan(job.model, scale, job.hardware.accelerator.vendor, framework=plan.framework)
    _compare(left, plan, usual, of(type(plan), "generate" if generates else "train"), says)
    if not generates:
        own = fill.training(job.model, trainer=plan.training.trainer, mode=plan.training.mode)
        _compare(left, plan.training, own, of(type(plan.training), "train", "run"), says)
    return tuple(left.every)


def _compare(left: Leavings, plan: Any, usual: Any, settings: tuple[Declared, ...], says: Collection[str]) -> None:
    for each in settings:
        if each.field in says or not each.setting.flag:
            continue
        value = getattr(plan, each.field)
        if _differs(value, getattr(usual, each.field)):
            takes = each.setting.takes
            if isinstance(takes, Published) and value == "stated":
                value = getattr(plan, takes.share)
            left.add("--" + each.setting.flag, value if isinstance(value, str) else number(value))


def _differs(value: Any, usual: Any) -> bool:
    if isinstance(value, str) or isinstance(usual, str):
        return bool(value != usual)
    return is_array(value) or not unchanged(value, usual)


def ways(plan: Any, names: dict[str, str], said: Collection[str], left: Leavings) -> Iterator[tuple[str, int]]:
    """(way of sharing, its degree) of those that a tool says; the others are left. names: way -> field of the plan."""
    for way, field in names.items():
        degree = getattr(plan, field)
        if unchanged(degree, 1):
            continue
        if way in said:
            yield way, int(degree)
        else:
            left.add("--parallel", f"{way}={number(degree)}")
