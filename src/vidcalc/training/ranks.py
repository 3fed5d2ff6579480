"""How ranks share a training step, and which ways of sharing are legal. Every degree is neutral at 1.

Ranks of a data-parallel group see samples of their own; those of a context-parallel group share the tokens of a
sample; tensor parallelism shares every layer, pipeline parallelism the layers. Data- and context-parallel ranks hold
the same weights, so optimizer states, gradients and weights may be sharded over both.

Source: arXiv 1910.02054 (ZeRO), 2304.11277 (FSDP), 2309.14509 (Ulysses), 2310.01889 (ring), 2205.05198 (tensor and
sequence parallel), 2104.04473 (1F1B).
"""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.catalog.accelerators import usual_nodes
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.training import TrainingPlan, offloads
from vidcalc.passes.legal import depth as layers
from vidcalc.passes.legal import divides

SHARDED = {  # what each way of sharding spreads over the shard group
    "none": (),
    "zero1": ("optimizer",),
    "zero2": ("optimizer", "gradients"),
    "zero3": ("optimizer", "gradients", "weights"),
}
PIPELINED = ("none", "zero1")  # a pipeline keeps gradients over micro-batches, so only states are sharded beside it


def context(plan: TrainingPlan) -> Any:
    """Ranks that share the tokens of a sample."""
    return plan.ulysses_degree * plan.ring_degree * plan.gather_degree


def replicas(plan: TrainingPlan) -> Any:
    """Ranks that hold the same weights: data and context parallel together."""
    return plan.data_degree * context(plan)


def world(plan: TrainingPlan) -> Any:
    """All ranks of the run."""
    return replicas(plan) * plan.tensor_degree * plan.pipeline_degree


def shards(plan: TrainingPlan, what: str) -> Any:
    """Pieces that "weights", "gradients" or "optimizer" are kept in."""
    return plan.shard_degree if what in SHARDED[plan.sharding] else 1


def split(plan: TrainingPlan) -> Any:
    """Pieces that the repeated layers are in: every layer by tensor parallelism, all of them by the pipeline."""
    return plan.tensor_degree * plan.pipeline_degree


def global_batch(plan: TrainingPlan, batch: Any) -> Any:
    """Samples of one optimizer step, with `batch` of them per micro-batch."""
    return batch * plan.grad_accum * plan.data_degree


def spread_in_nodes(plan: TrainingPlan, node: int) -> int:
    """Shards of hybrid sharding: as many as the ranks of a node that hold the same weights, and go into all of these.

    node  accelerators of one. Plain numbers only.
    """
    copies = replicas(plan)
    inside = max(node // split(plan), 1)
    return max(count for count in range(1, min(copies, inside) + 1) if copies % count == 0)


def placed(hardware: Hardware, count: int) -> Hardware:
    """That many accelerators in as few equal nodes of no more than the usual size as hold them."""
    nodes = usual_nodes(hardware.accelerator, count)
    return replace(hardware, count=count // nodes, nodes=nodes)


def checked(model: Model, plan: TrainingPlan) -> None:
    """Refuses what does not go together.

    Raises InputError("parallel", …) for degrees that do not divide heads, layers or ranks, and InputError("sharding",
    …) for a way of sharding that a pipeline does not allow, InputError("training-offload", …) for a frozen base where
    nothing is frozen.
    """
    if plan.offload not in offloads(plan.mode):
        raise InputError("training-offload", plan.offload, offloads(plan.mode), "optimizer+weights")
    heads, depth = model.denoiser.heads, layers(model)
    divides("tp", plan.tensor_degree, max(heads, 1))
    divides("ulysses", plan.ulysses_degree, max(heads, 1) // plan.tensor_degree)
    divides("pp", plan.pipeline_degree, max(depth, 1))
    divides("fsdp", plan.shard_degree, replicas(plan))
    if heads == 0:  # a U-Net: its convolutions would need their neighbours' edges
        divides("ring", plan.ring_degree, 1)
        divides("gather", plan.gather_degree, 1)
    if plan.pipeline_degree > 1 and plan.sharding not in PIPELINED:
        raise InputError("sharding", plan.sharding, PIPELINED, "zero1")


def spread(tokens: int, plan: TrainingPlan) -> None:
    """Refuses more ranks on a sample than it has tokens. Raises InputError("parallel", …)."""
    if context(plan) > tokens:
        raise InputError("parallel", f"ulysses × ring × gather = {context(plan)}", (f"1..{tokens}",), str(tokens))


def legal(heads: int, depth: int, tokens: int, plan: TrainingPlan) -> Any:
    """Whether the degrees go together, elementwise for arrays: the rules of `checked` and `spread`, without words."""
    widest = plan.ulysses_degree * plan.tensor_degree
    fits = (max(heads, 1) % widest == 0) & (max(depth, 1) % plan.pipeline_degree == 0)
    whole = replicas(plan) % plan.shard_degree == 0
    several = context(plan) <= (tokens if heads else 1)
    alone = plan.pipeline_degree == 1 if plan.sharding not in PIPELINED else plan.pipeline_degree >= 1
    return fits & whole & several & alone
