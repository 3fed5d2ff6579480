"""The report of a training run: buckets, the one that decides memory, the run's time, money and energy."""

from vidcalc.account import run, samples, totals, training_assumptions
from vidcalc.account.bucket import BucketCost
from vidcalc.account.model import hardware_part, model_part
from vidcalc.account.summary import settings
from vidcalc.cost import money
from vidcalc.describe.question import Run
from vidcalc.report.training import BucketPart, TrainingReport


def training_report(asked: Run, costs: list[BucketCost]) -> TrainingReport:
    """Everything about a run whose buckets are priced."""
    model, data, hardware, plan = asked
    rows = bucket_rows(asked, costs)
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
        cost=money.run_money(hardware.accelerator, accelerators),
        energy=money.run_energy(hardware, accelerators),
        assumptions=training_assumptions.assumptions(asked, time.provenance),
        warnings=training_assumptions.warnings(asked, memory),
    )


def bucket_rows(asked: Run, costs: list[BucketCost]) -> list[BucketPart]:
    """The rows of all buckets, each with its whole number of the run's samples."""
    data, hardware, training = asked.data, asked.hardware, asked.plan.training
    seen = samples.counts(data.samples, data.buckets)
    return [
        run.bucket_part(size, cost, each, hardware, training)
        for size, cost, each in zip(data.buckets, costs, seen, strict=True)
    ]
