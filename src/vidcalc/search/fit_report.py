"""What a search for the largest job answers: a row for each job, what bounds them, and what none can do without."""

from collections.abc import Sequence

from vidcalc.account.summary import settings
from vidcalc.catalog.precisions import precision
from vidcalc.cost.money import price, ranged
from vidcalc.describe.question import Question
from vidcalc.report.fit import FitReport, FitRow, Lacking, Limits
from vidcalc.search.jobs import Jobs, holds
from vidcalc.search.rungs import Ladder
from vidcalc.search.short import nearest
from vidcalc.search.ways import Way


def row(jobs: Jobs, way: Way, rung: int) -> FitRow:
    """One rung in one way."""
    job, needed, spent = jobs.ladder.job(rung), jobs.memory(way, rung), jobs.seconds(way, rung)
    plan, hardware = way.question.plan, way.question.hardware
    offer = price(hardware.accelerator)
    paid = ranged(offer, spent.likely * hardware.total)["likely"] if offer else None
    steps = int(way.question.workload.steps)
    return FitRow(
        frames=job.frames,
        width=job.width,
        height=job.height,
        batch=job.batch,
        video=job.frames / job.fps,
        changes=way.changes,
        seconds=spent.likely,
        low=spent.low,
        high=spent.high,
        per_video=spent.likely / job.batch,
        cost=None if paid is None else paid / job.batch,
        peak=needed.peak,
        device=needed.device,
        margin=needed.margin,
        verdict=needed.verdict,
        host_ram=needed.host_ram,
        host_room=needed.host_room,
        native=jobs.ladder.native[rung],
        precision=plan.precision,
        stored=precision(plan.precision).stored,
        cache=plan.step_cache,
        steps=steps,
    )


def made(
    asked: Question,
    ladder: Ladder,
    limits: Limits,
    rows: list[FitRow],
    bound: str,
    ways: int,
    missing: Lacking | None,
) -> FitReport:
    """The answer around those rows."""
    hardware = asked.hardware
    return FitReport(
        model=asked.model.name,
        title=asked.model.title,
        accelerator=hardware.accelerator.id,
        name=hardware.accelerator.name,
        gpus=int(hardware.total),
        framework=asked.plan.framework,
        capacity=hardware.accelerator.reported,
        largest=ladder.kind,
        workload=settings(asked.workload),
        limits=limits,
        rows=rows,
        bound=bound,
        ways=ways,
        rungs=len(ladder),
        native=asked.model.constraints.native_frames,
        lacking=missing,
        warnings=[],
    )


def lacking(jobs: Jobs, every: Sequence[Way], limits: Limits) -> Lacking:
    """Why not even the smallest job fits: the first limit that no way keeps to, and the way that comes nearest."""
    held = [way for way in every if holds(jobs.memory(way, 0))]
    if not held:
        at, least = nearest(jobs, every)
        return Lacking(at=at, row=row(jobs, least, 0))
    quick = row(jobs, min(held, key=lambda way: jobs.seconds(way, 0).likely), 0)
    late = limits.seconds is not None and quick.seconds > limits.seconds
    return Lacking(at="seconds" if late else "cost", row=quick)
