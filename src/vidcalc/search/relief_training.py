"""What to change so that a training run fits: single settings and small combinations of them, the fastest first.

Activations computed again in backward, adapters instead of all weights, frozen weights in fewer bits, an optimizer of
small states, what waits in host memory, whole blocks of it; latents and texts made beforehand; smaller micro-batches;
and as the last way smaller samples. A combination is listed only where no part of it is enough.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from math import ceil
from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import train
from vidcalc.describe.data import Bucket
from vidcalc.describe.geometry import snap
from vidcalc.describe.question import Run
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.passes.legal import depth
from vidcalc.report.fix import Remedy
from vidcalc.report.training import TrainingReport
from vidcalc.search.smaller import ALL, Limit

MOST = 6  # ways listed
KINDS_AT_ONCE = 3  # changes of one way
SWAPS = (1 / 4, 1 / 2, 3 / 4)  # of the denoiser's blocks
SMALLER = (3 / 4, 1 / 2, 1 / 3, 1 / 4)  # of the frames, or of each side
SAME = 0.005  # of a step's time
# what a change touches of the result, by field
TOUCHED = {"mode": "adapters", "base": "weights", "optimizer": "optimizer"}

Changes = dict[str, Any]


def ways(
    run: Run, asked: TrainingReport, most: int = MOST, limit: Limit = ALL, *, sizes: str = "single"
) -> list[Remedy]:
    """Ways in which the run fits, those that leave the result as it is first, then the fastest.

    limit  of what a way may need, where that is less than there is
    sizes  how they were asked for: "single", as "buckets" (then changed ones are named so too, all of them), or by the
           clips of a "dataset", which settle them
    """
    found: list[tuple[Changes, TrainingReport]] = []
    kinds = [list(kind(run.plan.training, depth(run.model))) for kind in KINDS]
    for picked in _sets([options for options in kinds if options]):
        changes = {name: value for one in picked for name, value in one.items()}
        if any(part.items() <= changes.items() for part, _report in found):
            continue
        report = tried(run, changes)
        if report is not None and holds(report, limit):
            found.append((changes, report))
    rows = [_remedy(changes, report, asked) for changes, report in found]
    rows += _smaller(run, asked, limit, sizes) if len(found) < most and sizes != "dataset" else []
    return sorted(rows, key=lambda way: (cost(way, asked.time.per_step), len(way.changes), way.seconds))[:most]


def holds(report: TrainingReport, limit: Limit) -> bool:
    """Whether device and host have room for it, within the limit."""
    memory = report.memory
    return memory.verdict != "too_big" and bool(memory.peak <= limit.device) and bool(memory.host_ram <= limit.host)


def cost(way: Remedy, seconds: float) -> tuple[int, int]:
    """What a way costs: how much of the result it touches, then its time in steps that can be told apart."""
    return len(way.touches), round(way.slower / (SAME * seconds))


def _sets(kinds: list[list[Changes]]) -> Iterator[tuple[Changes, ...]]:
    """One change of some kinds, the fewest first."""
    for count in range(1, KINDS_AT_ONCE + 1):
        for chosen in combinations(kinds, count):
            yield from product(*chosen)


def tried(run: Run, changes: Changes) -> TrainingReport | None:
    """The report of the run with those changes; None where they do not go together."""
    plan = {name: value for name, value in changes.items() if name in TrainingPlan.__struct_fields__}
    try:
        return train(run.model, run.data, run.hardware, replace(run.plan, training=replace(run.plan.training, **plan)))
    except InputError:
        return None


def _checkpointing(plan: TrainingPlan, _depth: int) -> Iterator[Changes]:
    if plan.checkpointing not in ("full", "offload"):
        yield {"checkpointing": "full"}
    if plan.checkpointing != "offload":
        yield {"checkpointing": "offload"}


def _adapters(plan: TrainingPlan, _depth: int) -> Iterator[Changes]:
    if plan.mode == "full":
        yield {"mode": "lora"}
        yield {"mode": "lora", "base": "fp8"}
        yield {"mode": "qlora", "base": "nf4"}
    elif plan.mode in ADAPTED:
        yield from ({"base": name} for name in ("fp8", "nf4") if plan.base in ("bf16", "fp16", "fp32"))


def _optimizer(plan: TrainingPlan, _depth: int) -> Iterator[Changes]:
    if plan.optimizer in ("adamw", "adam"):
        yield {"optimizer": "adamw-8bit"}


def _offload(plan: TrainingPlan, blocks: int) -> Iterator[Changes]:
    if plan.mode not in ADAPTED:
        if plan.offload == "none":
            yield {"offload": "optimizer"}
        if plan.offload in ("none", "optimizer"):
            yield {"offload": "optimizer+weights"}
        return
    swapped = {ceil(blocks * share) for share in SWAPS}
    yield from (
        {"offload": "block-swap", "swapped_blocks": count} for count in sorted(swapped) if count > plan.swapped_blocks
    )
    if plan.offload != "base":
        yield {"offload": "base"}


def _beforehand(plan: TrainingPlan, _depth: int) -> Iterator[Changes]:
    online = {name: "precomputed" for name in ("latents", "texts") if getattr(plan, name) == "online"}
    if online:
        yield online


# of each of these one is picked, or none
KINDS: tuple[Callable[[TrainingPlan, int], Iterator[Changes]], ...] = (
    _beforehand,
    _checkpointing,
    _optimizer,
    _offload,
    _adapters,
)


def _smaller(run: Run, asked: TrainingReport, limit: Limit, asked_as: str) -> Iterator[Remedy]:
    """The largest micro-batch, and the largest samples, that fit with no other change."""
    own = run.data.buckets

    def resized(buckets: tuple[Bucket, ...]) -> TrainingReport | None:
        try:
            return train(run.model, replace(run.data, buckets=buckets), run.hardware, run.plan)
        except InputError:
            return None

    def largest(sizes: Sequence[float], change: Callable[[float], tuple[Bucket, ...]], touched: str) -> Remedy | None:
        reports: dict[float, TrainingReport] = {}

        def fits(size: float) -> bool:
            report = resized(change(size))
            if report is None or not holds(report, limit):
                return False
            reports[size] = report
            return True

        # smaller samples, or fewer at once, never need more
        place = bisect_left(sizes, True, key=fits)
        if place == len(sizes):
            return None
        changes = _named(own, change(sizes[place]), asked_as)
        return replace(_remedy(changes, reports[sizes[place]], asked), touches=[touched])

    def shrunk(shorter: bool) -> Remedy | None:
        return largest(SMALLER, lambda share: tuple(_bucket(run, each, share, shorter) for each in own), "clip")

    counts = range(max(int(each.batch) for each in own) - 1, 0, -1)
    fewer = largest(counts, lambda count: tuple(replace(each, batch=min(each.batch, count)) for each in own), "batch")
    yield from (way for way in (fewer, shrunk(True) or shrunk(False)) if way)


def _named(own: tuple[Bucket, ...], changed: tuple[Bucket, ...], asked_as: str) -> Changes:
    """The changed buckets as one types them: what changed of a single size, or all buckets in whole."""
    if asked_as == "buckets" or len(own) > 1:
        return {"buckets": ", ".join(map(_spelled, changed))}
    one, other = changed[0], own[0]
    fields = [name for name in ("frames", "batch") if getattr(one, name) != getattr(other, name)]
    return {name: getattr(one, name) for name in fields or ("width", "height")}


def _spelled(size: Bucket) -> str:
    """A bucket as its flag takes it: "480x320x17:0.5:b24"."""
    share = f":{size.share:.6g}" if size.share != 1 else ""
    batch = f":b{size.batch}" if size.batch != 1 else ""
    return f"{size.width}x{size.height}x{size.frames}{share}{batch}"


def _bucket(run: Run, size: Bucket, share: float, shorter: bool) -> Bucket:
    """A size of that share of the frames, or of each side, that the model takes; as it was where it would grow."""
    side, length = (1, share) if shorter else (share, 1)
    width, height, frames = map(
        int, snap(run.model, int(size.width * side), int(size.height * side), max(int(size.frames * length), 1))
    )
    if shorter:
        return replace(size, frames=min(frames, int(size.frames)))
    return replace(size, width=min(width, int(size.width)), height=min(height, int(size.height)))


def _remedy(changes: Changes, report: TrainingReport, asked: TrainingReport) -> Remedy:
    memory = report.memory
    return Remedy(
        changes=changes,
        peak=memory.peak,
        margin=memory.margin,
        verdict=memory.verdict,
        host_ram=memory.host_ram,
        seconds=report.time.per_step,
        slower=report.time.per_step - asked.time.per_step,
        touches=list(dict.fromkeys(TOUCHED[name] for name in changes if name in TOUCHED)),
    )
