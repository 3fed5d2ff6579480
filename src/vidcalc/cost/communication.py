"""Seconds that a rank waits for the others in one denoiser call, beyond its own work.

guidance   the ranks of CFG parallel exchange their predictions
ulysses    queries, keys, values and results of self-attention go round in four all-to-alls; nothing hides them
ring       keys and values go to the next rank while those at hand are worked on: each turn waits for what outlasts it,
           and attention in turns is slower than at once
tensor     results are summed up after attention and after the feed-forward
pipefusion a patch goes on while the next one is worked on; in the first step ranks work one after the other
shards     blocks are gathered while the one before runs
tail       attention of few heads leaves more of its last wave empty: see `vidcalc.rates.tail`

With every degree at 1 nothing is waited for. Constants: data/parallel.toml.
Source: arXiv 2309.14509, 2310.01889, 1909.08053, 2405.14430, 2304.11277.
"""

from typing import Any

import msgspec

from vidcalc.base.number import maximum, minimum, product
from vidcalc.catalog.load import table
from vidcalc.catalog.precisions import precision
from vidcalc.cost.time import NOTHING, Seconds, linked, total
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.unroll import Job, Phase
from vidcalc.ledger.weights import Weights
from vidcalc.ops import Attention, Op
from vidcalc.passes import caching, chain, parallel, ranks
from vidcalc.rates import tail
from vidcalc.rates.wires import Wires, wires
from vidcalc.tape import ELEMENT_BYTES


class Call(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A denoiser call as its ranks share it.

    ops        of the whole call;  work: seconds of one rank by kind;  weights of the whole network
    predicted  bytes of the call's result;  at_once: ranks that predict it in different ways;  steps of the generation
    """

    ops: tuple[Op, ...]
    work: dict[str, Seconds]
    weights: Weights
    wires: Wires
    plan: Plan
    predicted: Any
    at_once: Any
    steps: Any

    @property
    def busy(self) -> Any:
        """Seconds of one rank's work."""
        return total(self.work).likely


def told(
    job: Job, phase: Phase, weights: Weights, work: dict[str, Seconds], hardware: Hardware, plan: Plan, steps: Any
) -> Seconds:
    """What a rank waits for the others in one call of a phase, whose `work` of one rank is given by kind."""
    if phase.id != "denoise" or not shares(plan):
        return NOTHING
    return linked(sum(waits(job, phase, weights, work, hardware, plan, steps).values()))


def waits(
    job: Job, phase: Phase, weights: Weights, work: dict[str, Seconds], hardware: Hardware, plan: Plan, steps: Any
) -> dict[str, Any]:
    """The same in seconds by way of sharing; zeros where nothing is shared."""
    element = ELEMENT_BYTES[precision(plan.precision).compute]
    call = Call(
        ops=chain.computed(phase, plan),
        work=work,
        weights=weights,
        wires=wires(hardware),
        plan=plan,
        predicted=product(job.latent) * job.batch * element,
        at_once=phase.at_once,
        steps=steps,
    )
    return by_way(call)


def shares(plan: Plan) -> bool:
    """Whether ranks share anything of a call: keeps a plan without parallelism free of assumed rates."""
    return bool(maximum(parallel.ranks(plan), plan.shard_degree) > 1)


def by_way(call: Call) -> dict[str, Any]:
    """Seconds that a rank waits in a call, by way of sharing."""
    plan, link = call.plan, call.wires
    inner = plan.tensor_degree * plan.ulysses_degree * plan.ring_degree * plan.pipefusion_degree
    return {
        **_tokens(call),
        "tensor": _tensor(call),
        "pipefusion": _pipefusion(call),
        "guidance": link.seconds("all_gather", call.predicted * call.at_once, call.at_once, inner),
        "shards": _shards(call),
        "tail": _tail(call, link.chip),
    }


def _tokens(call: Call) -> dict[str, Any]:
    """Ulysses and ring: what self-attention exchanges."""
    plan, link = call.plan, call.wires
    tensor, ulysses, ring = plan.tensor_degree, plan.ulysses_degree, plan.ring_degree
    attended = call.work.get("attention", NOTHING).likely
    attentions = [op for op in call.ops if isinstance(op, Attention)]
    scored = sum(op.flops * op.count for op in attentions)
    slower = table("parallel")["ring"]["slower"][link.kind]
    out: dict[str, Any] = {"ulysses": 0, "ring": 0}
    for op in attentions:
        own = (1 - ranks.crossed(op)) * op.count
        each = op.batch * op.heads * op.d_head * op.element_bytes / tensor
        rows = op.queries / (ulysses * ring)
        out["ulysses"] += link.seconds("all_to_all", each * rows, ulysses, tensor) * ranks.EXCHANGED * own
        turn = attended * op.flops / (scored * ring)  # seconds of work between two sends
        sent = link.send(2 * each * op.keys / (ulysses * ring), ring, tensor * ulysses)
        out["ring"] += (_beyond(call, sent, turn, "ring") + turn * slower) * (ring - 1) * own
    return out


def _tail(call: Call, chip: Accelerator) -> Any:
    """What attention at a rank's shape loses at its end."""
    attended, plan, lost = call.work.get("attention", NOTHING).likely, call.plan, 0
    attentions = [op for op in call.ops if isinstance(op, Attention)]
    scored = sum(op.flops * op.count for op in attentions)
    for op in attentions:
        slower = tail.slowdown(ranks.attended(op, plan), op, chip, plan.attention)
        lost += attended * op.flops * op.count / scored * maximum(slower - 1, 0)
    return lost


def _tensor(call: Call) -> Any:
    """Tensor parallelism: the sums after each cut."""
    plan, out = call.plan, 0
    for layer in ranks.summed(call.ops):
        nbytes = layer.batch * layer.rows * layer.d_out * layer.element_bytes / ranks.pieces(plan)
        out += call.wires.seconds("all_reduce", nbytes, plan.tensor_degree) * layer.count
    return out


def _pipefusion(call: Call) -> Any:
    """A rank's sends of a call, and its share of the first step's waiting."""
    plan, patches = call.plan, call.plan.pipefusion_degree
    states = _states(call.ops) / ranks.pieces(plan)
    inner = plan.tensor_degree * plan.ulysses_degree * plan.ring_degree
    first = call.busy * (patches - 1) * table("parallel")["pipefusion"]["first_steps"] / call.steps
    return first + _beyond(call, call.wires.send(states, patches, inner) * patches, call.busy, "pipefusion")


def _states(ops: tuple[Op, ...]) -> Any:
    """Bytes of the hidden states between two layers."""
    layer: Any = 0
    for op in ops:
        if isinstance(op, Attention):
            layer = maximum(layer, op.batch * op.heads * op.queries * op.d_head * op.element_bytes)
    return layer


def _shards(call: Call) -> Any:
    """Sharded weights: a rank's slice of each block, gathered in the dtype that is computed in."""
    known, weights, plan = precision(call.plan.precision), call.weights, call.plan
    narrow = minimum(ELEMENT_BYTES[known.compute] / known.stored, 1)
    block = weights.copy * narrow / maximum(weights.count, 1) / plan.tensor_degree
    run = weights.count * caching.blocks_run(plan)  # PipeFusion's fewer layers are run, and gathered, for each patch
    gathering = call.wires.seconds("all_gather", block, parallel.pieces(plan), plan.tensor_degree)
    return _beyond(call, gathering * run, call.busy, "shards")


def _beyond(call: Call, exchange: Any, work: Any, way: str) -> Any:
    """Seconds of an exchange that runs beside work: the share that nothing hides, and what outlasts the work."""
    apart = table("parallel")["overlap"][call.wires.kind][way]
    return exchange * apart + maximum(exchange * (1 - apart) - work, 0)
