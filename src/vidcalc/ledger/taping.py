"""Calls onto the tape: from here on a phase is a list of ops, and the longest self-attention is known."""

from msgspec.structs import replace

from vidcalc.base.guest import plain
from vidcalc.base.number import Number, maximum, where
from vidcalc.describe.adapters import Adapters, Loras
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.ledger.symbols import guests, of_step, plain_shape, symbolic
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention
from vidcalc.tape.step import Step
from vidcalc.tape.step import stepped as on_tape
from vidcalc.tape.tables import regimes
from vidcalc.tape.trace import Trace, trace


def taped(phase: Phase, *, each: bool = True) -> Phase:
    """The phase with its call run once on a tape: ops, live bytes, kernels' workspaces.

    each  every op by its name, in order, and not the work by kind alone
    """
    call = phase.call
    how = call.tiles or call.tiling, call.spelled, call.fused, call.room, call.loras
    recorded = traced(call.component, call.function, call.shape, call.dtype, *how, each=each)
    return replace(
        phase,
        trace=recorded,
        executed=recorded.ops,
        ops=recorded.ops,
        live={"network": recorded.peak},
        workspace=recorded.workspace,
    )


def traced(
    component: Component,
    function: str,
    shape: Shape,
    dtype: str,
    tiling: str | Tiling = "none",
    spelled: str = "none",
    fused: bool = False,
    room: Number = 0,
    loras: Loras | None = None,
    *,
    each: bool = True,
) -> Trace:
    """`vidcalc.tape.trace.trace` of a call whose sizes may be guests, from a table where there is one.

    each  every op by its name, in order, and not the work by kind alone
    """
    how = tiling, spelled, fused, room, loras
    if not guests(shape):
        known = None
        if loras is None and spelled != "split":
            known = regimes.answered(component, function, shape, dtype, tiling, spelled, fused, each=each)
        return trace(component, function, shape, dtype, *how) if known is None else known
    taped = trace(component, function, plain_shape(shape), dtype, *how)
    return symbolic(taped, component.network)


def stepped(
    component: Component,
    shape: Shape,
    dtype: str,
    checkpointing: str,
    adapters: Adapters | None,
    spelled: str = "none",
    *,
    each: bool = True,
) -> Step:
    """`vidcalc.tape.step.stepped` of a call whose sizes may be guests, from a table where there is one.

    each  every op by its name, in order, and not the work by kind alone
    """
    how = dtype, checkpointing, adapters, spelled
    if not guests(shape):
        known = regimes.stepped(component, shape, *how, each=each)
        return on_tape(component, shape, *how) if known is None else known
    beside = None if adapters is None else replace(adapters, rank=plain(adapters.rank))
    return of_step(on_tape(component, plain_shape(shape), dtype, checkpointing, beside, spelled), checkpointing)


def sequence(ledger: Ledger) -> Number:
    """The longest sequence that attends to itself: text included where a network joins it to the video [tokens]."""
    return self_attention_length(ledger.forward.taped, ledger.video_tokens)


def self_attention_length(forward: Trace, video_tokens: Number) -> Number:
    """The same of one forward; a network without fused self-attention (linear attention) sees the video tokens."""
    longest: Number = 0
    for op in forward.ops:
        if isinstance(op, Attention):
            # other keys than queries: attention to a prompt
            longest = maximum(longest, where(op.queries == op.keys, op.queries, 0))
    return where(longest > 0, longest, video_tokens)
