"""The parts of an estimate on training: bytes and seconds of one optimizer step on one accelerator."""

from vidcalc.account.bucket import BucketCost
from vidcalc.base.units import HOUR
from vidcalc.cost.memory import peak
from vidcalc.cost.seconds import spread, total
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.workload import Workload
from vidcalc.report.estimate import TrainingMemory, TrainingTime


def training_memory(cost: BucketCost, hardware: Hardware) -> TrainingMemory:
    """The five documented rows and what the process needs beside them: all that is ever held; and the peak."""
    most, live = peak(cost.stages), cost.step.live
    capacity = hardware.accelerator.reported
    return TrainingMemory(
        **cost.rows,
        total=sum(cost.rows.values()),
        kept_for_backward=live.kept,
        forward_backward_peak=live.peak,
        peak=most,
        margin=capacity - most,
        verdict=verdict(most, interval(most)[1], capacity, cost.step.aside.unsized),
        unsized=list(cost.step.aside.unsized),
    )


def training_time(cost: BucketCost, workload: Workload, hardware: Hardware) -> TrainingTime:
    """Seconds of one optimizer step and of the run, on one accelerator."""
    whole = spread(total(cost.seconds).called("step"), "step")
    return TrainingTime(
        per_step=whole.likely,
        total=whole.likely * workload.train_steps,
        gpu_hours=whole.likely * workload.train_steps * hardware.total / HOUR,
        low=whole.low,
        high=whole.high,
        steps=workload.train_steps,
        parts={name: piece.likely for name, piece in cost.seconds.items()},
    )
