"""Step caching: at a step that hardly changes, the blocks' last result is added again instead of being computed.

TeaCache and MagCache skip every block, a first-block cache (FBCache) runs the first one to decide. What stands outside
of the repeated blocks (embeddings, the last projection) runs at every step. A call is priced as the average one: each
op as often as it runs over the steps. Ranks cache their own tokens. Without a step cache, and where every step is
computed, nothing changes but what the cache holds.

Source: arXiv 2411.19108 (TeaCache), 2506.09045 (MagCache); ParaAttention (FBCache).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention, Op
from vidcalc.passes.guidance import turns_per_step
from vidcalc.passes.phases import DENOISER, rewrite
from vidcalc.tape.trace import Trace


def averaged(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's average call: counts between those of a computed and of a skipped step; and the cached results.

    Nothing after this leaves work out: what is left is what is executed.
    """
    if plan.step_cache == "none":
        return rewrite(ledger, DENOISER, lambda phase: replace(phase, executed=phase.ops))

    def average(phase: Phase) -> Phase:
        ops = _average(phase.ops, plan)
        return replace(
            phase,
            ops=ops,
            executed=ops,
            live={**phase.live, "cached": cached(phase.taped, plan)},
            blocks_run=plan.computed_steps,
        )

    return rewrite(ledger, DENOISER, average)


def _average(ops: tuple[Op, ...], plan: Plan) -> tuple[Op, ...]:
    """Each op as often as it runs over the steps."""
    share = plan.computed_steps
    first = next((op.place.block for op in ops if op.place.block), "")  # the repeated blocks that run first
    averages = []
    for op in ops:
        block = op.place.block
        kept = op.count if not block else minimum(plan.cached_blocks, op.count) if block == first else 0
        # computed steps run all of it; skipped ones what is outside of the blocks, and the first that decide
        averages.append(replace(op, count=op.count * share + kept * (1 - share)))
    return tuple(averages)


def cached(trace: Trace, plan: Plan) -> Number:
    """Bytes of cached results over the ranks of a call: of all blocks, and of the first ones where those decide."""
    layer: Number = 0
    for op in trace.ops:
        if isinstance(op, Attention):
            # hidden states between two blocks [batch, queries, heads x d_head]
            states = op.batch * op.heads * op.queries * op.d_head * op.element_bytes
            layer = maximum(layer, states * (1 - op.crossed))
    calls = turns_per_step(plan)  # each prediction of a step has a cache of its own, on the rank that makes it
    # the blocks' result, and the first block's where that decides (FBCache)
    return layer * calls * (1 + minimum(plan.cached_blocks, 1))
