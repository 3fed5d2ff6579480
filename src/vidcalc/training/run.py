"""From buckets to a run: which one decides memory, how the mix decides time, what is read, written and paid.

Samples of a bucket are its share of all, in whole numbers that add up; each step works on one bucket, so a bucket's
steps are its samples over the global batch at its size (see `vidcalc.training.samples`).
"""

from typing import Any

import msgspec

from vidcalc.base.number import ceil_div, largest
from vidcalc.catalog.training import recipe
from vidcalc.cost.memory import Network
from vidcalc.cost.time import Seconds, spread, total, weakest
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.unroll import Job
from vidcalc.report.training import BucketPart, PhaseRow, Ranks, RunMemory, RunTime
from vidcalc.training import company, ranks
from vidcalc.training.bucket import Cell, Micro
from vidcalc.training.memory import ROWS, peak, waiting
from vidcalc.training.mixing import imbalance

HOUR = 3600


class Found(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A bucket unrolled and priced; `validation`: seconds of one validation sample."""

    workload: Workload
    job: Job
    held: dict[str, Network]
    cell: Cell
    validation: Any


class Sample(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A validation sample: live activations at its peak [byte] and seconds; 0 where none is made."""

    activations: Any
    seconds: Any


class Loaded(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A bucket unrolled and taped, whatever ranks share it."""

    workload: Workload
    job: Job
    held: dict[str, Network]
    taped: Micro
    validation: Sample


def validation(job: Job, held: dict[str, Network], workload: Workload, hardware: Hardware, plan: Plan) -> Sample:
    """One sample generated with the trained weights, on every rank by itself."""
    if plan.training.validation == "off":
        return Sample(activations=0, seconds=0)
    from vidcalc.account.parts import inference_time

    live = largest(phase.trace.peak + phase.trace.workspace for phase in job.phases if phase.id != "text_encode")
    return Sample(activations=live, seconds=inference_time(job, held, workload, hardware, plan).total)


def bucket_part(size: Bucket, found: Found, samples: Any, hardware: Hardware, plan: Plan) -> BucketPart:
    """A bucket's row of the report; `samples` of its size are seen."""
    training, cell = plan.training, found.cell
    spent, flops = spread(total(cell.seconds)), cell.micro.flops
    together = ranks.global_batch(training, size.batch)
    steps = ceil_div(samples, together)
    able = spent.likely * ranks.world(training) * dense(hardware, plan)
    micros = training.grad_accum * training.data_degree
    seen = flops.model * company.passes(training)
    executed = company.executed(flops, training)
    return BucketPart(
        width=size.width,
        height=size.height,
        frames=size.frames,
        share=size.share,
        batch=size.batch,
        global_batch=together,
        latent=list(found.job.latent),
        video_tokens=found.job.video_tokens,
        sequence=found.job.sequence,
        flops_per_sample=seen / size.batch if seen % size.batch else seen // size.batch,
        hardware_flops=executed,
        kept_for_backward=cell.micro.live.kept,
        forward_backward_peak=cell.micro.live.peak,
        host=cell.micro.live.host,
        peak=peak(cell.phases),
        peak_phase=max(cell.phases, key=lambda phase: phase.total).id,
        seconds_per_step=spent.likely,
        low=spent.low,
        high=spent.high,
        samples_per_second=together / spent.likely,
        parts={name: part.likely for name, part in cell.seconds.items()},
        mfu=seen * micros / able,
        hfu=executed * micros / able,
        samples=samples,
        steps=steps,
        seconds=spent.likely * steps,
    )


def dense(hardware: Hardware, plan: Plan) -> Any:
    """Dense peak of one accelerator in the recipe's format: what MFU is a share of [FLOP/s]."""
    return hardware.accelerator.peak(recipe(plan.training.recipe).compute)


def memory_part(cells: list[Cell], hardware: Hardware, plan: Plan) -> RunMemory:
    """The bucket that needs most, phase by phase, and the documented rows."""
    most = max(range(len(cells)), key=lambda place: peak(cells[place].phases))
    cell = cells[most]
    top = max(cell.phases, key=lambda phase: phase.total)
    low, high = interval(top.total)
    capacity = hardware.accelerator.reported
    return RunMemory(
        **cell.rows,
        total=sum(cell.rows.values()),
        phases=[
            PhaseRow(id=phase.id, total=phase.total, **{row: getattr(phase, row) for row in ROWS})
            for phase in cell.phases
        ],
        peak=top.total,
        peak_phase=top.id,
        peak_bucket=most,
        low=low,
        high=high,
        capacity=capacity,
        margin=capacity - top.total,
        verdict=verdict(low, high, capacity),
        host_ram=largest(_in_host(each, plan) for each in cells),
    )


def _in_host(cell: Cell, plan: Plan) -> Any:
    """Bytes of host memory that one rank needs: states, those of further networks, activations."""
    passed = company.unrolled(plan.training)
    return cell.states.host + company.waiting(cell.states, plan.training) + waiting(cell.micro.live, passed)


def time_part(rows: list[BucketPart], found: list[Found], hardware: Hardware, plan: Plan) -> RunTime:
    """Seconds of the run over the mix of buckets, validation included."""
    training = plan.training
    steps = sum(row.steps for row in rows)
    sampled = max(each.validation for each in found) * (steps // training.validation_every)
    waited = imbalance(
        [total(each.cell.seconds) for each in found], [row.steps for row in rows], training.data_degree, training.mixing
    )
    spent = waited.times(steps)
    parts: dict[str, Any] = {"imbalance": waited.likely * steps}
    for row, each in zip(rows, found, strict=True):
        spent = spent + total(each.cell.seconds).times(row.steps)
        for name, part in each.cell.seconds.items():
            parts[name] = parts.get(name, 0) + part.likely * row.steps
    whole = spread(spent) + Seconds(sampled, sampled, sampled, spent.provenance if sampled else "measured")
    able = whole.likely * ranks.world(training) * dense(hardware, plan)
    return RunTime(
        per_step=spent.likely / steps,
        total=whole.likely,
        low=whole.low,
        high=whole.high,
        parts={name: value / steps for name, value in parts.items()},
        provenance=weakest(whole.provenance, "measured"),
        gpu_hours=whole.likely * ranks.world(training) / HOUR,
        samples_per_second=sum(row.samples for row in rows) / whole.likely,
        tokens_per_second=sum(row.samples * row.sequence for row in rows) / whole.likely,
        validation=sampled,
        mfu=sum(row.samples * row.flops_per_sample for row in rows) / able,
        hfu=sum(row.samples / row.batch * row.hardware_flops for row in rows) / able,
    )


def ranks_part(training: TrainingPlan) -> Ranks:
    """The degrees of the run."""
    return Ranks(
        world=ranks.world(training),
        data=training.data_degree,
        context=ranks.context(training),
        tensor=training.tensor_degree,
        pipeline=training.pipeline_degree,
        shards=training.shard_degree,
        sharding=training.sharding,
    )
