"""Step caching: at a step that hardly changes, the blocks' last result is added again instead of being computed.

TeaCache and MagCache skip every block, a first-block cache (FBCache) runs the first one to decide. What stands outside
of the repeated blocks (embeddings, the last projection) runs at every step. A call is priced as the average one: each
op as often as it runs over the steps. Ranks cache their own tokens. Without a step cache, and where every step is
computed, nothing changes but what the cache holds.

Source: arXiv 2411.19108 (TeaCache), 2506.09045 (MagCache); ParaAttention (FBCache).
"""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.number import maximum, minimum
from vidcalc.describe.plan import Plan
from vidcalc.ops import Attention, Op
from vidcalc.passes import guidance
from vidcalc.passes.ranks import crossed
from vidcalc.tape.trace import Trace


def averaged(ops: tuple[Op, ...], plan: Plan) -> tuple[Op, ...]:
    """The ops of the average call: counts between those of a computed and of a skipped step."""
    if plan.step_cache == "none":
        return ops
    share, first = plan.computed_steps, _first(ops)
    found = []
    for op in ops:
        head, repeated, _ = op.path.partition(".*.")
        kept = op.count if not repeated else minimum(plan.cached_blocks, op.count) if head == first else 0
        found.append(replace(op, count=op.count * share + kept * (1 - share)))
    return tuple(found)


def blocks_run(plan: Plan) -> Any:
    """Share of the calls that run the blocks."""
    return 1 if plan.step_cache == "none" else plan.computed_steps


def _first(ops: tuple[Op, ...]) -> str:
    """The repeated blocks that run first: "transformer_blocks"."""
    return next((head for op in ops if (head := op.path.partition(".*.")[0]) != op.path), "")


def held(found: Trace, plan: Plan) -> Any:
    """Bytes of cached results over the ranks of a call: of all blocks, and of the first ones where those decide."""
    if plan.step_cache == "none":
        return 0
    layer: Any = 0
    for op in found.ops:
        if isinstance(op, Attention):
            states = op.batch * op.heads * op.queries * op.d_head * op.element_bytes
            layer = maximum(layer, states * (1 - crossed(op)))
    calls = guidance.turns_per_step(plan)  # each prediction of a step has a cache of its own, on the rank that makes it
    return layer * calls * (1 + minimum(plan.cached_blocks, 1))
