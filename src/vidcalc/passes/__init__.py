"""How a plan rewrites a job: one file per idea, each `(ledger, plan, hardware) -> ledger` and neutral at its default.

The order of the passes stands here and nowhere else.
"""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import Stage, Workload
from vidcalc.ledger.step import Step
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import (
    auxiliary,
    caching,
    decode,
    exchange,
    formats,
    framework,
    guidance,
    keeping,
    merging,
    offload,
    pipeline,
    sequence,
    shard,
    sparsity,
    states,
    streams,
    tensor,
    tiling,
    update,
)

Pass = Callable[[Ledger, Plan, Hardware], Ledger]

PASSES: tuple[Pass, ...] = (
    # calls: what runs, and how often
    framework.networks,  # first, as everything after asks the network that really runs
    framework.sections,
    guidance.predictions,  # the batch of a call and the calls of a step
    formats.formats,  # before the tape: the dtype of activations
    tiling.tiles,  # before the tape: sizes of a call
    formats.taped,  # calls become ops and live bytes; weights get their bytes
    guidance.walked,
    framework.rolled,
    tiling.retried,  # after the tape: it asks what the whole clip takes
    framework.unwritten,  # a decode known by its work alone has no call to tape
    # work that is left out
    merging.merged,
    sparsity.sparse,
    caching.averaged,  # after the others: its counts are averages over steps
    # what one rank does and holds
    guidance.exchanged,
    sequence.shared,  # before the layers are cut: shares of attention are those of whole heads
    tensor.cut,
    framework.encoders_cut,
    pipeline.patched,  # after sequence: it waits for the work of a rank
    shard.sharded,  # after the cuts: ranks that hold the same slice share it
    decode.shared,
    tiling.joined,  # a rank's decoded videos wait for each other
    keeping.kept,  # after the cuts: it is a rank's cache that stays
    # where things are
    framework.further,
    offload.placed,  # last: it moves what a rank stores, and may fill the card with it
)
CACHING = PASSES.index(caching.averaged)


StepPass = Callable[[Step, TrainingPlan, Hardware], Step]

# of an optimizer step: the same ways of sharing its passes, then what is held, and exchanged for weights
MICRO_BATCH: tuple[StepPass, ...] = (
    auxiliary.beside,  # first: it decides how many micro-batches a step has
    sequence.shared,
    tensor.cut,
    pipeline.staged,  # after the others: a stage has whole layers of what a rank does
)
HELD: tuple[StepPass, ...] = (states.spread, states.held)
EXCHANGES: tuple[StepPass, ...] = (
    exchange.exchanged,
    streams.streamed,
    update.updated,
)


def training_step(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """An optimizer step after every pass: what one rank does and holds."""
    for rewrite in (*MICRO_BATCH, *HELD, *EXCHANGES):
        step = rewrite(step, plan, hardware)
    return step


def generation(
    model: Model, workload: Workload, hardware: Hardware, plan: Plan, left_out: Collection[Stage] = ()
) -> tuple[Ledger, Ledger]:
    """What one rank of the plan does and holds to generate a video, and to take the first step of it.

    left_out  stages that another job makes
    """
    whole, plan = unroll(model, workload, left_out), formats.settled(plan, model, hardware.accelerator)
    ledger = rewritten(whole, plan, hardware)
    return ledger, first_step(replace(whole, weights=ledger.weights), hardware, plan)


def first_step(whole: Ledger, hardware: Hardware, plan: Plan) -> Ledger:
    """The first step of a video: nothing is cached yet and every forward of the plan runs."""
    beside = {each.component.id: each for each in whole.phases if not each.own}
    calls = (replace(each, calls=1, turns=1) for each in (whole.forward, *beside.values()))
    first = replace(whole, steps=1, phases=tuple(calls), encode=None)
    return rewritten(first, replace(plan, step_cache="none", guided_share=1), hardware)


def rewritten(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The ledger after every pass: what one rank of the plan does and holds."""
    return placed(unplaced(ledger, plan, hardware), plan, hardware)


def unplaced(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The ledger after every pass but `placed`: alike for ways of offloading, except for guidance that is "fitting"."""
    return after_caching(before_caching(ledger, plan, hardware), plan, hardware)


def before_caching(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The ledger after the passes before step and block caches: alike for plans that differ in these alone, where calls
    are taped by the names of their ops."""
    plan = formats.by_card(plan, hardware.accelerator)
    for rewrite in PASSES[:CACHING]:
        ledger = rewrite(ledger, plan, hardware)
    return ledger


def after_caching(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """That ledger after the others but the last."""
    plan = formats.by_card(plan, hardware.accelerator)
    for rewrite in PASSES[CACHING:-1]:
        ledger = rewrite(ledger, plan, hardware)
    return ledger


def placed(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """That ledger after the last pass: weights where the plan's way of offloading has them."""
    return PASSES[-1](ledger, formats.by_card(plan, hardware.accelerator), hardware)
