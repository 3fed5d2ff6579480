"""Layers that the makers' own video transformers (those without a diffusers class) spell alike."""

from collections.abc import Sequence

from vidcalc.base.number import Number
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor


def fused_rms_norm(tape: Tape, x: Tensor, name: str = "") -> Tensor:
    """RMS norm over the last dimension in one kernel; `name` is its weight's. Kept for backward: x, 1/root (fp32)."""
    width = x.shape[-1]
    rstd = tape.empty((x.elements // width,), "fp32")
    out = tape.pointwise(name or "rms_norm", (x,))
    if name:
        tape.parameter(name, width)
    if tape.training:
        weights = width * ELEMENT_BYTES[tape.dtype] if name else 0
        out.node = tape.differentiable((x,), (x, rstd), out.nbytes, weights)
    return out


def cast_rms_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """RMS norm over the last dimension in float32, back in x's dtype before its weight `name` is applied."""
    wide = tape.cast(x, "fp32")
    square = tape.act(wide, "square")
    rstd = tape.empty((*x.shape[:-1], 1), "fp32", square.node)
    del square
    scaled = tape.mul(wide, rstd)
    del wide
    narrow = tape.cast(scaled, x.dtype)
    del scaled
    tape.parameter(name, x.shape[-1])
    return tape.weighted(narrow, x.shape[-1])


def modulated(tape: Tape, x: Tensor, vector: Tensor) -> Tensor:
    """x · (1 + scale) + shift, both views of `vector`; x is held until the end."""
    return tape.add(tape.mul(x, tape.scale(vector)), vector)


def modulation_table(tape: Tape, t: Tensor, count: int, width: Number) -> Tensor:
    """A learned table of `count` vectors plus t[batch, count · width] -> one of them [batch, 1, width]."""
    tape.parameter("scale_shift_table", count * width)
    batch = t.shape[0]
    return tape.pointwise("modulation", (t,), (batch, count, width)).view(batch, 1, width)


def named_mlp(
    tape: Tape,
    x: Tensor,
    inner: Number,
    d_out: Number,
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


def rotate_by_axes(tape: Tape, x: Tensor, sizes: Sequence[Number]) -> Tensor:
    """Rotary embedding in x's dtype, x[batch, n, heads, head size]: a part per axis turned by halves, then joined.

    sizes  channels of a head per axis; the cosines and sines of a part are looked up for it alone
    """
    batch, n, heads, _ = x.shape
    parts: list[Tensor] = []
    for size in sizes:
        part, half = x.view(batch, n, heads, size), x.view(batch, n, heads, size // 2)
        cosine = tape.empty((batch, n, 1, size), x.dtype)
        sine = tape.empty((batch, n, 1, size), x.dtype)
        straight = tape.mul(part, cosine)
        crossed = tape.mul(tape.cat((tape.scale(half, "neg"), half), batch, n, heads, size), sine)
        parts.append(tape.add(straight, crossed))
        del straight, crossed, cosine, sine
    return tape.cat(tuple(parts), *x.shape)
