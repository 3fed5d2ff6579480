"""What is measured of a network: parameters, FLOPs of one forward pass, peak of live bytes, and what a training step
keeps.

All figures are exact for the shapes given: FLOP = 2 x multiply-accumulate over matmul, convolution and attention; bytes
as `live` counts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from vidcalc.reference.checkpointing import blocks_checkpointed
from vidcalc.reference.live import LiveBytes
from vidcalc.reference.meta import DTYPES, running_on_meta

FLOP_KINDS = {
    "mm": "matmul",
    "addmm": "matmul",
    "bmm": "matmul",
    "baddbmm": "matmul",
    "convolution": "convolution",
    "_convolution": "convolution",
    "convolution_backward": "convolution",
    "fused_attention": "attention",
}


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """`total` and `by_name` in elements; `bytes` as the built module holds them (its float32 modules included)."""

    total: int
    bytes: int
    by_name: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Flops:
    """FLOPs of one call, in all and by kind: matmul, convolution, attention."""

    total: int
    by_kind: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Peak:
    """Peak of live bytes of one call and the op at which it is reached."""

    bytes: int
    at: str | None


@dataclass(frozen=True, kw_only=True)
class TrainStep:
    """Bytes alive right after the forward pass; peak of live activations and gradients over forward and backward; where
    it is reached.
    """

    kept_for_backward: int
    forward_backward_peak: int
    at: str | None


def parameters(module: torch.nn.Module) -> Parameters:
    """Counts each parameter tensor once; buffers are not parameters."""
    by_name = {name: parameter.numel() for name, parameter in module.named_parameters()}
    nbytes = sum(parameter.numel() * parameter.element_size() for parameter in module.parameters())
    return Parameters(total=sum(by_name.values()), bytes=nbytes, by_name=by_name)


def forward_flops(call: Callable[[], Any]) -> Flops:
    """FLOPs of `call()` by PyTorch's own counter. Raises KeyError for a counted op whose kind is not named in
    `FLOP_KINDS`.
    """
    with running_on_meta(), torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    by_kind = dict.fromkeys(("matmul", "convolution", "attention"), 0)
    for op, flops in counter.get_flop_counts().get("Global", {}).items():
        by_kind[FLOP_KINDS[str(op).rpartition(".")[2]]] += int(flops)
    return Flops(total=int(counter.get_total_flops()), by_kind=by_kind)


def peak_live_bytes(call: Callable[[], Any], *modules: torch.nn.Module) -> Peak:
    """Peak over `call()`, without gradients, of live bytes that `modules` do not own; inputs made inside it count."""
    live = LiveBytes(*modules)
    with running_on_meta(), torch.no_grad(), live:
        result = call()
    del result
    return Peak(bytes=live.peak, at=live.peak_at)


def train_step(module: torch.nn.Module, call: Callable[[], Any], checkpointing: str = "none") -> TrainStep:
    """One forward and backward of a mean-square loss on the first output; the gradients of the parameters count from
    the op that makes them.

    `checkpointing` is a word of `vidcalc.describe.checkpointing`. No FLOP counter may run around this: its hooks keep
    tensors alive. Frozen parameters get no gradients.
    """
    with running_on_meta(), blocks_checkpointed(module, checkpointing):
        module.zero_grad(set_to_none=True)
        live = LiveBytes(module)
        with live:
            out = first_tensor(call())
            kept = live.live
            out.float().pow(2).mean().backward()  # type: ignore[no-untyped-call]
        module.zero_grad(set_to_none=True)
    return TrainStep(kept_for_backward=kept, forward_backward_peak=live.peak, at=live.peak_at)


def first_tensor(result: Any) -> torch.Tensor:
    """The network's main output: the result itself, or the first entry of a tuple or list."""
    out: torch.Tensor = result[0] if isinstance(result, (tuple, list)) else result
    return out


def measure(call: Callable[[], Any], module: torch.nn.Module) -> dict[str, Any]:
    """FLOPs and peak of one forward pass as a plain dict, with the seconds the measurement took."""
    began = time.monotonic()
    flops, peak = forward_flops(call), peak_live_bytes(call, module)
    return {
        "flops": flops.total,
        "flops_by_kind": flops.by_kind,
        "peak_activation_bytes": peak.bytes,
        "peak_at": peak.at,
        "seconds": round(time.monotonic() - began, 1),
    }


__all__ = [
    "DTYPES",
    "Flops",
    "Parameters",
    "Peak",
    "TrainStep",
    "first_tensor",
    "forward_flops",
    "measure",
    "parameters",
    "peak_live_bytes",
    "train_step",
]
