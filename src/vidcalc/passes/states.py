"""Bytes that training holds per weight on one rank: weights, master copies, optimizer states, gradients, averages.

The repeated layers are what tensor and pipeline parallelism share; sharding spreads what it names over its group.
What is whole only for a moment (gathered blocks, buckets, the optimizer's temporaries) stands apart.
"""

from msgspec.structs import replace

from vidcalc.base.guest import given, named, named_fields
from vidcalc.base.number import Number, ceil_div, floor, maximum, minimum
from vidcalc.catalog.training import networks, optimizer, recipe, sharding
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import ADAPTED, FROZEN, TrainingPlan
from vidcalc.ledger.step import States, Step, TrainedWeights
from vidcalc.ledger.types import Further
from vidcalc.passes.degrees import context, layers, replicas, shards_of, world
from vidcalc.passes.shard import GATHERED
from vidcalc.passes.swapping import arriving, staged, waiting
from vidcalc.rates.allocator import process_bytes
from vidcalc.tape import ELEMENT_BYTES

STAY = ("none", *FROZEN)  # ways of offloading that leave states and gradients on the device
EMA_BYTES = {"none": 0, "fp32": 4, "bf16": 2, "host": 4}  # per weight element


def held(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """The step with the states of one rank. Raises InputError for an unknown recipe, optimizer or way of sharding."""
    own = states(step.trained, plan)
    beside = frozen_copies(step.trained, plan) + trained_copies(step.trained, own, plan)
    # each further trained network has states of its own there
    host = own.host + networks(plan.networks).trained * own.host
    return replace(step, states=named_fields(replace(own, auxiliary=beside, host=host), own.weights, "byte"))


def spread(step: Step, plan: TrainingPlan, hardware: Hardware) -> Step:
    """The step with the pieces its live activations are in, and the ranks of the run.

    Shared tokens leave their share. Tensor parallelism shares what is inside the layers that it cuts, and with sequence
    parallelism the tokens between them too.
    """
    tensor = plan.tensor_degree
    if plan.sequence_parallel == "off":
        # Amdahl: only what is inside of the cut layers shrinks
        tensor = 1 / (1 - step.live.inside + step.live.inside / tensor)
    process = process_bytes(world(plan), hardware.accelerator)
    pieces = named("token_pieces", context(plan) * tensor)
    return replace(step, tokens=pieces, world=world(plan), further=Further(process=process))


def states(weights: TrainedWeights, plan: TrainingPlan) -> States:
    """The bytes of one rank, of the trained network alone."""
    chosen, updated = recipe(plan.recipe), optimizer(plan.optimizer)
    trained = named("trained", of_a_rank(weights, plan))
    frozen = named("frozen", frozen_bytes(weights, plan), "byte")
    each, own = given("weight_bytes", chosen.weights, trained, chosen.source), updated.bytes_per_element(chosen)
    state_bytes = given("state_bytes", own, trained, f"{chosen.source}; {updated.source}")
    # ceil: shards are padded to one size
    kept = ceil_div(whole(each * trained) + frozen, shards_of(plan, "weights"))
    optimized = ceil_div(whole(state_bytes * trained), shards_of(plan, "optimizer"))
    each = given("gradient_bytes", chosen.gradients, trained, chosen.source)
    gradients = ceil_div(whole(each * trained), shards_of(plan, "gradients"))
    # the average is kept beside the master weights, in the same shards
    average = ceil_div(whole(EMA_BYTES[plan.ema] * trained), shards_of(plan, "optimizer"))
    swapped = waiting(weights, plan)
    stays = plan.offload in STAY
    away = {
        "none": 0,
        # gradients leave with the states: the host's processor updates with both
        "optimizer": optimized + gradients,
        "optimizer+weights": optimized + gradients + kept,
        "base": swapped,
        "block-swap": swapped,
    }[plan.offload]
    record = States(
        weights=0 if plan.offload == "optimizer+weights" else kept - swapped,
        ema=0 if plan.ema == "host" else average,
        optimizer=optimized if stays else 0,
        gradients=gradients if stays else 0,
        gathered=gathered(weights, plan),
        buckets=buckets(trained, plan),
        cast=whole(chosen.cast * trained),
        transient=temporaries(ceil_div(trained, shards_of(plan, "optimizer")), plan),
        host=away + (average if plan.ema == "host" else 0),
        staged=staged(weights, plan),
        loaded=weights.plain if plan.loading == "device" else 0,
        read=weights.plain if plan.loading == "host" else 0,
    )
    return named_fields(record, trained, "byte", "vidcalc.passes.states", plan.recipe)


def frozen_bytes(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes of the frozen weights that adapters stand beside, as one rank's layers hold them; 0 where all are
    trained."""
    return slice_bytes(weights, plan) if plan.mode in ADAPTED else 0


def of_a_rank(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Trained elements in a rank's layers, before they are sharded [elements]."""
    # what is outside of the layers (embeddings, head) every rank has whole
    return weights.trained - weights.repeated + ceil_div(weights.repeated, layers(plan))


def slice_bytes(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes of a rank's layers as the network holds them, before they are sharded [byte]."""
    return weights.held.copy - weights.held.blocks + ceil_div(weights.held.blocks, layers(plan))


def gathered(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Whole blocks and one block's gradients, where weights are sharded; all weights where they are not given back."""
    chosen = recipe(plan.recipe)
    compute = ELEMENT_BYTES[chosen.compute]
    coming = arriving(weights, plan)
    if plan.offload == "base":
        return coming
    # 0 where one rank has all of the weights: nothing is gathered
    sharded = 1 if plan.offload == "optimizer+weights" else minimum(shards_of(plan, "weights") - 1, 1)
    block = named("block", ceil_div(weights.block, plan.tensor_degree))
    outside = named(
        "outside", weights.trained - weights.repeated
    )  # embeddings and head: one unit, whole from the first use to the last
    adapted = plan.mode in ADAPTED
    running = weights.held.block if adapted else block * compute
    if plan.reshard == "off":
        repeated = ceil_div(weights.repeated, layers(plan))
        return coming + sharded * whole(weights.held.copy if adapted else (outside + repeated) * compute)
    root = weights.held.copy - weights.held.blocks if adapted else outside * compute
    # one block's gradients are whole until they are scattered
    gradients = 0 if adapted else whole(block * chosen.gradients)
    # the block that runs and the next (FSDP, arXiv 2304.11277), beside the outermost unit
    fsdp = minimum(weights.held.count, GATHERED) * running + root + gradients
    return coming + sharded * whole(maximum(fsdp, _deepspeed(weights, plan)))


def _deepspeed(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes of the weights that DeepSpeed's ZeRO-3 keeps whole, in the format they are stored in, and of the bucket its
    gradients are reduced in (stage3_max_live_parameters, stage3_prefetch_bucket_size, reduce_bucket_size)."""
    chosen, elements = recipe(plan.recipe), of_a_rank(weights, plan)
    if plan.mode in ADAPTED:
        # never more than all of the frozen weights, at their bytes for one of the computed dtype's
        each = weights.held.copy / maximum(weights.plain, 1) * ELEMENT_BYTES[chosen.compute]
        live = minimum(plan.live_weights * each, weights.held.copy)
    else:
        live = minimum(plan.live_weights, elements) * chosen.weights
    return live + minimum(plan.reduce_bucket, elements) * chosen.gradients


def buckets(trained: Number, plan: TrainingPlan) -> Number:
    """Bytes that gradients (and updated weights) pass through on their way between replicas.

    ZeRO sets its buffers up for a single rank as well; copies for a sum over replicas need several of these.
    """
    chosen, rule = recipe(plan.recipe), sharding(plan.sharding)
    if rule.gradients == "copied":
        # a sum over one replica copies nothing
        return minimum(replicas(plan) - 1, 1) * whole(chosen.gradients * trained)
    # a bucket is never larger than all gradients
    reduced = minimum(trained, rule.bucket) * chosen.gradients
    return whole(reduced + minimum(trained, rule.gather) * chosen.weights)


def temporaries(updated: Number, plan: TrainingPlan) -> Number:
    """Bytes that an update holds for a moment: a copy of a state for all weights at once ("foreach"), else nothing
    that lasts longer than one weight."""
    if plan.update != "foreach" or plan.offload not in STAY:
        return 0
    chosen, rule = recipe(plan.recipe), optimizer(plan.optimizer)
    # torch's foreach kernels make each temporary for the whole list of weights
    return whole(updated * rule.temporaries * rule.each(chosen))


def frozen_copies(weights: TrainedWeights, plan: TrainingPlan) -> Number:
    """Bytes of further networks that only run forward, sharded as the trained one; none beside adapters, whose frozen
    weights are that copy."""
    if plan.mode in ADAPTED or plan.offload == "optimizer+weights":
        return 0
    return networks(plan.networks).frozen * ceil_div(slice_bytes(weights, plan), shards_of(plan, "weights"))


def trained_copies(weights: TrainedWeights, own: States, plan: TrainingPlan) -> Number:
    """Bytes of further networks that are trained: weights and states of their own; of adapters only the adapters."""
    kept = own.weights
    if plan.mode in ADAPTED and plan.offload != "optimizer+weights":
        # the frozen base serves all of them: only adapters are there again
        mine = whole(recipe(plan.recipe).weights * of_a_rank(weights, plan))
        kept = ceil_div(mine, shards_of(plan, "weights"))
    return networks(plan.networks).trained * (kept + own.optimizer + own.gradients)


def whole(nbytes: Number) -> Number:
    """Whole bytes, as an int where they are a plain number."""
    return floor(nbytes)
