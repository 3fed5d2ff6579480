"""One video on one accelerator, on two, on four …: the best legal way of sharing at each count, and what it brings.

    report = scaling(question, counts=(1, 2, 4, 8))

At each count every legal way is priced; of those that fit the fastest is taken, without any that fits the one that
misses least. Efficiency is the time of one accelerator over the accelerator-seconds of all.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.account.money import money_part
from vidcalc.account.time import inference_time
from vidcalc.catalog.accelerators import usual_nodes
from vidcalc.describe.question import Question
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import first_step, rewritten
from vidcalc.passes.formats import of_a_chip
from vidcalc.report.estimate import InferenceMemory, InferenceTime
from vidcalc.report.units import Bytes, Dollars, JobSettings, Seconds, Share, WholeCount, WholeGpus
from vidcalc.search.sharing import Pattern, plans, used

SCHEMA = "vidcalc.scale/1"
LITTLE = 0.1  # of the time saved by more accelerators: less is not worth them
CHEAP = 0.25  # of the price more, for a video that is made sooner


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """From the fastest of the smaller counts (`count`) to this one, and what that comes to.

    seconds, cost  more for a video, negative: less [s, USD];  efficiency of the accelerators over those of that count
    verdict  "needed" (fewer do not hold the job), "worth_it", "buys_time" (sooner, at a price), "not_worth_it" or
             "too_big" (not even these hold it)
    """

    count: WholeGpus
    seconds: Seconds
    cost: Dollars | None
    efficiency: Share
    verdict: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One count.

    parallel    ways of sharing with their degrees;  nodes  they stand in
    seconds     of one generation;  denoise, communication  parts of it [s]
    peak        bytes of one accelerator at the largest stage;  fits: "fits", "tight" or "too_big"
    efficiency  seconds of one accelerator over accelerator-seconds;  speedup  over one accelerator
    cost        of one video [USD], None without a price;  ways  how many were tried
    """

    count: WholeGpus
    nodes: WholeCount
    parallel: dict[str, WholeGpus]
    seconds: Seconds
    denoise: Seconds
    communication: Seconds
    low: Seconds
    high: Seconds
    peak: Bytes
    capacity: Bytes
    fits: str
    efficiency: Share
    speedup: Share
    cost: Dollars | None
    ways: WholeCount
    step: Step | None


class Scaling(msgspec.Struct, frozen=True, kw_only=True):
    """All counts that have a legal way, and those that have none.

    best_time, best_cost  counts of the shortest and the cheapest video among those that fit; None where none does
    """

    model: str
    title: str
    accelerator: str
    name: str
    framework: str
    link: str
    network: str
    workload: JobSettings
    rows: list[Row]
    without: list[WholeGpus]
    best_time: WholeGpus | None
    best_cost: WholeGpus | None
    schema: str = SCHEMA


Priced = tuple[Question, InferenceMemory, InferenceTime]


def scaling(question: Question, counts: Iterable[int], pattern: Pattern | None = None) -> Scaling:
    """The counts, the smallest first; the hardware says the accelerator and the links, `pattern` the ways to use.

    One accelerator is always among them: the others are measured against it. Those that nothing joins share nothing.
    """
    model, workload, hardware, plan = question = of_a_chip(question)
    whole = unroll(model, workload)
    rows: list[Row] = []
    without: list[int] = []
    for count in sorted({1, *counts}):
        nodes = usual_nodes(hardware.accelerator, count)
        machine = replace(hardware, count=count // nodes, nodes=nodes)
        ways = plans(question._replace(hardware=machine), count, pattern) if count == 1 or hardware.link else ()
        tried = [_priced(whole, each) for each in ways]
        if tried:
            rows.append(_row(min(tried, key=_rank), rows, len(tried)))
        else:
            without.append(count)
    fitting = [row for row in rows if row.fits != "too_big"]
    priced = [row for row in fitting if row.cost is not None]
    return Scaling(
        model=model.name,
        title=model.title,
        accelerator=hardware.accelerator.id,
        name=hardware.accelerator.name,
        framework=plan.framework,
        link=hardware.link.id if hardware.link else "",
        network=hardware.network.id if hardware.network else "",
        workload={name: getattr(workload, name) for name in workload.__struct_fields__},
        rows=rows,
        without=without,
        best_time=min(fitting, key=lambda row: row.seconds).count if fitting else None,
        best_cost=min(priced, key=lambda row: row.cost or 0).count if priced else None,
    )


def doubling(most: int) -> list[int]:
    """1, 2, 4 … up to `most`, and `most` itself."""
    counts = [1]
    while counts[-1] * 2 <= most:
        counts.append(counts[-1] * 2)
    return sorted({*counts, most})


def _priced(whole: Ledger, question: Question) -> Priced:
    """Memory and time of one way."""
    machine, plan = question.hardware, question.plan
    ledger = rewritten(whole, plan, machine)
    needed = inference_memory(ledger, machine)
    first = first_step(replace(whole, weights=ledger.weights), machine, plan)
    return question, needed, inference_time(ledger, first, machine)


def _rank(tried: Priced) -> tuple[bool, float, int]:
    """What fits before what does not, then the shortest time; of what does not fit the smallest; then fewer ways."""
    question, needed, seconds = tried
    misses = needed.verdict == "too_big"
    return misses, needed.peak if misses else seconds.total, len(used(question.plan))


def _row(winner: Priced, before: list[Row], ways: int) -> Row:
    """A count's row, beside those of fewer accelerators."""
    question, needed, time = winner
    machine = question.hardware
    alone = before[0].seconds if before else time.total
    # compared with the fastest that fits, else with what there is
    holding = [each for each in before if each.fits != "too_big"] or before
    count = int(machine.total)
    paid = money_part(machine.accelerator, time.total * count, 0, question.workload.batch)
    cost = paid.per_video["likely"] if paid else None
    row = Row(
        count=count,
        nodes=int(machine.nodes),
        parallel=used(question.plan),
        seconds=time.total,
        denoise=time.denoise,
        communication=time.parts["denoise"]["communication"],
        low=time.low,
        high=time.high,
        peak=needed.peak,
        capacity=needed.capacity,
        fits=needed.verdict,
        # seconds of one / accelerator-seconds of all
        efficiency=alone / time.total / count,
        speedup=alone / time.total,
        cost=cost,
        ways=ways,
        step=None,
    )
    return replace(row, step=_step(min(holding, key=lambda each: each.seconds), row)) if before else row


def _step(before: Row, row: Row) -> Step:
    """What the accelerators beyond those of the row before bring."""
    seconds = row.seconds - before.seconds
    cost = None if row.cost is None or before.cost is None else row.cost - before.cost
    # accelerator-seconds of this count over those of the one before
    dearer = row.seconds * row.count / (before.seconds * before.count) - 1
    if before.fits == "too_big" and row.fits != "too_big":
        verdict = "needed"
    elif row.fits == "too_big":
        verdict = "too_big"
    elif -seconds < LITTLE * before.seconds:
        verdict = "not_worth_it"
    else:
        verdict = "worth_it" if dearer <= CHEAP else "buys_time"
    # accelerator-seconds of the count before over this one's: 1 where more accelerators waste none
    efficiency = before.seconds * before.count / (row.seconds * row.count)
    return Step(count=before.count, seconds=seconds, cost=cost, efficiency=efficiency, verdict=verdict)
