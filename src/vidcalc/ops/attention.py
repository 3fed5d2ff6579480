"""Attention as one fused op: scores, softmax and values without the score matrix ever being stored."""

from typing import ClassVar

from vidcalc.base.number import Number
from vidcalc.base.place import NOWHERE, Place
from vidcalc.ops.base import Op


class Attention(Op, frozen=True, eq=False, gc=False):
    """scores[b, h, q, k] = Q·Kᵀ;  out[b, h, q, d] = softmax(scores)·V.

    Counted: both products, of the share of the score blocks that is computed (`density`), and as if no mask left any
    out. Not: softmax, scale, mask, rotary embedding.
    `crossed` is 1 where queries look at something else than their own sequence (a prompt), else 0.
    `whole`: batch × heads and queries of the attention over all ranks, of which this is one rank's part.
    Backward by convention is twice forward; a fused kernel recomputes the scores and does 2.5 times forward
    (`recomputed_backward_flops`). Source: FlashAttention (arXiv 2205.14135), torch.utils.flop_counter.
    """

    batch: Number
    heads: Number
    queries: Number
    keys: Number
    d_head: Number
    d_value: Number
    element_bytes: int
    masked: str = "none"
    density: Number = 1
    crossed: Number = 0
    whole: tuple[Number, Number] | None = None
    place: Place = NOWHERE

    kind: ClassVar[str] = "attention"
    launches: ClassVar[int] = 1

    @property
    def key(self) -> tuple[object, ...]:
        return (
            "attention",
            self.precision,
            self.batch,
            self.heads,
            self.queries,
            self.keys,
            self.d_head,
            self.d_value,
            self.masked,
            self.density,
        )

    @property
    def flops(self) -> Number:
        # per head: [queries, d_head] × [d_head, keys] -> scores, then [queries, keys] × [keys, d_value]
        return 2 * self.batch * self.heads * self.queries * self.keys * (self.d_head + self.d_value) * self.density

    @property
    def recomputed_backward_flops(self) -> Number:
        """FLOPs a fused kernel really spends on backward: five products for forward's two [FLOP]."""
        # scores again, then the gradients of v, scores, q and k: 2 · (3 d_head + 2 d_value), with d_value = d_head
        return 5 * self.batch * self.heads * self.queries * self.keys * (self.d_head + self.d_value) * self.density

    @property
    def activation_bytes(self) -> Number:
        # q [queries, d_head] and out [queries, d_value]; k [keys, d_head] and v [keys, d_value]; never the scores
        per_head = self.queries * (self.d_head + self.d_value) + self.keys * (self.d_head + self.d_value)
        return self.batch * self.heads * per_head * self.element_bytes
