"""The report of a training run: buckets, the one that decides memory, the run's time, money and energy."""

from vidcalc.account import run, samples, totals, training_assumptions
from vidcalc.account.bucket import BucketCost
from vidcalc.account.model import hardware_part, model_part
from vidcalc.account.summary import settings
from vidcalc.cost import money
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.report.training import BucketPart, TrainingReport


def training_report(
    model: Model, data: Data, costs: list[BucketCost], hardware: Hardware, plan: Plan
) -> TrainingReport:
    """Everything about a run whose buckets are priced."""
    rows = bucket_rows(data, costs, hardware, plan)
    memory = run.memory_part(costs, hardware)
    time = run.time_part(rows, costs, hardware, plan)
    accelerators = time.total * costs[0].step.world
    return TrainingReport(
        model=model_part(model, costs[0].ledger),
        plan=settings(plan),
        hardware=hardware_part(hardware),
        ranks=run.ranks_part(plan.training),
        buckets=rows,
        memory=memory,
        time=time,
        run=totals.run_part(data, rows, costs, hardware, plan),
        cost=money.run_money(hardware.accelerator, accelerators),
        energy=money.run_energy(hardware, accelerators),
        assumptions=training_assumptions.assumptions(data, hardware, plan, time.provenance),
        warnings=training_assumptions.warnings(model, data, hardware, plan, memory),
    )


def bucket_rows(data: Data, costs: list[BucketCost], hardware: Hardware, plan: Plan) -> list[BucketPart]:
    """The rows of all buckets, each with its whole number of the run's samples."""
    seen = samples.counts(data.samples, data.buckets)
    return [
        run.bucket_part(size, cost, each, hardware, plan)
        for size, cost, each in zip(data.buckets, costs, seen, strict=True)
    ]
