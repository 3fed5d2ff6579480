"""Token merging: alike tokens go through self-attention as one; a share of 0 changes nothing.

Merged where the sequence is longest (a U-Net's highest resolution), for queries, keys and values alike: the attention
and the layers of its module see fewer tokens, everything else sees all. Finding the pairs is not counted.

Source: arXiv 2303.17604 (Token Merging for Fast Stable Diffusion).
"""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.number import maximum, unchanged, where
from vidcalc.describe.plan import Plan
from vidcalc.ops import Attention, Matmul, Op, Pointwise


def merged(ops: tuple[Op, ...], plan: Plan) -> tuple[Op, ...]:
    """The ops with that share of the tokens gone from the longest self-attentions."""
    if unchanged(plan.merged_tokens, 0):
        return ops
    left = 1 - plan.merged_tokens
    longest: Any = 0
    for op in ops:
        if isinstance(op, Attention):
            longest = maximum(longest, where(op.queries == op.keys, op.queries, 0))
    shares: dict[str, Any] = {}  # of the tokens, by module of an attention
    for op in ops:
        if isinstance(op, Attention):
            shares[op.path.rpartition(".")[0]] = where((op.queries == op.keys) & (op.queries == longest), left, 1)
    return tuple(_of_share(op, shares) for op in ops)


def _of_share(op: Op, shares: dict[str, Any]) -> Op:
    """An op with the tokens of its attention's module."""
    name = op.path
    while name and name not in shares:
        name = name.rpartition(".")[0]
    if not name:
        return op
    share = shares[name]
    if isinstance(op, Attention):
        return replace(op, queries=op.queries * share, keys=op.keys * share)
    if isinstance(op, Matmul):
        return replace(op, rows=op.rows * share)
    return replace(op, moved=op.moved * share) if isinstance(op, Pointwise) else op
