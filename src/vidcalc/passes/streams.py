"""What waits in host memory while a network trains, and the copies for it: base weights, all weights, activations.

A frozen base streams in for every pass, or blocks of it come and go (`vidcalc.passes.swapping`). A rank's share of all
weights goes to the device for forward and once more for backward, which also serves what runs again there. Activations
that wait go there and back. All of it runs beside the work, through pinned memory, unless a trainer swaps otherwise.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.catalog.training import recipe
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import FROZEN, TrainingPlan
from vidcalc.ledger.step import Step
from vidcalc.ops import Copy
from vidcalc.passes.degrees import context, layers, shards_of
from vidcalc.passes.states import frozen_bytes, of_a_rank
from vidcalc.passes.swapping import copied, way


def streamed(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """The step with the copies of one micro-batch, beside its passes."""
    # out after forward and back for backward: a rank's tokens, of its layers
    nbytes = 2 * step.live.host / (context(plan) * layers(plan))
    how, weights = way(plan), arriving(step, plan)
    beside = (how.memory, how.hidden) == ("pinned", 1)  # one stream for both
    copies = [Copy("streams", 1, "", nbytes + weights * beside, "pinned", 1)]
    copies += [] if beside else [Copy("swapped", 1, "", weights, how.memory, how.hidden)]
    return replace(
        step,
        phases=tuple(
            replace(phase, ops=(*phase.ops, *copies)) if phase.id == "backward" else phase for phase in step.phases
        ),
    )


def arriving(step: Step, plan: TrainingPlan) -> Number:
    """Bytes of weights that a rank copies from host memory in a micro-batch."""
    if plan.offload in FROZEN:
        again = any(phase.id == "recompute" and phase.executed for phase in step.phases)
        return copied(step.trained, plan, again)
    if plan.offload == "optimizer+weights":
        own = recipe(plan.recipe).weights * of_a_rank(step.trained, plan) + frozen_bytes(step.trained, plan)
        # once for forward, once for backward
        return 2 * own / shards_of(plan, "weights")
    return 0
