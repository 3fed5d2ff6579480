"""Pipelines: ranks that each have some of the denoiser's layers. A degree of 1 changes nothing.

PipeFusion generates: a rank works on one patch of the tokens at a time.
It attends to the other patches as they were a step before, and keeps their keys and values. A patch goes on while the
next one is worked on; in the first step ranks work one after the other. Constants: data/parallel.toml.

1F1B trains: of p stages each rank has 1/p of the layers and stands idle for p − 1 of p − 1 + m turns, m micro-batches
in a step; the first stage keeps the activations of as many micro-batches as are on their way.

Source: arXiv 2405.14430 (PipeFusion), 2104.04473 (1F1B).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, ceil_div, maximum, minimum, unchanged
from vidcalc.catalog.load import table
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import Sharing
from vidcalc.ledger.step import MICRO_BATCH, Step
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention, Collective, Op
from vidcalc.passes.degrees import context, pieces
from vidcalc.passes.phases import DENOISER, rewrite
from vidcalc.passes.tensor import blocks_cut
from vidcalc.rates.wires import fabric


def patched(ledger: Ledger, plan: Sharing, hardware: Hardware) -> Ledger:
    """The denoiser's calls with a rank's sends and stale keys, and its layers' weights.

    Layers are shared by running each patch on fewer of them: the ops of the patches (`sequence`) add up to a rank's.
    """
    if unchanged(plan.pipefusion_degree, 1):
        return ledger
    facts, kind = table("parallel"), fabric(hardware)

    def sends(phase: Phase) -> Phase:
        send = Collective(
            path="patches",
            count=1,
            precision=ledger.weights[phase.component.id].precision,
            way="pipefusion",
            operation="send",
            # hidden states of one patch [batch, tokens / pieces, width]
            nbytes=hidden_states(phase.executed) / pieces(plan),
            ranks=plan.pipefusion_degree,
            stride=plan.tensor_degree * context(plan),
            # one send for each patch of a step
            messages=plan.pipefusion_degree,
            behind="work",
            apart=facts["overlap"][kind],
            # a first step takes p times as long, ranks working one after the other: p - 1 more, out of all steps
            stall=(plan.pipefusion_degree - 1) * facts["pipefusion"]["first_steps"] / ledger.steps,
        )
        return replace(phase, ops=(*phase.ops, send), live={**phase.live, "stale": _stale(phase.taped.ops, plan)})

    networks = {
        name: replace(
            each,
            stored=replace(
                blocks_cut(each.stored, plan.pipefusion_degree),
                count=ceil_div(each.stored.count, plan.pipefusion_degree),
            ),
        )
        if each.role == "denoiser"
        else each
        for name, each in ledger.weights.items()
    }
    return replace(rewrite(ledger, DENOISER, sends), weights=networks)


def staged(step: Step, plan: Sharing, hardware: Hardware) -> Step:
    """The step with one stage's part of its layers."""
    degree = plan.pipeline_degree
    phases = step.phases
    if not unchanged(degree, 1):
        phases = tuple(_stage(each, degree) if each.id in MICRO_BATCH else each for each in phases)
    # 1F1B: the first stage has run p micro-batches forward when the first one comes back
    in_flight = minimum(degree, step.micro_batches)
    return replace(step, phases=phases, stages=degree, idle=degree - 1, in_flight=in_flight)


def _stage(phase: Phase, degree: Number) -> Phase:
    """A pass through one stage: each op that part of its times."""
    return replace(phase, ops=tuple(replace(op, count=op.count / degree) for op in phase.ops))


def hidden_states(ops: tuple[Op, ...]) -> Number:
    """Bytes of the hidden states between two layers."""
    layer: Number = 0
    for op in ops:
        if isinstance(op, Attention):
            # [batch, queries, heads x d_head]
            layer = maximum(layer, op.batch * op.heads * op.queries * op.d_head * op.element_bytes)
    return layer


def _stale(ops: tuple[Op, ...], plan: Sharing) -> Number:
    """Bytes of keys and values that are kept of a rank's layers, for the patches that other ranks work on."""
    kept: Number = 0
    for op in ops:
        if isinstance(op, Attention):
            own = 1 - op.crossed  # a prompt's keys do not change
            # keys and values [batch, heads, keys, d_head], of every layer
            kept = kept + 2 * op.batch * op.heads * op.keys * op.d_head * op.element_bytes * op.count * own
    # each of the ranks that share a layer's heads keeps its own
    return ceil_div(kept, pieces(plan) * plan.tensor_degree) * minimum(plan.pipefusion_degree - 1, 1)
