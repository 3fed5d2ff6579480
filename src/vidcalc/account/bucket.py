"""One bucket of a training run: what a micro-batch of its size holds on one rank and how long a step of it takes."""

import msgspec

from vidcalc.base.number import Number
from vidcalc.cost import step as step_cost
from vidcalc.cost import step_memory
from vidcalc.cost.memory import Stage
from vidcalc.cost.seconds import Seconds
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.step import Step
from vidcalc.ledger.types import Ledger
from vidcalc.passes import training_step


class Sample(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A validation sample: live activations at its peak [byte] and seconds; 0 where none is made."""

    activations: Number = 0
    seconds: Number = 0


class Loaded(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A bucket unrolled and taped, whatever ranks share it: the generation of its size, and the step on one rank."""

    workload: Workload
    ledger: Ledger
    step: Step
    validation: Sample = Sample()


class BucketCost(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A bucket priced on one rank: the step it does, bytes by stage and by documented row, seconds by part.

    validation  seconds of one validation sample
    """

    workload: Workload
    ledger: Ledger
    step: Step
    stages: list[Stage]
    rows: dict[str, Number]
    seconds: dict[str, Seconds]
    validation: Number


def priced(one: Loaded, hardware: Hardware, training: TrainingPlan) -> BucketCost:
    """Bytes and seconds of a bucket on one rank of the plan."""
    step = training_step(one.step, training, hardware)
    stages = step_memory.stages(step)
    return BucketCost(
        workload=one.workload,
        ledger=one.ledger,
        step=step,
        stages=stages,
        rows=step_memory.documented(step, stages),
        seconds=step_cost.seconds(step, step_cost.micro_batch(step, hardware), hardware),
        validation=one.validation.seconds,
    )
