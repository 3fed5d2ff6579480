"""What ranks of a training step exchange for their weights: sums of gradients, gathers of what is sharded.

Gathers of weights hide behind the work of the layer before, sums of gradients behind the backward pass, as far as
these last. With every degree at 1 nothing is exchanged. Volumes: arXiv 1910.02054 (ZeRO), 2304.11277 (FSDP).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, maximum
from vidcalc.catalog.training import recipe
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.ledger.step import Step
from vidcalc.ledger.types import Call, Phase
from vidcalc.ops import Collective
from vidcalc.passes.degrees import replicas
from vidcalc.passes.states import of_a_rank, slice_bytes
from vidcalc.tape import ELEMENT_BYTES


def exchanged(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """The step with a rank's exchanges for weights and gradients in the pass that they run beside."""
    gathers, sums = _gathers(step, plan), _sums(step, plan)
    each = () if plan.sharding in ("none", "zero1") else sums  # sharded gradients are scattered every micro-batch
    # weights that were given back after forward are gathered once more for backward
    adds = {"forward": gathers, "backward": (*(gathers if plan.reshard == "on" else ()), *each)}
    phases = tuple(replace(phase, ops=(*phase.ops, *adds.get(phase.id, ()))) for phase in step.phases)
    once = sums if plan.sharding in ("none", "zero1") else ()
    return replace(step, phases=(*phases, Phase(id="gradients", call=_call(step), ops=once)))


def _call(step: Step) -> Call:
    return step.forward.call


def _gathers(step: Step, plan: TrainingPlan) -> tuple[Collective, ...]:
    """One gather of all sharded weights, block by block; given back after a pass, they are gathered again."""
    if plan.sharding != "zero3":
        return ()
    trained = step.trained
    compute = ELEMENT_BYTES[recipe(plan.recipe).compute]
    # frozen weights travel as they are stored, trained ones in the dtype that is computed in [byte]
    nbytes = slice_bytes(trained, plan) if plan.mode in ADAPTED else of_a_rank(trained, plan) * compute
    # one message a block; a network without repeated blocks is one
    blocks = maximum(trained.held.count, 1)
    return (_collective("weights", "all_gather", nbytes / blocks, plan.shard_degree, plan.tensor_degree, blocks),)


def _sums(step: Step, plan: TrainingPlan) -> tuple[Collective, ...]:
    """Gradients summed over the replicas: whole, or scattered to shards and summed over the groups of these."""
    # [elements of a rank's layers] x bytes of a gradient
    nbytes = of_a_rank(step.trained, plan) * recipe(plan.recipe).gradients
    count, tensor, shards = replicas(plan), plan.tensor_degree, plan.shard_degree
    if plan.sharding in ("none", "zero1"):
        # whole gradients stay on every rank
        return (_collective("gradients", "all_reduce", nbytes, count, tensor),)
    return (
        # a rank keeps the sum of its own shard alone
        _collective("gradients", "reduce_scatter", nbytes, shards, tensor),
        # hybrid sharding: shards are summed over the groups that hold the same ones
        _collective("gradients", "all_reduce", nbytes / shards, count // shards, tensor * shards),
    )


def _collective(
    way: str, operation: str, nbytes: Number, ranks: Number, stride: Number, messages: Number = 1
) -> Collective:
    """An exchange that hides behind the work of its pass."""
    return Collective(
        path=way,
        count=1,
        precision="",
        way=way,
        operation=operation,
        nbytes=nbytes,
        ranks=ranks,
        stride=stride,
        messages=messages,
        behind="work",
    )
