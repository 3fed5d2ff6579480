"""Seconds of one call when ranks share it: the work in pieces, and what they tell each other meanwhile.

Ulysses exchanges queries, keys, values and results of self-attention (four all-to-alls); ring passes keys and values
on while it computes; tensor parallelism sums up twice a block; shards are gathered while the block before them runs.
PipeFusion sends a patch on while the next one is worked on; that its first steps run without patches is not counted.
With every degree at 1 nothing is told and the work is whole. Source: arXiv 2309.14509, 2310.01889, 1909.08053.
"""

from typing import Any

from vidcalc.arithmetic import ceil_div, maximum, minimum, where
from vidcalc.catalog.collectives import collective
from vidcalc.cost.time import NOTHING, Seconds
from vidcalc.cost.weights import Weights
from vidcalc.describe.plan import Plan
from vidcalc.ops.attention import Attention
from vidcalc.ops.base import Op

BAND = 0.8, 1.25  # of the likely rate


def pieces(phase: str, plan: Plan) -> Any:
    """Pieces that the work of one call is in."""
    if phase == "denoise":
        return plan.ulysses_degree * plan.ring_degree * plan.tensor_degree * plan.pipefusion_degree
    return plan.decode_degree if phase == "vae_decode" else 1


def turns(phase: str, calls: Any, plan: Plan) -> Any:
    """Calls that one rank makes, of all there are."""
    return ceil_div(calls, plan.guidance_degree) if phase == "denoise" else calls


def piece(phase: str, work: Seconds, plan: Plan) -> Seconds:
    """A rank's part of the work of one call."""
    return work.times(1 / pieces(phase, plan))


def told(ops: tuple[Op, ...], weights: Weights, work: Seconds, chip: str, plan: Plan) -> Seconds:
    """What a denoiser call waits for other ranks, beyond a rank's piece of its work."""
    tokens = plan.ulysses_degree * plan.ring_degree
    out: Any = 0
    states: Any = 0  # bytes of the hidden states between two layers
    for op in ops:
        if isinstance(op, Attention):
            own = where(op.keys >= op.queries, 1, 0)  # cross-attention's keys are replicated
            layer = op.batch * op.heads * op.queries * op.d_head * op.element_bytes * own
            states = maximum(states, layer)
            count = op.count / plan.pipefusion_degree  # of this rank's layers
            nbytes = layer * count
            out = out + _exchange(chip, "all_to_all", nbytes / tokens, plan.ulysses_degree, 4, count * own)
            out = out + _exchange(chip, "all_reduce", nbytes / tokens, plan.tensor_degree, 2, count * own)
            ring = _exchange(chip, "all_gather", nbytes / plan.ulysses_degree, plan.ring_degree, 2, count * own)
            out = out + maximum(ring - work.likely, 0)
    # a patch's hidden states go on to the next rank while another is worked on; a send is priced as a gather
    sent = _exchange(chip, "all_gather", states / tokens, plan.pipefusion_degree, 1, plan.pipefusion_degree)
    out = out + maximum(sent - work.likely, 0)
    shards = _exchange(chip, "all_gather", weights.copy, plan.shard_degree, 1, weights.count)
    out = out + maximum(shards - work.likely, 0)
    return Seconds(out * BAND[0], out, out * BAND[1], "assumed") if plan_shares(plan) else NOTHING


def plan_shares(plan: Plan) -> bool:
    """Whether ranks share anything of a call: keeps a plan without parallelism free of assumed rates."""
    split = plan.ulysses_degree * plan.ring_degree * plan.tensor_degree * plan.pipefusion_degree
    return bool(maximum(split, plan.shard_degree) > 1)


def _exchange(chip: str, operation: str, nbytes: Any, degree: Any, times: int, calls: Any) -> Any:
    """Seconds of `times` collectives on a rank's bytes; 0 among one."""
    rate = collective(chip, operation)
    steps = 2 if operation == "all_reduce" else 1
    moved = nbytes * times * steps * (degree - 1) / degree / rate.bus_bandwidth(degree)
    return moved + rate.latency(degree) * times * calls * minimum(degree - 1, 1)
