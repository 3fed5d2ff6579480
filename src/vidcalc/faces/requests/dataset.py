"""--dataset: the buckets of a training run from the clips that there are, and what is left out of them."""

from collections import Counter
from typing import Any

from vidcalc.base.errors import Unreadable
from vidcalc.catalog.bucketing import Bucketed, bucketed
from vidcalc.describe.model import Caution
from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import label
from vidcalc.modelfiles import clips

SETTLED = ("bucket", "clips", "clip_seconds")
LEFT_OUT = {
    "unreadable": N_("unreadable"),
    "no_size": N_("without a size"),
    "no_length": N_("without a length"),
    "short": N_("too short"),
    "picture": N_("pictures"),
}


def sorted_in(flags: dict[str, Any], job: Question) -> tuple[Bucketed, tuple[Caution, ...]]:
    """The data set that the flags name in buckets of the job's area and frames, and what to know of it.

    Raises Refused beside flags that say the same, and Unreadable.
    """
    path = flags["dataset"]
    for name in SETTLED:
        if flags.get(name, ()) != ():  # a flag that repeats is there, empty
            flag = "--" + name.replace("_", "-")
            raise Refused(flag, None, _("not together with {flag}, which settles it", flag="--dataset"), None, ())
    every = clips.read(path)
    found = bucketed(job.model, every.clips, job.workload)
    left_out = every.left_out + found.left_out
    if not found.buckets:
        reasons = ", ".join(f"{count} {label(LEFT_OUT, reason)}" for reason, count in left_out.items())
        raise Unreadable(path, "no_usable_clips", "dataset", reasons=reasons or "0")
    return found, tuple(_known(found, left_out))


def _known(found: Bucketed, left_out: "Counter[str]") -> list[Caution]:
    """What to know: clips in buckets, clips left out, clips made larger."""
    said = [Caution(id="dataset_read", values={"clips": found.clips, "buckets": len(found.buckets)})]
    said += [Caution(id=f"dataset_{reason}", values={"clips": count}) for reason, count in left_out.most_common()]
    if found.enlarged:
        said.append(Caution(id="dataset_enlarged", values={"clips": found.enlarged}))
    return said
