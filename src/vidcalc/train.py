"""The whole story of a training run on one page: every bucket's micro-batch, priced on a rank, added up to a run.

    report = train(model, data, hardware, plan)

A bucket is a size of sample. The bucket that needs most decides memory, the mix of buckets decides time. Ranks share
the work as `plan.training` says; money and energy are sums over accelerator-seconds.
"""

from vidcalc.account.parts import components, hardware_part, model_part
from vidcalc.account.summary import settings
from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import executed
from vidcalc.cost import memory
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.unroll import unroll
from vidcalc.report.training import BucketPart, TrainingReport
from vidcalc.training import ranks, run, samples, totals
from vidcalc.training.assumptions import assumptions, warnings
from vidcalc.training.bucket import micro, priced


def train(model: Model, data: Data, hardware: Hardware, plan: Plan) -> TrainingReport:
    """Everything about one training run.

    Raises InputError for a choice the catalogue does not have and for degrees that do not go together.
    """
    model = executed(model, plan.framework)
    ranks.checked(model, plan.training)
    found = [bucket(model, each, hardware, plan) for each in data.buckets]
    rows = parts(data, found, hardware, plan)
    held, params = found[0].held, memory.parameters(model.denoiser, (found[0].job.forward,))
    used = run.memory_part([each.cell for each in found], hardware, plan)
    spent = run.time_part(rows, found, hardware, plan)
    seen = totals.run_part(model, data, rows, found, hardware, plan)
    accelerators = spent.total * ranks.world(plan.training)
    return TrainingReport(
        model=model_part(model, params, components(held)),
        plan=settings(plan),
        hardware=hardware_part(hardware),
        ranks=run.ranks_part(plan.training),
        buckets=rows,
        memory=used,
        time=spent,
        run=seen,
        cost=totals.money_part(hardware, accelerators),
        energy=totals.energy_part(hardware, accelerators),
        assumptions=assumptions(model, data, hardware, plan, spent.provenance),
        warnings=warnings(model, data, hardware, plan, used),
    )


def parts(data: Data, found: list[run.Found], hardware: Hardware, plan: Plan) -> list[BucketPart]:
    """The rows of all buckets, each with its whole number of the run's samples."""
    seen = samples.counts(data.samples, data.buckets)
    return [
        run.bucket_part(size, one, each, hardware, plan)
        for size, one, each in zip(data.buckets, found, seen, strict=True)
    ]


def loaded(model: Model, size: Bucket, hardware: Hardware, plan: Plan) -> run.Loaded:
    """One bucket unrolled and taped: what does not depend on how ranks share it."""
    workload = workload_of(model, size)
    job = unroll(model, workload, plan)
    held = memory.networks(model, plan, job)
    return run.Loaded(
        workload=workload,
        job=job,
        held=held,
        taped=micro(model, workload, plan),
        validation=run.validation(job, held, workload, hardware, plan),
    )


def bucket(model: Model, size: Bucket, hardware: Hardware, plan: Plan) -> run.Found:
    """One bucket unrolled and priced on the plan's ranks. Raises InputError for more of them than it has tokens."""
    one = loaded(model, size, hardware, plan)
    ranks.spread(one.job.video_tokens, plan.training)
    cell = priced(one.taped, one.job, one.held, hardware, plan, one.validation.activations)
    return run.Found(workload=one.workload, job=one.job, held=one.held, cell=cell, validation=one.validation.seconds)


def workload_of(model: Model, size: Bucket) -> Workload:
    """The workload of a micro-batch of that size; what the model's VAE or denoiser rounds is as in generation."""
    return fill.workload(model, width=size.width, height=size.height, frames=size.frames, batch=size.batch)
