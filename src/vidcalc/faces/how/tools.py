"""The tools that a plan can be said in, from `data/how/tools.toml`."""

from functools import cache

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.catalog import load
from vidcalc.describe.question import Question, Run
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _

FLAG = "--how"


class Tool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tool: the module that speaks for it, and the profiles whose plans it runs, the first of them by default.

    facts  data/how/FACTS.toml;  says  settings of a plan that it says beside those of its module
    """

    id: str
    module: str
    title: str
    facts: str = ""
    frameworks: tuple[str, ...] = ()
    trainers: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


@cache
def tools() -> dict[str, Tool]:
    """Every tool by its id."""
    return {
        name: msgspec.convert({"id": name, **facts}, Tool)
        for name, facts in load.entry("how", "tools")["tools"].items()
    }


def profile(tool: str, job: str) -> str:
    """The framework ("generate") or trainer ("train") whose plans a tool runs, where none is named; "" of none."""
    found = tools().get(tool)
    known = () if found is None else found.frameworks if job == "generate" else found.trainers
    return known[0] if known else ""


def checked(tool: str, job: Question | Run) -> Tool:
    """A tool by its id. Raises Refused where there is none of that name, or it runs another job or another's plan."""
    training = isinstance(job, Run)
    able = {name: each for name, each in tools().items() if (each.trainers if training else each.frameworks)}
    if tool not in able:
        raise InputError(FLAG[2:], tool, tuple(able), nearest(tool, list(able)))
    found = able[tool]
    flag, own, known = "--framework", job.plan.framework, found.frameworks
    if training:
        flag, own, known = "--trainer", job.plan.training.trainer, found.trainers
    if own not in known:
        profiles = {name: each.trainers if training else each.frameworks for name, each in able.items()}
        near = next((name for name, known in profiles.items() if own in known), None)
        raise Refused(FLAG, tool, _("not with {flag} {value}", flag=flag, value=own), near, tuple(able))
    if found.families and job.model.family not in found.families:
        expects = _("not for {model}, which it does not run", model=job.model.name)
        raise Refused(FLAG, tool, expects, None, tuple(able))
    return found
