"""CUDA's fused RMS norm, put in the place of `torch.nn.functional.rms_norm` while a network is measured.

The meta device and the CPU spell the norm out in float32; a CUDA device runs one kernel, which holds its output and one
float32 1/std per row, and keeps the input and that for backward. A weight of another dtype than the input, and complex
numbers, have no such kernel. Source: PyTorch 2.9 and later, aten/src/ATen/native/layer_norm.cpp (rms_norm_symint),
cuda/layer_norm_kernel.cu (_fused_rms_norm_cuda).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

_spelled_out = torch.nn.functional.rms_norm
_library: Any = torch.library.Library("vidcalc", "FRAGMENT")  # type: ignore[no-untyped-call]
_library.define("fused_rms_norm(Tensor input, Tensor? weight, float? eps, int axes) -> (Tensor, Tensor)")


def _normed(x: Tensor, weight: Tensor | None, eps: float | None, axes: int) -> tuple[Tensor, Tensor]:
    """The normed x over its last `axes` dimensions, and one float32 1/std per row."""
    over = x.shape[x.dim() - axes :]
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    rows = x.new_empty(x.shape[: x.dim() - axes].numel(), dtype=wide)
    if x.is_meta:
        return torch.empty(x.shape, dtype=x.dtype, device=x.device), rows
    return _spelled_out(x, list(over), weight, eps), rows


_library.impl("fused_rms_norm", _normed, "Meta")
_library.impl("fused_rms_norm", _normed, "CPU")
FUSED_RMS_NORM = torch.ops.vidcalc.fused_rms_norm


class _Differentiable(torch.autograd.Function):
    """The fused norm that keeps for backward what CUDA's keeps: the input, its weight and the 1/std."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, eps: float | None, axes: int) -> Tensor:
        out, rstd = FUSED_RMS_NORM(x, weight, eps, axes)
        ctx.save_for_backward(x, weight, rstd)
        return out  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        x, weight, _rstd = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            torch.empty_like(x) if wanted[0] else None,
            torch.empty_like(weight) if wanted[1] else None,
            None,
            None,
        )


def rms_norm(x: Tensor, over: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Same call as `torch.nn.functional.rms_norm`; returns a tensor of x's shape and dtype."""
    if x.is_complex() or (weight is not None and weight.dtype != x.dtype):
        return _spelled_out(x, over, weight, eps)
    wanted = x.requires_grad or (weight is not None and weight.requires_grad)
    if torch.is_grad_enabled() and wanted:
        out: Tensor = _Differentiable.apply(x, weight, eps, len(over))  # type: ignore[no-untyped-call]
        return out
    normed: Tensor = FUSED_RMS_NORM(x, weight, eps, len(over))[0]
    return normed


@contextmanager
def fused_rms_norm() -> Iterator[None]:
    """Within this block every network that calls PyTorch's RMS norm calls the fused op instead."""
    original = torch.nn.functional.rms_norm
    torch.nn.functional.rms_norm = rms_norm
    try:
        yield
    finally:
        torch.nn.functional.rms_norm = original
