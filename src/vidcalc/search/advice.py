"""The page about plans: the best, the front, what each number of accelerators gives, why, and what helps if nothing
fits.

    report = advice(request, machines)
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import train
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import offloaded
from vidcalc.passes import legal
from vidcalc.rates.machines import placed
from vidcalc.report.plan import CountRow, Help, PlanReport, PlanRow
from vidcalc.report.training import TrainingReport
from vidcalc.search import front, price
from vidcalc.search.exhaustive import Candidate, Found, Search, Told, place_of, search
from vidcalc.search.plans import FACTORS, factors, grid, size
from vidcalc.search.why import why

WORDS = ("sharding", "reshard", "checkpointing", "recipe", "optimizer", "update", "offload")
MORE = (2, 4, 8)  # times the accelerators
CHANGES = ({"optimizer": "adamw-8bit"}, {"offload": "optimizer"}, {"offload": "optimizer+weights"})
NEAR = 32  # accelerators more or fewer that are tried where a number is not possible


def advice(request: Search, machines: Mapping[int, Hardware], progress: Told | None = None) -> PlanReport:
    """The best plans on each number of accelerators. Raises InputError for a choice the catalogue does not have,
    and for degrees or numbers of accelerators that no plan allows.
    """
    words = {word for word, _reshard in request.space.shardings}
    settled = {"sharding": words.pop()} if len(words) == 1 else {}
    stated = {**settled, **request.space.degrees, "shard_degree": 1}
    legal.checked_training(request.run.model, replace(request.run.plan.training, **stated))
    outcomes = search(request, machines, progress)
    fits = [each for each in outcomes if each.best]
    if not fits:
        return _nothing(request, machines, outcomes)
    # counts of ranks differ in time and cost: the best of each, by what is wanted
    winning = min(fits, key=lambda each: each.best[0].score(request.by))
    hardware, winner = machines[winning.world], winning.best[0]
    report = alone(request, hardware, winner)
    return replace(
        _page(request, machines, outcomes, report),
        best=[row(request, hardware, each) for each in winning.best],
        front=[row(request, hardware, each) for each in winning.front],
        why=None if request.by == "memory" else why(request, hardware, winner, report),
    )


def _page(
    request: Search, machines: Mapping[int, Hardware], outcomes: list[Found], report: TrainingReport
) -> PlanReport:
    """The page around the plan of that report, with no plan on it yet."""
    return PlanReport(
        model=report.model,
        hardware=report.hardware,
        by=request.by,
        global_batch=report.buckets[0].global_batch,
        samples=request.run.data.samples,
        capacity=report.memory.capacity,
        counts=_counts(request, machines, outcomes),
        best=[],
        front=[],
        why=None,
        missing=0,
        helps=[],
        assumptions=report.assumptions,
        warnings=report.warnings,
    )


def alone(request: Search, hardware: Hardware, one: Candidate) -> TrainingReport:
    """The report of one plan by itself."""
    run = request.run
    return train(run.model, price.grown(run.data, one.factor), hardware, replace(run.plan, training=one.training))


def row(request: Search, hardware: Hardware, one: Candidate) -> PlanRow:
    """One plan with the figures of its own report."""
    report, plan = alone(request, hardware, one), one.training
    memory, time = report.memory, report.time
    return PlanRow(
        gpus=one.world,
        words={name: getattr(plan, name) for name in WORDS} | {"offload": offloaded(plan)},
        degrees={name: getattr(plan, name) for name in (*FACTORS, "shard_degree")},
        batches=[each.batch for each in report.buckets],
        grad_accum=int(plan.grad_accum),
        global_batch=report.buckets[0].global_batch,
        peak=memory.peak,
        low=memory.low,
        high=memory.high,
        margin=memory.margin,
        verdict=memory.verdict,
        host_ram=memory.host_ram,
        seconds=time.total,
        seconds_per_step=time.per_step,
        per_sample=time.total / request.run.data.samples,
        gpu_hours=time.gpu_hours,
        cost=None if report.cost is None else report.cost.likely,
        mfu=time.mfu,
        parts=time.parts,
    )


def _counts(request: Search, machines: Mapping[int, Hardware], outcomes: list[Found]) -> list[CountRow]:
    """A row for each number of accelerators; those that no other beats in time and accelerator-hours are efficient."""
    import numpy as np

    fits = [each for each in outcomes if each.best]
    spent = np.array([each.best[0].seconds for each in fits])
    used = np.array([each.best[0].seconds * each.world for each in fits])
    kept = {fits[place].world for place in front.front(spent, used)}
    return [
        CountRow(
            gpus=each.world,
            legal=each.legal,
            priced=each.priced,
            fitting=each.fitting,
            least=None if each.smallest is None else each.smallest.peak,
            efficient=each.world in kept,
            best=row(request, machines[each.world], each.best[0]) if each.best else None,
        )
        for each in outcomes
    ]


def _nothing(request: Search, machines: Mapping[int, Hardware], outcomes: list[Found]) -> PlanReport:
    """The page where nothing fits: what the least plan lacks, and what would help.

    Raises InputError("gpus", …) where no plan is legal.
    """
    outcomes = search(replace(request, pruned=False), machines)  # for the least of all plans, not of those looked at
    leasts = [each.smallest for each in outcomes if each.smallest is not None]
    if not leasts:
        world, near = outcomes[-1].world, possible(request, machines[outcomes[-1].world], outcomes[-1].world)
        closest = min(near, key=lambda count: abs(count - world), default=None)
        raise InputError("gpus", world, near, None if closest is None else str(closest))
    least = min(leasts, key=lambda each: each.peak)
    hardware = machines[least.world]
    report = alone(request, hardware, least)
    page = _page(request, machines, outcomes, report)
    margin, beside = report.memory.margin, report.memory.host_room
    if beside is not None and beside.margin < 0 <= margin:
        page, margin = replace(page, lacking="host", capacity=beside.capacity), beside.margin
    return replace(page, missing=-margin, helps=list(_helps(request, least.world, hardware)))


def possible(request: Search, hardware: Hardware, world: int) -> list[int]:
    """Numbers of accelerators near that one on which some plan is legal."""
    counts = []
    for count in range(max(world - NEAR, 1), world + NEAR + 1):
        place = place_of(request, count, placed(hardware, count))
        factor = factors(request.space)[0]
        tables = (grid(place, request.space, way, factor, request.run.plan.training) for way in request.space.shardings)
        if any(map(size, tables)):
            counts.append(count)
    return counts


def _helps(request: Search, world: int, hardware: Hardware) -> Iterator[Help]:
    """Changes with which a plan fits: more accelerators, states in fewer bytes, states or weights in host memory."""
    for times in MORE:
        more = placed(hardware, world * times)
        least = _least(request, world * times, more)
        if least is not None:
            yield Help(changes={"gpus": world * times}, peak=least)
            break
    for changes in CHANGES:
        changed = replace(request.run.plan, training=replace(request.run.plan.training, **changes))
        words = {name: ways for name, ways in request.space.words.items() if name not in changes}
        other = replace(request, run=request.run._replace(plan=changed), space=replace(request.space, words=words))
        least = _least(other, world, hardware)
        if least is not None:
            yield Help(changes=dict(changes), peak=least)


def _least(request: Search, world: int, hardware: Hardware) -> float | None:
    """The least that a plan which fits needs [byte]; None where none does."""
    (outcome,) = search(replace(request, by="memory", winner=True), {world: hardware})
    return outcome.best[0].peak if outcome.best else None
