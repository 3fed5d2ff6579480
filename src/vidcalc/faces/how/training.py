"""What files for trainers have in common: the model's words, numbers of the run, and settings that a trainer lacks."""

from math import sqrt

from vidcalc.account.samples import steps as of_buckets
from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.describe.data import Bucket
from vidcalc.describe.question import Run
from vidcalc.describe.training import ADAPTED, WAYS
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how.said import Leavings
from vidcalc.faces.how.tools import FLAG, Tool
from vidcalc.faces.how.unsaid import ways
from vidcalc.faces.words import _

SAYS = (
    *("trainer", "mode", "optimizer", "checkpointing", "grad_accum", "rank", "base", "offload"),
    *("swapped_blocks", "framework"),
)


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
    return int(sum(of_buckets(job.data.samples, job.data.buckets, job.plan.training)))


def adapts(job: Run) -> bool:
    """Whether adapters are trained."""
    return job.plan.training.mode in ADAPTED


def batch(job: Run, left: Leavings) -> int:
    """The one micro-batch that a trainer takes for all sizes; others are left."""
    first = job.data.buckets[0].batch
    for each in job.data.buckets[1:]:
        if each.batch != first:
            left.add(
                "--bucket", f"{each.width}x{each.height}x{each.frames}:b{each.batch}", _("all sizes have one batch")
            )
    return int(first)


def sharing(job: Run, left: Leavings, able: tuple[str, ...] = ()) -> dict[str, int]:
    """Degrees of the ways that a trainer has; others are left."""
    return dict(ways(job.plan.training, WAYS, able, left))


def side(bucket: Bucket) -> int:
    """The side of a square of a bucket's area [pixels]."""
    area = float(bucket.width * bucket.height)
    return round(sqrt(area))
