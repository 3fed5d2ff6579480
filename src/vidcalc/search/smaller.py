"""The largest smaller clip that fits: a smaller batch, else fewer frames, else a smaller picture.

found = smaller(question)
found.changes           {"frames": 49}
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from math import inf
from typing import Any, NamedTuple

from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.describe.geometry import snap
from vidcalc.describe.question import Question
from vidcalc.describe.workload import Stage
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import rewritten
from vidcalc.report.estimate import InferenceMemory

SHARES = (3 / 4, 2 / 3, 1 / 2, 1 / 3, 1 / 4)  # of the frames, or of each side

Changes = dict[str, Any]


class Limit(NamedTuple):
    """What a way out may need at most: what the device's driver may show, and host memory of the machine [byte]."""

    device: float = inf
    host: float = inf


ALL = Limit()


def holds(needed: InferenceMemory, limit: Limit) -> bool:
    """Whether device and host have room for it, within the limit."""
    return needed.verdict != "too_big" and bool(needed.device <= limit.device) and bool(needed.host_ram <= limit.host)


class Smaller(NamedTuple):
    """A smaller clip: fields of the workload that change, the job before and after every pass, and what it needs."""

    changes: Changes
    whole: Ledger
    ledger: Ledger
    needed: InferenceMemory


def smaller(question: Question, left_out: Collection[Stage] = (), limit: Limit = ALL) -> Smaller | None:
    """The largest smaller clip that fits, of sizes that the model takes; None where there is none.

    left_out  stages that another job makes;  limit  of what it may need, where that is less than there is
    """

    def tried(changes: Changes) -> Smaller:
        whole = unroll(question.model, replace(question.workload, **changes), left_out)
        ledger = rewritten(whole, question.plan, question.hardware)
        return Smaller(changes, whole, ledger, inference_memory(ledger, question.hardware))

    def largest(sizes: Sequence[float], change: Callable[[float], Changes]) -> Changes:
        # a smaller clip never needs more
        place = bisect_left(sizes, True, key=lambda size: holds(tried(change(size)).needed, limit))
        return change(sizes[place]) if place < len(sizes) else {}

    # the batch goes before frames, and these before the picture shrinks
    clip = (
        largest(range(int(question.workload.batch) - 1, 0, -1), lambda count: {"batch": count})
        or largest(SHARES, lambda share: _clip(question, share, True))
        or largest(SHARES, lambda share: _clip(question, share, False))
    )
    return tried(clip) if clip else None


def _clip(question: Question, share: float, shorter: bool) -> Changes:
    """What changes in a clip of that share of the frames, or of each side, at sizes the model takes."""
    workload = question.workload
    side, length = (1, share) if shorter else (share, 1)
    sizes = int(workload.width * side), int(workload.height * side), int(workload.frames * length)
    named = dict(zip(("width", "height", "frames"), map(int, snap(question.model, *sizes)), strict=True))
    if not any(value < getattr(workload, name) for name, value in named.items()):
        return {}
    return {"frames": named["frames"]} if shorter else {"width": named["width"], "height": named["height"]}
