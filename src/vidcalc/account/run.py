"""From buckets to a run: which one decides memory, how the mix decides time, what is read, written and paid.

Samples of a bucket are its share of all, in whole numbers that add up; each step works on one bucket, so a bucket's
steps are its samples over the global batch at its size (see `vidcalc.account.samples`).
"""

from vidcalc.account.bucket import BucketCost
from vidcalc.account.memory import host_room
from vidcalc.account.mixing import imbalance
from vidcalc.account.samples import global_batch
from vidcalc.base.guest import named
from vidcalc.base.number import Number, ceil_div, largest
from vidcalc.base.provenance import weakest
from vidcalc.base.units import HOUR
from vidcalc.catalog.training import recipe
from vidcalc.cost.host import worse
from vidcalc.cost.memory import peak
from vidcalc.cost.seconds import Seconds, spread, total
from vidcalc.cost.step_memory import rows, waiting
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.data import Bucket
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.step import Step
from vidcalc.ledger.taping import sequence
from vidcalc.passes.degrees import context, world
from vidcalc.report.training import BucketPart, PhaseRow, Ranks, RunMemory, RunTime


def bucket_part(
    size: Bucket, cost: BucketCost, samples: Number, hardware: Hardware, training: TrainingPlan
) -> BucketPart:
    """A bucket's row of the report; `samples` of its size are seen."""
    step = cost.step
    spent = spread(total(cost.seconds).called("step"), "step")
    together = global_batch(training, size.batch)
    steps = ceil_div(samples, together)
    able = named("able", spent.likely * step.world * dense(hardware, training), "FLOP")
    micros = training.grad_accum * training.data_degree
    seen, executed = named("model_flops", step.flops.model * step.auxiliary.passes, "FLOP"), executed_flops(step)
    top = max(cost.stages, key=lambda stage: stage.total)
    return BucketPart(
        width=size.width,
        height=size.height,
        frames=size.frames,
        share=size.share,
        batch=size.batch,
        global_batch=together,
        latent=list(cost.ledger.latent),
        video_tokens=cost.ledger.video_tokens,
        sequence=sequence(cost.ledger),
        flops_per_sample=seen / size.batch if seen % size.batch else seen // size.batch,
        hardware_flops=executed,
        kept_for_backward=step.live.kept,
        forward_backward_peak=step.live.peak,
        host=step.live.host,
        peak=top.total,
        peak_phase=top.id,
        seconds_per_step=spent.likely,
        low=spent.low,
        high=spent.high,
        samples_per_second=together / spent.likely,
        parts={name: part.likely for name, part in cost.seconds.items()},
        mfu=seen * micros / able,
        hfu=executed * micros / able,
        samples=samples,
        steps=steps,
        seconds=spent.likely * steps,
    )


def executed_flops(step: Step) -> Number:
    """FLOPs of all networks for one micro-batch of samples, with all that is computed again [FLOP]."""
    beside, flops = step.auxiliary, step.flops
    trained = flops.hardware * (beside.passes + beside.updates)
    return trained + flops.forward * (beside.forwards * beside.passes + beside.samples)


def dense(hardware: Hardware, training: TrainingPlan) -> Number:
    """Dense peak of one accelerator in the recipe's format: what MFU is a share of [FLOP/s]."""
    return hardware.accelerator.peak(recipe(training.recipe).compute)


def memory_part(costs: list[BucketCost], hardware: Hardware) -> RunMemory:
    """The bucket that needs most, stage by stage, and the documented rows."""
    most = max(range(len(costs)), key=lambda place: peak(costs[place].stages))
    cost = costs[most]
    top = max(cost.stages, key=lambda stage: stage.total)
    low, high = interval(top.total)
    capacity = hardware.accelerator.reported
    host = waiting(each.step for each in costs)
    judged = verdict(top.total, high, capacity, cost.step.aside.unsized)
    beside = host_room(host, hardware, top.total + host.resident)
    return RunMemory(
        **cost.rows,
        total=sum(cost.rows.values()),
        phases=[PhaseRow(id=stage.id, total=stage.total, **rows(stage)) for stage in cost.stages],
        peak=top.total,
        peak_phase=top.id,
        peak_bucket=most,
        low=low,
        high=high,
        capacity=capacity,
        margin=capacity - top.total,
        verdict=worse(judged, beside.verdict) if beside else judged,
        unsized=list(cost.step.aside.unsized),
        host_ram=host.resident,
        host_loading=host.loading_peak,
        host_room=beside,
    )


def time_part(parts: list[BucketPart], costs: list[BucketCost], hardware: Hardware, training: TrainingPlan) -> RunTime:
    """Seconds of the run over the mix of buckets, validation included."""
    steps = named("steps", sum(part.steps for part in parts))
    sampled = largest(cost.validation for cost in costs) * (steps // training.validation_every)
    waited = imbalance(
        [total(cost.seconds).called("step") for cost in costs],
        [part.steps for part in parts],
        training.data_degree,
        training.mixing,
    )
    spent = waited.times(steps)
    by_part: dict[str, Number] = {"imbalance": waited.likely * steps}
    for part, cost in zip(parts, costs, strict=True):
        spent = spent + total(cost.seconds).called("step").times(part.steps)
        for name, each in cost.seconds.items():
            by_part[name] = by_part.get(name, 0) + each.likely * part.steps
    spent = spent.called("buckets")
    whole = spread(spent, "step") + Seconds(sampled, sampled, sampled, spent.provenance if sampled else "measured")
    ranks = world(training)
    able = named("able", whole.likely * ranks * dense(hardware, training), "FLOP")
    return RunTime(
        per_step=spent.likely / steps,
        total=whole.likely,
        low=whole.low,
        high=whole.high,
        parts={name: value / steps for name, value in by_part.items()},
        provenance=weakest(whole.provenance, "measured"),
        gpu_hours=whole.likely * ranks / HOUR,
        samples_per_second=sum(part.samples for part in parts) / whole.likely,
        tokens_per_second=sum(part.samples * part.sequence for part in parts) / whole.likely,
        validation=sampled,
        mfu=sum(part.samples * part.flops_per_sample for part in parts) / able,
        hfu=sum(part.samples / part.batch * part.hardware_flops for part in parts) / able,
    )


def ranks_part(training: TrainingPlan) -> Ranks:
    """The degrees of the run."""
    return Ranks(
        world=world(training),
        data=training.data_degree,
        context=context(training),
        tensor=training.tensor_degree,
        pipeline=training.pipeline_degree,
        shards=training.shard_degree,
        sharding=training.sharding,
    )
