"""Seconds that ranks of a training step wait for each other, by what they exchange.

Ranks are numbered tensor parallel first, then context, data and pipeline parallel, so that who talks most sits
closest. Exchanges of activations stand in the way; gathers of weights hide behind the work of the layer before, sums
of gradients behind the backward pass, as far as these last. Volumes: arXiv 1910.02054, 2205.05198, 2309.14509,
2310.01889.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import maximum
from vidcalc.catalog.load import table
from vidcalc.catalog.training import recipe
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.ops import Attention, Op
from vidcalc.ops.attention import REPASSED
from vidcalc.rates.wires import Wires, wires
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.training.ranks import context, replicas
from vidcalc.training.states import Holding

WAYS = 4  # tensors that Ulysses turns around per self-attention: queries, keys, values and the result


class Waits(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Seconds of a micro-batch (and of the update) that are not hidden behind work [second].

    tokens  exchanges of activations among context- and tensor-parallel ranks
    weights gathers of sharded weights;  gradients  sums of gradients, once an update or (sharded) every micro-batch
    update  gathers of updated weights;  forward  tokens and weights of a forward pass alone, without gradients
    """

    tokens: Any
    weights: Any
    gradients: Any
    update: Any
    forward: Any


def waits(
    ops: tuple[Op, ...], again: tuple[Op, ...], found: Holding, plan: TrainingPlan, hardware: Hardware, work: "Work"
) -> Waits:
    """What a rank waits for, beyond its own work of one micro-batch."""
    among = wires(hardware)
    tokens: Any = 0
    once: Any = 0
    for op, passes in _attentions(ops, again):
        tokens = tokens + _layer(op, passes, plan, among, work)
        once = once + _layer(op, 1, plan, among, work)
    turns = _in_turns(plan, among, work)
    rerun = any(isinstance(op, Attention) for op in again)
    tokens, once = tokens + turns * (1 + REPASSED + rerun), once + turns
    gather = _gather(found, plan, among)
    forward = maximum(gather - work.forward, 0)
    back = maximum(gather - work.backward, 0) if plan.reshard == "on" else 0  # given back, and gathered again
    return Waits(
        tokens=tokens,
        forward=once + forward,
        weights=forward + back,
        gradients=_sums(found, plan, among, work),
        update=_updated(found, plan, among),
    )


def _in_turns(plan: TrainingPlan, among: Wires, work: "Work") -> Any:
    """What attention of one forward pass loses where keys come in turns (ring) instead of at once [second]."""
    slower = table("parallel")["ring"]["slower"][among.kind]
    return work.attention * slower * (plan.ring_degree - 1) / plan.ring_degree


def _attentions(ops: tuple[Op, ...], again: tuple[Op, ...]) -> list[tuple[Attention, int]]:
    """Attention of each kind, equal layers as one that is executed as often as all of them, and its passes: forward,
    backward and what is computed again. A network taped layer by layer waits as one taped in a loop does."""
    repeated = {op.path for op in again}
    kinds: dict[Any, tuple[Attention, int]] = {}
    for place, op in enumerate(ops):
        if isinstance(op, Attention):
            passes = 2 + (op.path in repeated)
            key: Any = (op.key, op.element_bytes, passes)
            try:
                held = kinds.get(key)
            except TypeError:  # arrays cannot be keys
                held, key = None, place
            kinds[key] = (op if held is None else replace(op, count=held[0].count + op.count)), passes
    return list(kinds.values())


class Work(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Seconds of a rank's own work of one micro-batch [second]; `attention` of it in attention, forward."""

    forward: Any
    backward: Any
    attention: Any


def _layer(op: Attention, passes: int, plan: TrainingPlan, among: Wires, work: Work) -> Any:
    """Exchanges around one kind of attention, over `passes`: forward, backward and what is computed again [second]."""
    own = 1 - op.crossed
    hidden = op.batch * op.heads * op.queries * op.d_head * op.element_bytes  # one tensor of the layer
    whole = hidden * own
    layers = op.count / plan.pipeline_degree
    sp = plan.tensor_degree * plan.ulysses_degree
    ulysses = among.seconds(
        "all_to_all",
        WAYS * whole * layers * passes / (context(plan) * plan.tensor_degree),
        plan.ulysses_degree,
        plan.tensor_degree,
        WAYS * layers * passes * own,
    )
    # keys and values, and on the way back their gradients beside them
    turns = passes + min(passes - 1, 1)
    ring = among.seconds("all_gather", 2 * whole * layers * turns / sp, plan.ring_degree, sp, layers * passes * own)
    gathered = among.seconds(
        "all_gather",
        2 * whole * layers * passes / sp,
        plan.gather_degree,
        sp * plan.ring_degree,
        2 * layers * passes * own,
    )
    # a gather and a scatter of the hidden states around attention, as many around the feed-forward of a self-attention
    turned = 2 + 2 * own
    sums = among.seconds(
        "all_gather",
        turned * hidden * layers * passes / context(plan),
        plan.tensor_degree,
        1,
        turned * layers * passes,
    )
    return ulysses + maximum(ring - passes * work.attention, 0) + gathered + sums


def _gather(found: Holding, plan: TrainingPlan, among: Wires) -> Any:
    """One gather of all sharded weights [second]."""
    if plan.sharding != "zero3":
        return 0
    compute = ELEMENT_BYTES[recipe(plan.recipe).compute]
    nbytes = found.held.copy if plan.mode in ADAPTED else found.trained * compute
    stride = plan.tensor_degree
    return among.seconds("all_gather", nbytes / plan.tensor_degree, plan.shard_degree, stride, found.held.count)


def _sums(found: Holding, plan: TrainingPlan, among: Wires, work: Work) -> Any:
    """Gradients summed over the replicas, hidden behind backward: what is left [second]."""
    nbytes = found.trained * recipe(plan.recipe).gradients / (plan.tensor_degree * plan.pipeline_degree)
    count = replicas(plan)
    if plan.sharding in ("none", "zero1"):  # once an update; the share of one micro-batch is told here
        spent = among.seconds("all_reduce", nbytes, count, plan.tensor_degree) / plan.grad_accum
        return maximum(spent - work.backward / plan.grad_accum, 0)
    scatter = among.seconds("reduce_scatter", nbytes, plan.shard_degree, plan.tensor_degree)
    between = among.seconds(  # hybrid sharding: shards are summed over the groups that hold the same ones
        "all_reduce",
        nbytes / plan.shard_degree,
        count // plan.shard_degree,
        plan.tensor_degree * plan.shard_degree,
    )
    return maximum(scatter + between - work.backward, 0)


def _updated(found: Holding, plan: TrainingPlan, among: Wires) -> Any:
    """Gathers of the weights that each rank updated a share of [second]."""
    if plan.sharding not in ("zero1", "zero2"):
        return 0
    nbytes = found.trained * recipe(plan.recipe).weights / (plan.tensor_degree * plan.pipeline_degree)
    return among.seconds("all_gather", nbytes, plan.shard_degree, plan.tensor_degree)
