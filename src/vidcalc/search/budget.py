"""What a budget trains: of a given model as many steps as it lasts for, and by scaling laws the best size and data.

    report = budget(amount, question, laws)

The run is the one that `vidcalc.calculate.train` prices; here its length is the unknown.
"""

from typing import NamedTuple

from msgspec.structs import replace

from vidcalc.account import run, samples, totals
from vidcalc.account.bucket import BucketCost
from vidcalc.account.model import denoiser_params, hardware_part, model_part
from vidcalc.account.summary import settings
from vidcalc.account.training_assumptions import assumptions, warnings
from vidcalc.account.training_run import bucket_rows
from vidcalc.base.errors import InputError
from vidcalc.calculate import bucket
from vidcalc.catalog.scaling import PER_TOKEN
from vidcalc.cost.money import price, ranged
from vidcalc.describe.budget import Budget
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes import legal
from vidcalc.passes.degrees import world
from vidcalc.report.budget import Affordable, BudgetReport, Funds, Optimum, Room
from vidcalc.report.estimate import Assumption
from vidcalc.report.training import BucketPart, RunTime
from vidcalc.search import batch, optimum


def budget(amount: Budget, question: Run, laws: tuple[str, ...], of_model: bool = True) -> BudgetReport:
    """What the budget trains. Plain numbers only.

    question  its data are the buckets and the distinct clips of a data set (0: none); its samples are worked out
    laws      scaling laws to ask, the chosen one first
    of_model  whether its model was asked for; else only the laws answer

    Raises InputError for money without a price, unknown laws, and degrees that do not go together.
    """
    model, data, hardware, plan = question
    spend = funds(amount, hardware, plan.training)
    if of_model:
        legal.checked_training(model, plan.training)
    costs = [bucket(model, size, hardware, plan) for size in data.buckets]
    answer = affordable(spend, question, costs) if of_model else None
    optima = [each for name in laws if (each := optimum.optimum(name, spend, question))]
    lasting = replace(data, samples=answer.samples if answer else 0)
    rests = assumptions(question._replace(data=lasting), costs[0].seconds["forward"].provenance)
    cautions = warnings(question, run.memory_part(costs, hardware))
    return BudgetReport(
        budget=spend,
        model=model_part(model, costs[0].ledger) if of_model else None,
        plan=settings(plan),
        hardware=hardware_part(hardware),
        ranks=run.ranks_part(plan.training),
        affordable=answer,
        optima=optima,
        assumptions=[*(each for each in rests if each.id != "samples"), *(_basis(each) for each in optima[:1])],
        warnings=[*(cautions if of_model else []), *optimum.warnings(optima[:1], plan.training.mode)],
    )


class Lasting(NamedTuple):
    """A run of so many steps: samples, its buckets, its time."""

    samples: int
    rows: list[BucketPart]
    time: RunTime


def _basis(best: Optimum) -> Assumption:
    """The law that the best size rests on."""
    return Assumption(id="scaling_law", value=best.title, source=best.source, provenance="assumed")


def funds(limit: Budget, hardware: Hardware, training: TrainingPlan) -> Funds:
    """The budget in accelerator-seconds and in money. Raises InputError("price", …) for money without a price."""
    offer = price(hardware.accelerator)
    ranks = world(training)
    each = {} if offer is None else ranged(offer, 1)
    if limit.kind == "money":
        if not all(each.values()) or not each:
            raise InputError("price", None, ("USD/h",))
        # a budget lasts longest at the low price
        spend = {"low": limit.amount / each["high"], "likely": limit.amount / each["likely"]}
        spend["high"], paid = limit.amount / each["low"], dict.fromkeys(each, limit.amount)
    else:
        spend = dict.fromkeys(("low", "likely", "high"), limit.amount)
        paid = {name: rate * limit.amount for name, rate in each.items()}
    return Funds(
        kind=limit.kind,
        gpu_seconds=spend["likely"],
        gpu_seconds_low=spend["low"],
        gpu_seconds_high=spend["high"],
        # accelerator-seconds / ranks that run at once
        seconds=spend["likely"] / ranks,
        money=paid.get("likely"),
        money_low=paid.get("low"),
        money_high=paid.get("high"),
        provider="" if offer is None else offer.provider,
        as_of="" if offer is None else offer.as_of,
        source="" if offer is None else offer.source,
    )


def affordable(spend: Funds, question: Run, costs: list[BucketCost]) -> Affordable:
    """The longest run of that model within the budget; of 0 steps where it does not last for one."""
    data, hardware, training = question.data, question.hardware, question.plan.training

    def lasting(steps: int) -> Lasting:
        seen = samples.of_steps(steps, data.buckets, training)
        rows = bucket_rows(question._replace(data=replace(data, samples=seen)), costs)
        return Lasting(seen, rows, run.time_part(rows, costs, hardware, training))

    shortest = min(row.seconds_per_step for row in lasting(1).rows)
    # no more steps than the shortest ones make
    beyond = int(spend.seconds / shortest) + 1
    steps = batch.most(lambda steps: lasting(steps).time.total <= spend.seconds, beyond)
    seen, rows, time = lasting(max(steps, 1))
    whole = steps > 0
    tokens = sum(row.samples * row.sequence for row in rows) * whole
    params = denoiser_params(costs[0].ledger)
    ranks = world(training)
    stored = samples.counts(data.clips or seen, data.buckets)
    return Affordable(
        steps=steps,
        # the fewest seconds that the budget buys, at the slow end of a step's band
        steps_low=int(steps * (spend.gpu_seconds_low / spend.gpu_seconds) * (time.total / time.high)),
        steps_high=int(steps * (spend.gpu_seconds_high / spend.gpu_seconds) * (time.total / time.low)),
        samples=seen * whole,
        clips=int(data.clips) or None,
        epochs=seen * whole / data.clips if data.clips else None,
        tokens=tokens,
        flops=sum(row.samples * row.flops_per_sample for row in rows) * whole,
        # 6 N D: forward and backward of every parameter for every token
        flops_6nd=PER_TOKEN * params * tokens,
        # stored latents are encoded once, whatever the epochs
        encode_seconds=totals.encoding(stored, rows, costs, hardware, training) * whole,
        seconds=time.total * whole,
        left=spend.seconds - time.total * whole,
        seconds_per_step=time.per_step,
        # accelerator-seconds of one step
        per_step=time.per_step * ranks,
        mfu=time.mfu,
        buckets=[_room(question, size, row) for size, row in zip(data.buckets, rows, strict=True)],
    )


def _room(question: Run, size: Bucket, row: BucketPart) -> Room:
    """A bucket's batch and the largest that fits."""
    fits, nbytes = batch.largest(question, size)
    return Room(
        width=row.width,
        height=row.height,
        frames=row.frames,
        share=row.share,
        batch=row.batch,
        sequence=row.sequence,
        peak=row.peak,
        verdict=batch.judged(int(row.peak), question.hardware),
        seconds_per_step=row.seconds_per_step,
        largest=fits,
        largest_peak=nbytes,
    )
