"""Bytes that training holds per weight on one rank: weights, master copies, optimizer states, gradients, averages.

The repeated layers are what tensor and pipeline parallelism share; sharding spreads what it names over its group.
What is whole only for a moment (gathered blocks, buckets, the optimizer's temporaries) stands apart.
"""

from typing import Any

import msgspec

from vidcalc.base.number import as_count, ceil_div, minimum
from vidcalc.catalog.training import optimizer, recipe, sharding
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.ledger.weights import Weights
from vidcalc.passes.shard import GATHERED
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.training.ranks import replicas, shards, split

STAY = ("none", "base")  # ways of offloading that leave states and gradients on the device
STREAMED = 2  # frozen layers on the device at once where they stream in: the one that runs and the next
EMA_BYTES = {"none": 0, "fp32": 4, "bf16": 2, "host": 4}  # per weight element


class Holding(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the trained network consists of.

    trained  trained weight elements;  repeated  those of them in the repeated layers
    held     its weights in the format they are kept in while it runs [byte]; of adapters: the frozen ones
    block    elements of its largest repeated layer [elements]
    """

    trained: Any
    repeated: Any
    held: Weights
    block: Any


class States(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of one rank.

    weights    that the network runs on, frozen ones included;  ema  the moving average on the device
    optimizer  master copy and states on the device;  gradients  all of them (none where they leave for the host)
    gathered   sharded weights that are whole while they run, and the gradients of one block before they are scattered
    buckets    that gradients are reduced and updated weights gathered through
    cast       copies of the weights in the compute dtype (autocast), alive from forward to backward
    transient  what an update of all weights holds for a moment
    host       what waits in host memory
    """

    weights: Any
    ema: Any
    optimizer: Any
    gradients: Any
    gathered: Any
    buckets: Any
    cast: Any
    transient: Any
    host: Any


def states(found: Holding, plan: TrainingPlan) -> States:
    """The bytes of one rank. Raises InputError for an unknown recipe, optimizer or way of sharding."""
    chosen, updated = recipe(plan.recipe), optimizer(plan.optimizer)
    trained = of_a_rank(found, plan)
    frozen = frozen_bytes(found, plan)
    each = chosen.weights * trained
    weights = ceil_div(whole(each) + frozen, shards(plan, "weights"))
    held = ceil_div(whole(updated.held(chosen) * trained), shards(plan, "optimizer"))
    gradients = ceil_div(whole(chosen.gradients * trained), shards(plan, "gradients"))
    average = ceil_div(whole(EMA_BYTES[plan.ema] * trained), shards(plan, "optimizer"))
    streamed = ceil_div(found.held.blocks, split(plan)) if plan.mode in ADAPTED else 0
    stays = plan.offload in STAY
    away = {
        "none": 0,
        "optimizer": held + gradients,
        "optimizer+weights": held + gradients + weights,
        "base": streamed,
    }[plan.offload]
    kept = ceil_div(trained, shards(plan, "optimizer"))
    return States(
        weights={"optimizer+weights": 0, "base": weights - streamed}.get(plan.offload, weights),
        ema=0 if plan.ema == "host" else average,
        optimizer=held if stays else 0,
        gradients=gradients if stays else 0,
        gathered=gathered(found, plan),
        buckets=buckets(trained, plan),
        cast=whole(chosen.cast * trained),
        transient=temporaries(kept, plan),
        host=away + (average if plan.ema == "host" else 0),
    )


def frozen_bytes(found: Holding, plan: TrainingPlan) -> Any:
    """Bytes of the frozen weights that adapters stand beside, as one rank's layers hold them; 0 where all are
    trained."""
    if plan.mode not in ADAPTED:
        return 0
    return slice_bytes(found, plan)


def of_a_rank(found: Holding, plan: TrainingPlan) -> Any:
    """Trained elements in a rank's layers, before they are sharded [elements]."""
    return found.trained - found.repeated + ceil_div(found.repeated, split(plan))


def slice_bytes(found: Holding, plan: TrainingPlan) -> Any:
    """Bytes of a rank's layers as the network holds them, before they are sharded [byte]."""
    return found.held.copy - found.held.blocks + ceil_div(found.held.blocks, split(plan))


def gathered(found: Holding, plan: TrainingPlan) -> Any:
    """Whole blocks and one block's gradients, where weights are sharded; all weights where they are not given back."""
    chosen = recipe(plan.recipe)
    compute = ELEMENT_BYTES[chosen.compute]
    if plan.offload == "base":
        return whole(STREAMED * found.held.module)
    waiting = plan.offload == "optimizer+weights"
    sharded = 1 if waiting else minimum(shards(plan, "weights") - 1, 1)
    block = ceil_div(found.block, plan.tensor_degree)
    outside = found.trained - found.repeated  # embeddings and head: one unit, whole from the first use to the last
    adapted = plan.mode in ADAPTED
    running = found.held.block if adapted else block * compute
    if plan.reshard == "off":
        everything = found.held.copy if adapted else (outside + ceil_div(found.repeated, split(plan))) * compute
        return sharded * whole(everything)
    root = found.held.copy - found.held.blocks if adapted else outside * compute
    gradients = 0 if adapted else whole(block * chosen.gradients)
    return sharded * whole(minimum(found.held.count, GATHERED) * running + root + gradients)


def buckets(trained: Any, plan: TrainingPlan) -> Any:
    """Bytes that gradients (and updated weights) pass through on their way between replicas.

    ZeRO sets its buffers up for a single rank as well; copies for a sum over replicas need several of these.
    """
    chosen, rule = recipe(plan.recipe), sharding(plan.sharding)
    if rule.gradients == "copied":
        return minimum(replicas(plan) - 1, 1) * whole(chosen.gradients * trained)
    reduced = minimum(trained, rule.bucket) * chosen.gradients
    return whole(reduced + minimum(trained, rule.gather) * chosen.weights)


def temporaries(updated: Any, plan: TrainingPlan) -> Any:
    """Bytes that an update holds for a moment: a copy of a state for all weights at once ("foreach"), else nothing
    that lasts longer than one weight."""
    if plan.update != "foreach" or plan.offload not in STAY:
        return 0
    chosen, rule = recipe(plan.recipe), optimizer(plan.optimizer)
    return whole(updated * rule.temporaries * rule.each(chosen))


def whole(nbytes: Any) -> Any:
    """Whole bytes, as an int where they are a plain number."""
    return as_count(nbytes // 1)
