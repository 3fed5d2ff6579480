"""Layers that the makers' own video transformers (those without a diffusers class) spell alike."""

from typing import Any

from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor


def fused_rms_norm(tape: Tape, x: Tensor, name: str = "") -> Tensor:
    """RMS norm over the last dimension in one kernel; `name` is its weight's. Kept for backward: x, 1/root (float32)."""
    width = x.shape[-1]
    rstd = tape.empty((x.elements // width,), "fp32")
    out = tape.pointwise(name or "rms_norm", (x,))
    if name:
        tape.parameter(name, width)
    if tape.training:
        weights = width * ELEMENT_BYTES[tape.dtype] if name else 0
        out.node = tape.differentiable((x,), (x, rstd), out.nbytes, weights)
    return out


def modulated(tape: Tape, x: Tensor, vector: Tensor) -> Tensor:
    """x · (1 + scale) + shift, both views of `vector`; x is held until the end."""
    return tape.add(tape.mul(x, tape.scale(vector)), vector)


def named_mlp(
    tape: Tape,
    x: Tensor,
    inner: Any,
    d_out: Any,
    name: str,
    layers: tuple[str, str],
    *,
    act: str = "silu",
    bias: bool = True,
) -> Tensor:
    """Linear, activation, linear: x[..., d] -> [..., d_out]; each tensor goes as soon as the next is made."""
    with tape.scope(name):
        hidden = tape.linear(x, inner, layers[0], bias=bias)
        hidden = tape.act(hidden, act)
        return tape.linear(hidden, d_out, layers[1], bias=bias)
