"""What plans need and take, a table of them at a time, through the passes and prices of a single run.

A block is one set of words at one size of micro-batch: its tape is run once, and its passes are priced once for every
shape that ranks can give them (`Shapes`). Memory of all its plans comes first; only those that fit are timed.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from vidcalc.account import samples
from vidcalc.account.bucket import Loaded
from vidcalc.account.mixing import imbalance
from vidcalc.base.number import Column, Condition, Number, Places, is_array, largest
from vidcalc.calculate import generated, taped
from vidcalc.catalog.training import recipe
from vidcalc.cost import step as step_cost
from vidcalc.cost import step_memory
from vidcalc.cost.host import room
from vidcalc.cost.memory import peak
from vidcalc.cost.seconds import Seconds, total
from vidcalc.cost.step import MicroBatchSeconds, Pass
from vidcalc.describe.data import Data
from vidcalc.describe.question import Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.step import Step
from vidcalc.ledger.types import Phase
from vidcalc.passes import HELD, MICRO_BATCH, training_step
from vidcalc.search.plans import Columns

Made = TypeVar("Made")

ROUNDING = 1 - 1e-9  # a bound on a sum of floats, in another order than the sum itself
# the degrees that decide the shapes of a rank's ops and what it exchanges for its tokens
SHAPING = ("tensor_degree", "pipeline_degree", "ulysses_degree", "ring_degree", "gather_degree")


class Shapes:
    """The different shapes that the plans of some tables give a rank's micro-batch, each once."""

    def __init__(self, tables: list[Columns]) -> None:
        import numpy as np

        # [plans, shaping degrees]
        rows = np.concatenate([np.stack([table[name] for name in SHAPING], axis=1) for table in tables])
        distinct, places = np.unique(rows, axis=0, return_inverse=True)
        ends = np.cumsum([table["data_degree"].size for table in tables])[:-1]
        self.places = dict(zip(map(id, tables), np.split(places.ravel(), ends), strict=True))
        """For each row of a table, by the table's identity, which of the shapes it has."""
        columns = distinct.T if len(distinct) > 1 else distinct[0].astype(int).tolist()
        self.degrees: dict[str, Column | int] = dict(zip(SHAPING, columns, strict=True))


class Block(msgspec.Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Plans of one set of words and one size of micro-batch.

    run     with the words, whose degrees are those of nobody yet, and with micro-batches of this size
    factor  times that they are of their stated size
    shapes  of all plans to price;  memo  work that blocks of one search share, by what it depends on
    """

    run: Run
    factor: int
    shapes: Shapes | None = None
    memo: dict[Any, Any] = {}

    def _once(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
        if key not in self.memo:
            self.memo[key] = make()
        made: Made = self.memo[key]
        return made

    @cached_property
    def loads(self) -> list[Loaded]:
        """The buckets unrolled and taped."""
        return self._once(("loads", *self.tape), self._taped)

    def _taped(self) -> list[Loaded]:
        model, data, hardware, plan = self.run
        sizes = self._once(
            ("generated", self.factor),
            lambda: [generated(model, size, hardware, plan) for size in data.buckets],
        )
        return [taped(*size, plan.training) for size in sizes]

    @cached_property
    def alone(self) -> list[MicroBatchSeconds]:
        """Seconds of each bucket's micro-batch on one accelerator alone."""
        return self._once(
            ("alone", *self.tape), lambda: [step_cost.micro_batch(load.step, self.run.hardware) for load in self.loads]
        )

    @cached_property
    def shared(self) -> list[MicroBatchSeconds]:
        """The same on one rank, for each of the shapes."""
        return self._once(("shared", *self.tape), lambda: [self._shaped(bucket) for bucket in range(len(self.loads))])

    def _shaped(self, bucket: int) -> MicroBatchSeconds:
        """One bucket's micro-batch; forward and backward are the same whatever runs again."""
        step = self.loads[bucket].step
        plan = replace(self.run.plan.training, **(self.shapes.degrees if self.shapes else {}))
        compute, _, factor = self.tape
        same = self._once(("passes", compute, factor, bucket), lambda: self._passes(step, plan, SAME))
        passes = (*same, *self._passes(step, plan, AGAIN))
        feeding = (phase for phase in step.phases if phase.id not in (*SAME, *AGAIN))
        whole = replace(step, phases=(*(phase for phase, _ in passes), *feeding))
        return step_cost.together(whole, {phase.id: priced for phase, priced in passes}, self.run.hardware)

    def _passes(self, step: Step, plan: TrainingPlan, names: tuple[str, ...]) -> tuple[tuple[Phase, Pass], ...]:
        """Those passes of a step on one rank, priced."""
        only = replace(step, phases=tuple(phase for phase in step.phases if phase.id in names))
        for rewrite in MICRO_BATCH:
            only = rewrite(only, plan, self.run.hardware)
        return tuple((phase, step_cost.one_pass(phase, self.run.hardware)) for phase in only.phases)

    @property
    def tape(self) -> tuple[str, str, int]:
        """What the tape depends on, among what a search chooses: blocks that agree in it share their work."""
        training = self.run.plan.training
        return recipe(training.recipe).compute, training.checkpointing, self.factor


SAME, AGAIN = ("forward", "backward"), ("recompute",)


def block(run: Run, training: TrainingPlan, factor: int) -> Block:
    """The block of those words, with micro-batches of `factor` times what the run states."""
    worded = run._replace(data=grown(run.data, factor), plan=replace(run.plan, training=training))
    return Block(run=worded, factor=factor)


def grown(data: Data, factor: int) -> Data:
    """The data with every micro-batch that many times as large."""
    return replace(data, buckets=tuple(replace(size, batch=size.batch * factor) for size in data.buckets))


def training_of(one: Block, sharding: tuple[str, str], table: Mapping[str, Column | int]) -> TrainingPlan:
    """The block's plan with a way of sharding and a table of degrees (numbers, or columns of them)."""
    word, reshard = sharding
    return replace(one.run.plan.training, sharding=word, reshard=reshard, **table)


def peaks(one: Block, plan: TrainingPlan) -> Number:
    """Bytes of the stage that needs most, in the bucket that needs most [byte]."""
    return largest(_peak(load.step, one, plan) for load in one.loads)


def short_of_host(one: Block, plan: TrainingPlan) -> Condition:
    """Whether plans need more host memory than a machine has; False where nobody said how much that is."""
    hardware = one.run.hardware
    if hardware.host_ram is None and not hardware.accelerator.unified_memory:
        return False
    host = step_memory.waiting(_held(load.step, one, plan) for load in one.loads)
    needed = room(host, hardware, peaks(one, plan) + host.resident)
    return needed is not None and needed.needed > needed.capacity


def floor(one: Block, plan: TrainingPlan) -> Number:
    """Bytes that none of those plans stays below, nor with larger micro-batches or more of them summed up [byte].

    One micro-batch a step, and no gradient alive beside the live activations: activations only grow with the batch.
    """
    single = replace(plan, grad_accum=1)
    return largest(_peak(_ungraded(load.step), one, single) for load in one.loads)


def _ungraded(step: Step) -> Step:
    """The step as if its gradients took no room while activations live."""
    return replace(step, live=replace(step.live, peak=step.live.activations))


def _peak(step: Step, one: Block, plan: TrainingPlan) -> Number:
    """The largest stage of a step."""
    return peak(step_memory.stages(_held(step, one, plan)))


def _held(step: Step, one: Block, plan: TrainingPlan) -> Step:
    """A step as a rank of the plans holds it, without the ops of its passes."""
    bare = _bare(step)
    for rewrite in (*MICRO_BATCH, *HELD):
        bare = rewrite(bare, plan, one.run.hardware)
    return bare


def _bare(step: Step) -> Step:
    """A step without the ops of its passes, which are priced by their shapes."""
    return replace(step, phases=tuple(replace(phase, ops=()) for phase in step.phases))


def seconds(one: Block, plan: TrainingPlan, places: Places | None = None) -> Number:
    """Seconds of the whole run, validation included [second].

    places  for each plan of a table, which of the block's shapes it has; None: a single plan, priced by itself
    """
    data = one.run.data
    every = samples.steps(data.samples, data.buckets, plan)
    each = [_step(one, bucket, plan, places) for bucket in range(len(one.loads))]
    count = sum(every)
    # seconds of a step x steps, bucket by bucket
    spent = sum(step.likely * steps for step, steps in zip(each, every, strict=True))
    # ranks on different buckets wait for the slowest of a step
    spent = spent + imbalance(each, every, plan.data_degree, plan.mixing).likely * count
    sampled = largest(load.validation.seconds for load in one.loads)
    return spent + sampled * (count // plan.validation_every)


def _step(one: Block, bucket: int, plan: TrainingPlan, places: Places | None) -> Seconds:
    """Seconds of an optimizer step on one bucket."""
    load, hardware = one.loads[bucket], one.run.hardware
    if places is None:
        step = training_step(load.step, plan, hardware)
        return total(step_cost.seconds(step, step_cost.micro_batch(step, hardware), hardware))
    step = training_step(_bare(load.step), plan, hardware)
    return total(step_cost.seconds(step, at(one.shared[bucket], places), hardware))


def at(micro: MicroBatchSeconds, places: Places) -> MicroBatchSeconds:
    """A micro-batch of each of those places among the shapes it was priced for."""
    return replace(
        micro,
        parts={name: _seconds_at(part, places) for name, part in micro.parts.items()},
        started=_seconds_at(micro.started, places),
        opened=_seconds_at(micro.opened, places),
        forward=_at(micro.forward, places),
        both=_at(micro.both, places),
    )


def _seconds_at(whole: Seconds, places: Places) -> Seconds:
    low, likely, high = (_at(value, places) for value in (whole.low, whole.likely, whole.high))
    return Seconds(low, likely, high, whole.provenance)


def _at(value: Number, places: Places) -> Number:
    """A column by its places; a plain number is the same at all of them."""
    return value[places] if is_array(value) else value  # type: ignore[index]


def bound(one: Block, world: int) -> float:
    """Seconds that no plan of the block stays below: its work alone, spread evenly over all ranks [second]."""
    spent = 0.0
    data = one.run.data
    seen = samples.counts(data.samples, data.buckets)
    for size, work, count in zip(data.buckets, one.alone, seen, strict=True):
        alone = sum(part.likely for part in (*work.parts.values(), *work.feeding.values()))
        # seconds of a micro-batch x samples / (samples of it x ranks)
        spent += float(alone * count / (size.batch * world))
    return spent * ROUNDING
