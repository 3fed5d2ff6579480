"""Token merging: alike tokens go through self-attention as one; a share of 0 changes nothing.

Merged where the sequence is longest (a U-Net's highest resolution), for queries, keys and values alike: the attention
and the layers of its module see fewer tokens, everything else sees all. Finding the pairs is not counted.

Source: arXiv 2303.17604 (Token Merging for Fast Stable Diffusion).
"""

from msgspec.structs import replace

from vidcalc.base.number import Number, maximum, unchanged, where
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger
from vidcalc.ops import Attention, Matmul, Op, Pointwise
from vidcalc.passes.phases import DENOISER, rewrite


def merged(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's calls with that share of the tokens gone from the longest self-attentions."""
    if unchanged(plan.merged_tokens, 0):
        return ledger
    return rewrite(ledger, DENOISER, lambda phase: replace(phase, ops=_merged(phase.ops, 1 - plan.merged_tokens)))


def _merged(ops: tuple[Op, ...], left: Number) -> tuple[Op, ...]:
    """The ops with a share `left` of the tokens in the parts that hold the longest self-attentions."""
    attentions = [op for op in ops if isinstance(op, Attention)]
    longest: Number = 0
    for op in attentions:
        # attention to a prompt has other keys than queries, and nothing to merge
        longest = maximum(longest, where(op.queries == op.keys, op.queries, 0))
    shares = {op.place.part: where((op.queries == op.keys) & (op.queries == longest), left, 1) for op in attentions}
    shares.pop("", None)  # outside of blocks nobody merges
    return tuple(_of_share(op, shares[op.place.part]) if op.place.part in shares else op for op in ops)


def _of_share(op: Op, share: Number) -> Op:
    """An op with that share of its tokens."""
    if isinstance(op, Attention):
        # [left queries, d] x [left keys, d]: the scores shrink by the square
        return replace(op, queries=op.queries * share, keys=op.keys * share)
    if isinstance(op, Matmul):
        return replace(op, rows=op.rows * share)
    return replace(op, moved=op.moved * share) if isinstance(op, Pointwise) else op
