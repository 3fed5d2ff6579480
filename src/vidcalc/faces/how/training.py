"""What files for trainers have in common: the model's words, numbers of the run, and settings that a trainer lacks."""

from math import sqrt

from vidcalc.base.facts import Facts
from vidcalc.base.number import unchanged
from vidcalc.catalog import load
from vidcalc.describe.data import Bucket
from vidcalc.describe.question import Run
from vidcalc.describe.training import ADAPTED, WAYS
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how.python import number
from vidcalc.faces.how.said import Leavings
from vidcalc.faces.how.tools import FLAG, Tool
from vidcalc.faces.words import _


def words(job: Run, tool: Tool) -> tuple[Facts, Facts]:
    """A trainer's facts, and its words for the model. Raises Refused for a model whose words are not known here."""
    facts: Facts = load.entry("how", tool.facts)[tool.id]
    own = facts["models"].get(job.model.name)
    if own is None:
        known = tuple(facts["models"])
        expects = _("not for {model}; for {models}", model=job.model.name, models=", ".join(known))
        raise Refused(FLAG, tool.id, expects, None, known)
    return facts, own


def said_of(facts: Facts, table: str, word: str, flag: str, left: Leavings) -> str:
    """A trainer's word for one of ours; "" and a remark where it has none."""
    known: dict[str, str] = facts[table]
    if word not in known:
        left.add(flag, word)
    return known.get(word, "")


def steps(job: Run) -> int:
    """Optimizer steps of the run."""
    plan, batch = job.plan.training, sum(each.batch * each.share for each in job.data.buckets)
    return max(1, round(float(job.data.samples / (batch * plan.grad_accum * plan.data_degree))))


def adapts(job: Run) -> bool:
    """Whether adapters are trained."""
    return job.plan.training.mode in ADAPTED


def unsaid(job: Run, left: Leavings, ways: tuple[str, ...] = (), able: tuple[str, ...] = ()) -> None:
    """Settings that none of these files has: ways of sharing but for `ways`, and further ones but for `able`."""
    plan = job.plan.training
    for way, field in WAYS.items():
        if way not in ways and not unchanged(getattr(plan, field), 1):
            left.add("--parallel", f"{way}={number(getattr(plan, field))}")
    if "ema" not in able and plan.ema != "none":
        left.add("--ema", plan.ema)
    if plan.offload not in ("none", *able):
        left.add("--training-offload", plan.offload)


def side(bucket: Bucket) -> int:
    """The side of a square of a bucket's area [pixels]."""
    area = float(bucket.width * bucket.height)
    return round(sqrt(area))
