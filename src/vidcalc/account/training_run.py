"""The report of a training run: buckets, the one that decides memory, the run's time, money and energy."""

from vidcalc.account import run, samples, totals, training_assumptions
from vidcalc.account.bucket import BucketCost
from vidcalc.account.model import hardware_part, model_part
from vidcalc.account.summary import settings
from vidcalc.base.number import Number
from vidcalc.cost.money import drawn, price, ranged
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.question import Run
from vidcalc.rates.site import figures
from vidcalc.report.training import BucketPart, RunEnergy, RunMoney, TrainingReport


def training_report(question: Run, costs: list[BucketCost]) -> TrainingReport:
    """Everything about a run whose buckets are priced."""
    model, data, hardware, plan = question
    rows = bucket_rows(question, costs)
    memory = run.memory_part(costs, hardware)
    time = run.time_part(rows, costs, hardware, plan.training)
    accelerators = time.total * costs[0].step.world
    return TrainingReport(
        model=model_part(model, costs[0].ledger),
        plan=settings(plan),
        hardware=hardware_part(hardware),
        ranks=run.ranks_part(plan.training),
        buckets=rows,
        memory=memory,
        time=time,
        run=totals.run_part(data, rows, costs, hardware, plan.training),
        cost=run_money(hardware.accelerator, accelerators),
        energy=run_energy(hardware, accelerators),
        assumptions=training_assumptions.assumptions(question, time.provenance),
        warnings=training_assumptions.warnings(question, memory),
    )


def bucket_rows(question: Run, costs: list[BucketCost]) -> list[BucketPart]:
    """The rows of all buckets, each with its whole number of the run's samples."""
    data, hardware, training = question.data, question.hardware, question.plan.training
    seen = samples.counts(data.samples, data.buckets)
    return [
        run.bucket_part(size, cost, each, hardware, training)
        for size, cost, each in zip(data.buckets, costs, seen, strict=True)
    ]


def run_money(accelerator: Accelerator, seconds: Number) -> RunMoney | None:
    """Accelerator-seconds of a training run at the preferred class of provider's range; None without a price."""
    offer = price(accelerator)
    if offer is None:
        return None
    return RunMoney(provider=offer.provider, as_of=offer.as_of, source=offer.source, **ranged(offer, seconds))


def run_energy(hardware: Hardware, seconds: Number) -> RunEnergy | None:
    """Energy at the power that busy accelerators draw, facility included; None where the power is unknown."""
    watts, site = hardware.accelerator.tdp, hardware.site
    if watts is None:
        return None
    here = figures(hardware)
    spent = drawn(watts, here, "likely", seconds)
    return RunEnergy(energy=spent, carbon=spent * here.carbon, pue=here.pue, place=site.place, country=site.country)
