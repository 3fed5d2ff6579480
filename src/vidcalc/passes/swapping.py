"""Frozen weights that wait in host memory while adapters train, and how they come: whole blocks, or layer by layer.

base              of a share of the layers each comes when it runs, the next one with it, and is dropped
block-swap        whole blocks come and go, as the trainer does it:
  exchange          a block leaves as the next one comes, into the room it had (musubi-tuner)
  exchange-halting  the same, and the device waits for it (diffusion-pipe)
  stream            blocks only come, one ahead, into a ring of two (musubi-tuner's copies to the device alone)
  move              each comes before it runs and goes back after it, and the device waits (SimpleTuner)

Every block is needed in forward and once more in backward, which also serves what runs again there.
Sources: the trainers' own code, named in data/trainers/.
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, floor, maximum
from vidcalc.describe.training import FROZEN, TrainingPlan
from vidcalc.ledger.step import TrainedWeights
from vidcalc.passes.degrees import layers, shards_of

PASSES = 2  # forward, and backward with what runs again in it


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """A way for frozen weights to come.

    ahead    pieces (blocks, or layers) on the device beside those that stay
    staging  blocks that pass through pinned host memory of their own
    back     1 where what leaves is copied to the host, 0 where it is dropped
    memory   "pinned" or "pageable": where they wait;  hidden  1 where copies run beside the work
    """

    ahead: int
    staging: int = 0
    back: int = 0
    memory: str = "pinned"
    hidden: int = 1


SWAPS = {
    "exchange": Swap(ahead=0, staging=2, back=1, memory="pageable"),
    "exchange-halting": Swap(ahead=0, back=1, memory="pageable", hidden=0),
    "stream": Swap(ahead=2),
    "move": Swap(ahead=1, back=1, memory="pageable", hidden=0),
}
LAYERS = Swap(ahead=2)  # the layer that runs and the next


def way(plan: TrainingPlan) -> Swap:
    """How the frozen weights of the plan come, where some of them wait."""
    return SWAPS[plan.swapping] if plan.offload == "block-swap" else LAYERS


def waiting(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes of frozen weights of one rank that are not on the device when they do not run [byte]."""
    if plan.offload not in FROZEN:
        return 0
    blocks = ceil_div(weights.held.blocks, layers(plan))
    if plan.offload == "block-swap":
        # blocks of one expert: of a mean size, so that all of them are never more than there is
        count = maximum(weights.held.count / weights.copies, 1)
        blocks = floor(blocks * plan.swapped_blocks / count)
    else:
        blocks = floor(blocks * plan.streamed_share)
    return ceil_div(blocks, shards_of(plan, "weights"))


def arriving(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes on the device of pieces on their way [byte]."""
    if plan.offload not in FROZEN:
        return 0
    piece = weights.held.module if plan.offload == "base" else ceil_div(weights.held.block, plan.tensor_degree)
    return floor(way(plan).ahead * piece)


def staged(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes of pinned host memory that blocks pass through [byte]."""
    if plan.offload != "block-swap":
        return 0
    return way(plan).staging * ceil_div(weights.held.block, plan.tensor_degree)


def copied(weights: TrainedWeights, plan: TrainingPlan, again: bool) -> Number:
    """Bytes over the link in a micro-batch, both directions; `again`: whether blocks run a second time [byte]."""
    # layers that come for what runs again have left before backward asks for them
    visits = PASSES + (again if plan.offload == "base" else 0)
    return visits * (1 + way(plan).back) * waiting(weights, plan)
