"""Which machine to take for a job: every accelerator and count that may be had, each with its fastest way that fits.

    report = choose([[Base({}, question)], …], Wanted(seconds=300))

A machine is given by its bases: the job on it, in every way of sharing. Of one machine the fastest way is the cheapest
too, for it is paid by time. Weights that wait in host memory never make a job faster: they are tried only where the job
does not surely fit without.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from math import ceil, inf
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from vidcalc.account.summary import settings
from vidcalc.base.units import HOUR
from vidcalc.cost.money import price, ranged
from vidcalc.report.choose import Choice, ChooseReport, Near, Wanted
from vidcalc.search.floor import Floors
from vidcalc.search.jobs import Jobs, holds
from vidcalc.search.rungs import alone
from vidcalc.search.short import nearest, taken
from vidcalc.search.ways import FREE, Base, Way, ways

REASONS = ("cost", "seconds", "host_ram", "memory")  # a machine that is too dear comes nearer than one too small
SAME = 0.05  # of the time of a generation: less is not worth being unsure for


class Run(msgspec.Struct, frozen=True, eq=False):
    """A way that a machine has memory for, its seconds, and whether it surely fits."""

    way: Way
    seconds: float
    sure: bool


Missed: TypeAlias = tuple[Jobs, list[Way], list[Run]]


def choose(
    machines: Sequence[Sequence[Base]],
    wanted: Wanted,
    free: Collection[str] = FREE,
    unpriced: int = 0,
    floors: Floors | None = None,
) -> ChooseReport:
    """The machines that keep to what is wanted, the cheapest first. Plain numbers only.

    machines  for each the bases of the job on it;  free  settings that nobody stated
    unpriced  accelerators that were left out for want of a price;  floors  take what `possible` asks
    """
    asked = machines[0][0].question
    job, tried = alone(asked.workload), 0
    found: list[Choice] = []
    missed: list[Missed] = []
    for bases in machines:
        every = [way for base in bases for way in ways(base, free)]
        tried += len(every)
        jobs = Jobs(job)
        best = fastest(jobs, every)
        if floors is not None:
            floors.add(jobs, [group[0] for group in _groups(every)])
        kept = [row for row in (_row(jobs, run, wanted) for run in best) if not _fails(row, wanted)]
        # the last is the surest: it alone where hardly slower
        found += [row for row in kept if row is kept[-1] or kept[-1].seconds > row.seconds * (1 + SAME)]
        if not kept:
            missed.append((jobs, every, best))
    found = [replace(row, front=not any(beats(other, row) for other in found)) for row in found]
    found.sort(key=lambda row: (row.cost is None, row.cost or 0, row.seconds, row.gpus))
    nears = [_near(*each, wanted) for each in missed] if not found else []
    return ChooseReport(
        model=asked.model.name,
        title=asked.model.title,
        framework=asked.plan.framework,
        workload=settings(asked.workload),
        wanted=wanted,
        rows=found,
        machines=len(machines),
        ways=tried,
        unpriced=unpriced,
        near=min(nears, key=lambda each: _off(each, wanted), default=None),
    )


def possible(
    machines: Sequence[Sequence[Base]], wanted: Wanted, free: Collection[str] = FREE, floors: Floors | None = None
) -> bool:
    """Whether any machine keeps to what is wanted: the first that does ends the search.

    floors  of the same machines without what is cut here: no group of ways is priced that they rule out
    """
    return any(_kept(bases, wanted, free, floors) for bases in machines)


def _kept(bases: Sequence[Base], wanted: Wanted, free: Collection[str], floors: Floors | None) -> bool:
    """Whether a machine keeps to what is wanted in some way: no group of ways is looked at that is too slow at best."""
    jobs = Jobs(alone(bases[0].question.workload))
    for group in _groups([way for base in bases for way in ways(base, free)]):
        most = _allowed(group[0], wanted)
        if floors is not None and not _away(group[0]) and floors.seconds(group[0]) > most:
            continue
        if not jobs.room(group[0], 0) or _quickest(jobs, group) > most:
            continue
        if any(holds(jobs.memory(way, 0)) and jobs.seconds(way, 0).likely <= most for way in group):
            return True
    return False


def _allowed(way: Way, wanted: Wanted) -> float:
    """Seconds that a machine may take, by the deadline and by what its time costs."""
    hardware = way.question.hardware
    limits = [inf if wanted.seconds is None else float(wanted.seconds)]
    if wanted.cost is not None:
        offer = price(hardware.accelerator)
        limits.append(float(wanted.cost / ranged(offer, int(hardware.total))["likely"]) if offer else 0.0)
    return min(limits)


def fastest(jobs: Jobs, every: Sequence[Way]) -> list[Run]:
    """The fastest way of a machine that fits, and the fastest that surely does, where that is another."""
    groups = [group for group in _groups(every) if jobs.room(group[0], 0)]
    bounds = [_quickest(jobs, group) for group in groups]
    first: Run | None = None
    surely: Run | None = None
    for bound, group in sorted(zip(bounds, groups, strict=True), key=lambda each: each[0]):
        if surely is not None and bound >= surely.seconds:
            break
        for run in _runs(jobs, group):
            if first is None or run.seconds < first.seconds:
                first = run
            if run.sure and (surely is None or run.seconds < surely.seconds):
                surely = run
    return [run for run in dict.fromkeys((first, surely)) if run is not None]


def _groups(every: Sequence[Way]) -> Iterator[list[Way]]:
    """Ways that are alike, those with all weights on the device first."""
    return (sorted(group, key=_away) for _alike, group in groupby(every, key=lambda way: way.alike))


def _away(way: Way) -> bool:
    """Whether weights wait in host memory."""
    return way.question.plan.offload != "none"


def _quickest(jobs: Jobs, group: Sequence[Way]) -> float:
    """Seconds that no way of a group is below: those with all weights on the device, where that is among them."""
    return 0.0 if _away(group[0]) else float(jobs.seconds(group[0], 0).likely)


def _runs(jobs: Jobs, group: Sequence[Way]) -> Iterator[Run]:
    """The ways of a group that fit, up to the first that surely does with all weights on the device."""
    for way in group:
        needed = jobs.memory(way, 0)
        if not holds(needed):
            continue
        sure = needed.verdict == "fits"
        yield Run(way, float(jobs.seconds(way, 0).likely), sure)
        if sure and not _away(way):
            return


def beats(one: Choice, other: Choice) -> bool:
    """Whether a machine is as fast, as cheap and as sure as another and better in one; one without a price is dearer
    than any."""
    costs = [float("inf") if row.cost is None else row.cost for row in (one, other)]
    sure = [row.verdict == "fits" for row in (one, other)]
    if one.seconds > other.seconds or costs[0] > costs[1] or sure[0] < sure[1]:
        return False
    return one.seconds < other.seconds or costs[0] < costs[1] or sure[0] > sure[1]


def _row(jobs: Jobs, run: Run, wanted: Wanted) -> Choice:
    """One machine in one way."""
    question, needed, spent = run.way.question, jobs.memory(run.way, 0), jobs.seconds(run.way, 0)
    hardware = question.hardware
    chip, total, batch = hardware.accelerator, int(hardware.total), question.workload.batch
    offer = price(chip)
    hourly = ranged(offer, HOUR * total)["likely"] if offer else None
    # videos an hour that are wanted / those of one machine, in whole machines
    many = 1 if wanted.rate is None else ceil(wanted.rate * run.seconds / HOUR / batch)
    return Choice(
        accelerator=chip.id,
        name=chip.name,
        kind=chip.kind,
        gpus=total,
        changes=run.way.changes,
        seconds=spent.likely,
        low=spent.low,
        high=spent.high,
        per_hour=hourly,
        provider=offer.provider if offer else "",
        as_of=offer.as_of if offer else "",
        cost=None if hourly is None else hourly / HOUR * spent.likely,
        peak=needed.peak,
        device=needed.device,
        capacity=needed.capacity,
        verdict=needed.verdict,
        host_ram=needed.host_ram,
        host_room=needed.host_room,
        machines=many,
        rate_cost=None if hourly is None else hourly * many,
        front=False,
    )


def _fails(row: Choice, wanted: Wanted) -> str:
    """What of time and money a machine does not keep to; "" where it keeps to all."""
    if wanted.seconds is not None and row.seconds > wanted.seconds:
        return "seconds"
    return "cost" if wanted.cost is not None and (row.cost is None or row.cost > wanted.cost) else ""


def _near(jobs: Jobs, every: Sequence[Way], best: Sequence[Run], wanted: Wanted) -> Near:
    """What a machine fails at, in the way that takes least of it."""
    if best:
        quick = _row(jobs, best[0], wanted)
        return Near(at=_fails(quick, wanted), row=quick)
    at, least = nearest(jobs, every)
    run = Run(least, float(jobs.seconds(least, 0).likely), False)
    return Near(at=at, row=_row(jobs, run, wanted))


def _off(near: Near, wanted: Wanted) -> tuple[int, float]:
    """How far a machine is from what is wanted: what it fails at, then how many times what is allowed it takes."""
    needed, allowed = taken(near.at, near.row, near.row.capacity, near.row.cost, wanted)
    return REASONS.index(near.at), needed / (allowed or 1)
