"""What plans need and take, a table of them at a time, through the formulas that price a single run.

A block is one set of words at one size of micro-batch: its tape and its seconds on one accelerator alone are found
once. Memory of all its plans comes first; only those that fit are timed.
"""

from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import largest
from vidcalc.catalog.frameworks import executed
from vidcalc.catalog.training import recipe
from vidcalc.cost.time import total
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.search.plans import Columns
from vidcalc.train import loaded
from vidcalc.training import bucket, company, memory, samples, time
from vidcalc.training.mixing import imbalance
from vidcalc.training.run import Loaded

ROUNDING = 1 - 1e-9  # a bound on a sum of floats, in another order than the sum itself


class Block(msgspec.Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Plans of one set of words and one size of micro-batch.

    plan  with the words; its degrees are those of nobody yet
    data  with the micro-batches at this size;  factor  times that they are of their stated size
    like  a block of the same tape, whose work is not done again
    """

    model: Model
    data: Data
    hardware: Hardware
    plan: Plan
    factor: int
    like: "Block | None" = None

    @cached_property
    def loads(self) -> list[Loaded]:
        """The buckets unrolled and taped."""
        if self.like is not None:
            return self.like.loads
        return [loaded(self.model, size, self.hardware, self.plan) for size in self.data.buckets]

    @cached_property
    def works(self) -> list[time.Alone]:
        """Seconds of each bucket's micro-batch on one accelerator alone."""
        if self.like is not None:
            return self.like.works
        return [bucket.alone(each.taped, each.job, self.hardware, self.plan) for each in self.loads]

    @property
    def tape(self) -> tuple[str, str, int]:
        """What the tape depends on, among what a search chooses: blocks that agree in it share their work."""
        training = self.plan.training
        return recipe(training.recipe).compute, training.checkpointing, self.factor


def block(model: Model, data: Data, hardware: Hardware, plan: Plan, training: TrainingPlan, factor: int) -> Block:
    """The block of those words, with micro-batches of `factor` times what `data` states."""
    return Block(
        model=executed(model, plan.framework),
        data=grown(data, factor),
        hardware=hardware,
        plan=replace(plan, training=training),
        factor=factor,
    )


def grown(data: Data, factor: int) -> Data:
    """The data with every micro-batch that many times as large."""
    return replace(data, buckets=tuple(replace(size, batch=size.batch * factor) for size in data.buckets))


def asked(one: Block, sharding: tuple[str, str], table: Columns) -> Plan:
    """The block's plan with a way of sharding and a table of degrees (numbers, or columns of them)."""
    word, reshard = sharding
    return replace(one.plan, training=replace(one.plan.training, sharding=word, reshard=reshard, **table))


def peaks(one: Block, plan: Plan) -> Any:
    """Bytes of the phase that needs most, in the bucket that needs most [byte]."""
    return largest(memory.peak(_phases(load, plan)) for load in one.loads)


def floor(one: Block, plan: Plan) -> Any:
    """Bytes that none of those plans stays below, nor with larger micro-batches or more of them summed up [byte].

    One micro-batch a step, and no gradient alive beside the live activations: activations only grow with the batch.
    """
    single = replace(plan, training=replace(plan.training, grad_accum=1))
    loads = [replace(load, taped=_ungraded(load.taped)) for load in one.loads]
    return largest(memory.peak(_phases(load, single)) for load in loads)


def _ungraded(taped: bucket.Micro) -> bucket.Micro:
    """The micro-batch as if its gradients took no room while activations live."""
    return replace(taped, live=replace(taped.live, peak=taped.live.activations))


def _phases(load: Loaded, plan: Plan) -> list[memory.Phase]:
    """The phases of a step on samples of one bucket."""
    kept, beside = bucket.remaining(load.taped, load.job, load.held, plan, load.validation.activations)
    return memory.phases(load.taped.live, kept, beside, company.unrolled(plan.training))


def seconds(one: Block, plan: Plan) -> Any:
    """Seconds of the whole run, validation included [second]."""
    training = plan.training
    every = samples.steps(one.data.samples, one.data.buckets, training)
    each = [
        total(bucket.timed(load.taped, work, one.hardware, plan))
        for load, work in zip(one.loads, one.works, strict=True)
    ]
    count = sum(every)
    spent = sum(step.likely * steps for step, steps in zip(each, every, strict=True))
    spent = spent + imbalance(each, every, training.data_degree, training.mixing).likely * count
    sampled = max(load.validation.seconds for load in one.loads)
    return spent + sampled * (count // plan.training.validation_every)


def bound(one: Block, world: int) -> float:
    """Seconds that no plan of the block stays below: its work alone, spread evenly over all ranks [second]."""
    spent = 0.0
    seen = samples.counts(one.data.samples, one.data.buckets)
    for size, work, count in zip(one.data.buckets, one.works, seen, strict=True):
        alone = sum(part.likely for part in (*work.passes.values(), *work.supply.values()))
        spent += alone * count / (size.batch * world)
    return spent * ROUNDING
