"""What a step or block cache holds beside the network, from the shapes of its tape.

How many tensors of which kind a method keeps is in data/caches.toml, read in its own source; their sizes are those of
the network's hidden states, of the outputs of the modules that it hooks, and of the latent.
"""

from vidcalc.base.number import Number, maximum, minimum, product
from vidcalc.catalog.caches import Cache
from vidcalc.catalog.reach import returns
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention, Matmul, Op
from vidcalc.tape.trace import Trace


def held(cache: Cache, ledger: Ledger, phase: Phase, reached: dict[str, list[Op]]) -> Number:
    """Bytes of one prediction's cache; `reached` are the ops of each module that it hooks."""
    trace, method = phase.taped, cache.method
    kinds = method.holds | method.by_class.get(phase.call.component.class_, {})
    total: Number = 0
    if kinds.get("outputs"):
        copies = kinds["outputs"] * (cache.parameters.get("order", 0) + 1)
        total = total + copies * outputs(reached)
    if kinds.get("video") or kinds.get("text"):
        video, text = hidden(trace, ledger, phase)
        total = total + kinds.get("video", 0) * video + kinds.get("text", 0) * text
    # [batch, channels, frames, height, width]
    latents = product(ledger.latent) * phase.call.shape.batch
    return total + kinds.get("latent", 0) * kinds.get("latent_bytes", 0) * latents


def outputs(reached: dict[str, list[Op]]) -> Number:
    """Bytes that attention modules return, over all blocks: those of their last layers, or of attention."""
    made: Number = 0
    for ops in reached.values():
        last = [op for op in ops if isinstance(op, Matmul) and returns(op.path)]
        projected = [op.count * op.batch * op.rows * op.d_out * op.element_bytes for op in last]
        made = made + sum(projected or [op.count * _values(op) for op in ops if isinstance(op, Attention)])
    return made


def hidden(trace: Trace, ledger: Ledger, phase: Phase) -> tuple[Number, Number]:
    """(bytes of the hidden states of the video's tokens, of the prompt's) between two repeated blocks."""
    states = [op for op in trace.ops if isinstance(op, Attention) and op.place.block]
    first = states[0].place.block if states else ""
    widest: Number = 0
    width: Number = 0
    for op in states:
        if op.place.block == first:
            widest = maximum(widest, op.batch * op.queries * (1 - op.crossed))
            width = maximum(width, op.heads * op.d_value * op.element_bytes)
    # an attention over both has their tokens in a row; over the video alone there are no states of the prompt
    video = minimum(widest, ledger.video_tokens * phase.call.shape.batch)
    return video * width, (widest - video) * width


def _values(op: Attention) -> Number:
    """Bytes of an attention's result [batch, queries, heads x d_value]."""
    return op.batch * op.queries * op.heads * op.d_value * op.element_bytes


def kept_result(trace: Trace, blocks: Number) -> Number:
    """Bytes of cached results where nothing but a share is known: of all blocks, and of the first that decide."""
    layer: Number = 0
    for op in trace.ops:
        if isinstance(op, Attention):
            # hidden states between two blocks [batch, queries, heads x d_head]
            states = op.batch * op.heads * op.queries * op.d_head * op.element_bytes
            layer = maximum(layer, states * (1 - op.crossed))
    # the blocks' result, and the first block's where that decides (FBCache)
    return layer * (1 + minimum(blocks, 1))
