"""What the degrees of a plan come to together: pieces of the tokens, of the layers, of what is stored.

Ranks stand in this order, the nearest first: tensor, ulysses, ring, gather, pipefusion, guidance, data, pipeline. All
of it is neutral where every degree is 1, for numbers and arrays alike.
"""

from vidcalc.base.number import Number, maximum, unchanged
from vidcalc.describe.sharing import Sharing


def context(plan: Sharing) -> Number:
    """Ranks that share the tokens of one forward."""
    return plan.ulysses_degree * plan.ring_degree * plan.gather_degree


def pieces(plan: Sharing) -> Number:
    """Pieces the tokens are in, whether different ranks or one after the other work on them (PipeFusion)."""
    return context(plan) * plan.pipefusion_degree


def layers(plan: Sharing) -> Number:
    """Pieces the repeated layers are in: every layer by tensor parallelism, all of them by a pipeline."""
    return plan.tensor_degree * plan.pipefusion_degree * plan.pipeline_degree


def inner(plan: Sharing) -> Number:
    """Ranks that work on one forward together: they sit closer than those of other predictions."""
    return plan.tensor_degree * pieces(plan)


def ranks(plan: Sharing) -> Number:
    """Accelerators that work on one video."""
    return plan.guidance_degree * inner(plan)


def cut(plan: Sharing) -> bool:
    """Whether ranks may cut single layers of any network: what is alike in one place is then told apart by its name."""
    return not unchanged(inner(plan) * plan.pipeline_degree * plan.decode_degree * plan.text_degree, 1)


def several(plan: Sharing) -> bool:
    """Whether ranks may share anything of a call: keeps a plan without parallelism free of assumed rates."""
    return not unchanged(maximum(ranks(plan), plan.shard_degree), 1)


def shards(plan: Sharing) -> Number:
    """Pieces that a rank's slice of the weights is stored in: shards are spread over the ranks that hold the same."""
    # 8 shards over 2 slices: each slice lies in 4 pieces
    return maximum(plan.shard_degree // (plan.tensor_degree * plan.pipefusion_degree), 1)


SHARDED = {  # what each way of sharding spreads over the shard group
    "none": (),
    "zero1": ("optimizer",),
    "zero2": ("optimizer", "gradients"),
    "zero3": ("optimizer", "gradients", "weights"),
}


def shards_of(plan: Sharing, what: str) -> Number:
    """Pieces that replicas keep "weights", "gradients" or "optimizer" in while they train."""
    return plan.shard_degree if what in SHARDED[plan.sharding] else 1


def replicas(plan: Sharing) -> Number:
    """Ranks that hold the same weights: data and context parallel together."""
    # ranks that share a sample's tokens run the same weights: their gradients add up too
    return plan.data_degree * context(plan)


def world(plan: Sharing) -> Number:
    """All ranks of a training run."""
    return replicas(plan) * plan.tensor_degree * plan.pipeline_degree
