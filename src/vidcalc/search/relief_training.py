"""What to change so that a training run fits: single settings and small combinations of them, the fastest first.

Activations computed again in backward, adapters instead of all weights, frozen weights in fewer bits, an optimizer of
small states, what waits in host memory, whole blocks of it; latents and texts made beforehand; smaller micro-batches;
and as the last way smaller samples. A combination is listed only where no part of it is enough.
"""

from collections.abc import Callable, Iterator
from itertools import combinations, product
from math import ceil, inf
from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import train
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.geometry import snap
from vidcalc.describe.question import Run
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.passes.legal import depth
from vidcalc.report.fix import Remedy
from vidcalc.report.training import TrainingReport

MOST = 6  # ways listed
KINDS_AT_ONCE = 3  # changes of one way
SWAPS = (1 / 4, 1 / 2, 3 / 4)  # of the denoiser's blocks
SMALLER = (3 / 4, 1 / 2, 1 / 3, 1 / 4)
SAME = 0.005  # of a step's time
# what a change touches of the result, by field
TOUCHED = {"mode": "adapters", "base": "weights", "optimizer": "optimizer", "batch": "batch", "size": "clip"}

Changes = dict[str, Any]


def ways(run: Run, asked: TrainingReport, most: int = MOST, limit: float = inf) -> list[Remedy]:
    """Ways in which the run fits, those that leave the result as it is first, then the fastest.

    limit  of the peak, where that is less than the device has [byte]
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
    found += _smaller(run, limit) if len(found) < most else []
    rows = [_remedy(changes, report, asked) for changes, report in found]
    return sorted(rows, key=lambda way: (cost(way, asked.time.per_step), len(way.changes), way.seconds))[:most]


def holds(report: TrainingReport, limit: float) -> bool:
    """Whether device and host have room for it, within the limit."""
    return report.memory.verdict != "too_big" and bool(report.memory.peak <= limit)


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
    data = run.data
    if "batch" in changes:
        data = replace(data, buckets=tuple(replace(each, batch=changes["batch"]) for each in data.buckets))
    try:
        return train(run.model, data, run.hardware, replace(run.plan, training=replace(run.plan.training, **plan)))
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


def _smaller(run: Run, limit: float) -> Iterator[tuple[Changes, TrainingReport]]:
    """The largest micro-batch, and the largest samples, that fit with no other change."""
    most = max(int(each.batch) for each in run.data.buckets)
    for count in sorted({int(most * share) for share in SMALLER}, reverse=True):
        report = tried(run, {"batch": count}) if count else None
        if report is not None and holds(report, limit):
            yield {"batch": count}, report
            break
    for shorter in (True, False):
        for share in SMALLER:
            buckets = tuple(_bucket(run, each, share, shorter) for each in run.data.buckets)
            if buckets == run.data.buckets:
                continue
            data = Data(buckets=buckets, samples=run.data.samples, clips=run.data.clips)
            report = train(run.model, data, run.hardware, run.plan)
            if holds(report, limit):
                size = ", ".join(f"{each.width}x{each.height}x{each.frames}" for each in buckets)
                yield {"size": size}, report
                return


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
        host_ram=memory.host_ram,
        seconds=report.time.per_step,
        slower=report.time.per_step - asked.time.per_step,
        touches=list(dict.fromkeys(TOUCHED[name] for name in changes if name in TOUCHED)),
    )
