"""One fused attention op, put in the place of PyTorch's `scaled_dot_product_attention` while a network is measured.

On the meta device PyTorch would spell attention out and hold the whole score matrix, which no GPU kernel does. The op
here holds what FlashAttention (arXiv 2205.14135) holds: the output and, when autograd listens, one float32 log-sum-exp
per query and head. A mask, a causal flag and a scale change neither bytes nor the FLOPs that are counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

_library: Any = torch.library.Library("vidcalc", "DEF")  # type: ignore[no-untyped-call]
_library.define("fused_attention(Tensor query, Tensor key, Tensor value) -> Tensor")


def _output(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """An empty tensor [..., queries, d_value]: all that the kernel allocates in a forward pass without gradients."""
    return query.new_empty((*query.shape[:-1], value.shape[-1]))


_library.impl("fused_attention", _output, "Meta")
FUSED_ATTENTION = torch.ops.vidcalc.fused_attention


@register_flop_formula(FUSED_ATTENTION)
def fused_attention_flops(query: Any, key: Any, value: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """FLOPs of QKᵀ and of scores·V for shapes [..., queries, d], [..., keys, d], [..., keys, d_value]; softmax is not
    counted.
    """
    *lead, queries, d_head = query
    rows = queries
    for size in lead:
        rows *= size
    # [rows, d] × [d, keys], then [rows, keys] × [keys, d_value]; two FLOPs a multiply-add
    return int(2 * rows * key[-2] * (d_head + value[-1]))


class _Differentiable(torch.autograd.Function):
    """Fused attention that keeps for backward what FlashAttention keeps: q, k, v, the output and the log-sum-exp."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out: Tensor = FUSED_ATTENTION(query, key, value)
        log_sum_exp = torch.empty(query.shape[:-1], dtype=torch.float32, device=query.device)
        ctx.save_for_backward(query, key, value, out, log_sum_exp)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value, _out, _log_sum_exp = ctx.saved_tensors
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Same signature as `torch.nn.functional.scaled_dot_product_attention`; returns [..., queries, d_value]."""
    attend: Any = _Differentiable.apply if torch.is_grad_enabled() and query.requires_grad else FUSED_ATTENTION
    out: Tensor = attend(query, key, value)
    return out


@contextmanager
def fused_attention() -> Iterator[None]:
    """Within this block every network that calls PyTorch's attention function calls the fused op instead."""
    original = torch.nn.functional.scaled_dot_product_attention
    torch.nn.functional.scaled_dot_product_attention = scaled_dot_product_attention
    try:
        yield
    finally:
        torch.nn.functional.scaled_dot_product_attention = original
