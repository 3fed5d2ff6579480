"""Measured training runs -> predictions beside measurements, in bytes and seconds, and on which side of a card's size.

A run that did not fit is a bound: what it needs must be more than the card has. So is a batch chosen to fit, and a peak
that something before training may have set.
"""

import re
from functools import cache, lru_cache

import msgspec
from msgspec.structs import replace

from vidcalc.account import samples
from vidcalc.account.bucket import BucketCost
from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.base.number import Number
from vidcalc.calculate import bucket as bucketed
from vidcalc.catalog.accelerators import accelerator
from vidcalc.catalog.defaults import nccl
from vidcalc.catalog.load import entry
from vidcalc.catalog.trainers import names as trainers
from vidcalc.catalog.trainers import trainer
from vidcalc.cost.memory import Stage
from vidcalc.cost.seconds import Seconds, spread, total
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes import legal
from vidcalc.passes.degrees import world
from vidcalc.rates.allocator import context
from vidcalc.validate import bands, text
from vidcalc.validate.compared import KEPT, Bound, Compared, Result, compared
from vidcalc.validate.counters import GIB
from vidcalc.validate.sources import completed, doubt_of, origin, view
from vidcalc.validate.table import number
from vidcalc.validate.training_mapping import TrainingCase, case, first, trainer_of
from vidcalc.validate.training_summary import TrainingSummary, summarise
from vidcalc.validate.training_table import TrainingRow
from vidcalc.validate.unmapped import Unmapped

RATE = re.compile(r"([\d.]+) (?:model )?TFLOP/s")


class TrainingValidation(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, in the order of the file, and how well they came out."""

    rows: list[Result]
    summary: TrainingSummary
    schema: str = "vidcalc.training-validation/1"


def validate(rows: list[TrainingRow]) -> TrainingValidation:
    """Every row predicted, or with the reason it cannot be; no row is dropped."""
    results = [result(row) for row in rows]
    return TrainingValidation(rows=results, summary=summarise(results, rows))


@cache
def fitted() -> frozenset[str]:
    """Ids of all rows that a constant, or a setting of a trainer, was inferred from."""
    profiles = {row for name in trainers() for row in trainer(name).fitted}
    return frozenset(profiles | set(reserve()["fitted"]) | set(entry("kernels", "laws")["training_launch"]["fitted"]))


def result(row: TrainingRow) -> Result:
    """One row's predictions; rows that differ by their ids alone are asked once."""
    row = completed(row)
    role = "fit" if row.role == "fit" or row.id in fitted() else "check"
    return replace(_result(replace(row, id="", role=""), view(row)), id=row.id, role=role)


@lru_cache(maxsize=KEPT)
def _result(row: TrainingRow, seen: str) -> Result:
    """The predictions of a row without its id; `seen` is its view."""
    rule = first("memory", row.mem_note) if row.mem_note else {}
    gigabytes = number(row.peak_mem_gb)
    nbytes = None if gigabytes is None else gigabytes * GIB
    bound = str(rule.get("bound", ""))
    counter = str(rule.get("counter", "device"))
    labels: Facts = {
        "id": "",
        "role": "",
        "gpu": text.gpu(row.gpu) or "",
        "framework": trainer_of(row),
        "counter": counter if nbytes is not None else "",
        "source": origin(row.source),
        "view": seen,
        "doubt": doubt_of(row),
        "assumed": () if trainer_of(row) else ("framework",),
    }
    try:
        job = case(row)
        model, _data, hardware, plan = job.run
        legal.checked_training(model, plan.training)
        cost = bucketed(model, job.bucket, hardware, plan)
        stages = [stage for stage in cost.stages if stage.id != "precompute" or "stages" not in rule]
        peak = counted(stages, counter, job)
        limit = _limit(row, bound, nbytes)
        spent, measured = _time(row, job, cost)
    except (Unmapped, InputError, ModuleNotFoundError, ArithmeticError) as error:
        reason = error.reason if isinstance(error, Unmapped) else "impossible_setting"
        empty = Compared(measured=None if bound else nbytes, reason=reason), Compared(reason=reason)
        return Result(
            status="unmapped", reason=reason, model="", family=row.model, memory=empty[0], time=empty[1], **labels
        )
    held = bands.held("training", counter, peak).unless(bool(trainer_of(row)), "training")
    band = held.low, held.high
    return Result(
        status="predicted",
        reason=None,
        model=model.name,
        family=model.family,
        scope="step" if spent else "",
        provenance=spent.provenance if spent else "",
        memory=compared(peak, None if bound else nbytes, band),
        time=compared(spent.likely, measured, (spent.low, spent.high))
        if spent
        else Compared(measured=measured, reason=job.no_time),
        bound=None if limit is None else _side(bound, peak, band, limit),
        **labels,
    )


def counted(phases: list[Stage], counter: str, job: TrainingCase) -> float:
    """The peak of a step as the counter shows it [byte]."""
    outside = context(job.run.hardware.accelerator) + nccl(world(job.run.plan.training))
    share = reserve()["share"]
    # a phase's total has the CUDA context and NCCL's buffers in it, which torch's own counters do not see
    tensors = max(phase.total for phase in phases) - outside
    reserved = max(phase.total + phase.activations * share for phase in phases) - outside
    shown = {"allocated": tensors, "reserved": reserved, "unknown": tensors + outside}
    return float(shown.get(counter, reserved + outside))


def reserve() -> Facts:
    """What the allocator holds beyond tensors: a share of the live activations, and the rows it was fitted to."""
    rule: Facts = entry("validation", "training")["reserve"]
    return rule


def _limit(row: TrainingRow, bound: str, nbytes: float | None) -> float | None:
    """The bytes a bound is about: the figure it names, else what a process can get; None where there is neither.

    An allocation fails where torch's own total is used up, which is less than what the driver names.
    """
    if not bound:
        return None
    if bound == "at_most":
        return nbytes
    name = text.gpu(row.gpu) if row.gpu else None
    stated = re.search(r"(\d+) ?GB card", row.gpu)
    if stated:
        return float(stated.group(1)) * GIB
    return None if name is None else float(accelerator(name).capacity)


def _side(bound: str, peak: float, band: tuple[Number, Number], limit: float) -> Bound:
    """The bound, on which side the prediction is, and whether the verdict that a user is shown leaves that open."""
    shown = bound != "at_most" and verdict(peak, interval(peak)[1], limit) == "tight"
    return Bound(kind=bound, limit=limit, right=_right(bound, peak, band, limit), open=bool(shown))


def _right(bound: str, peak: float, band: tuple[Number, Number], limit: float) -> bool:
    """Whether the prediction is on the bound's side; one that names a figure allows the counter's own spread."""
    if bound == "oom":
        return peak > limit
    return bool(peak <= limit) if bound == "fits" else bool(band[0] <= limit)


def _time(row: TrainingRow, job: TrainingCase, cost: BucketCost) -> tuple[Seconds | None, float | None]:
    """The seconds of what the row's time covers, and the measured ones; None where they are not predicted.

    A rate in FLOP/s stands for the seconds that a step's model FLOPs take at it.
    """
    stated, training = number(row.time), job.run.plan.training
    scope = str(first("time", row.time_note).get("scope", text.OPEN)) if stated else "rate"
    step = spread(total(cost.seconds), "step")
    share = _seconds_of(scope, job, training)
    rate = RATE.search(row.mfu_or_tflops)
    if scope == "rate" and rate:
        flops = cost.step.flops.model * training.grad_accum * training.data_degree / world(training)
        stated = float(flops / (float(rate.group(1)) * 1e12))
    if job.no_time or share is None or stated is None:
        return None, stated if scope == "step" else None
    return step.times(share[0]), stated * share[1]


def _seconds_of(scope: str, job: TrainingCase, training: TrainingPlan) -> tuple[float, float] | None:
    """What a step's seconds are multiplied by to be what the time covers, and what makes the time seconds."""
    if scope in ("step", "rate"):
        return 1.0, 1.0
    if scope == "gpu_seconds":
        return float(world(training) / samples.global_batch(training, job.bucket.batch)), 1.0
    return None
