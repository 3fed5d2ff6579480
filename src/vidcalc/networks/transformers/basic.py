"""The basic transformer block of latent diffusion: self-attention, cross-attention to text, feed-forward.

Used by U-Nets with plain layer norms, and by PixArt, Latte and Open-Sora steered by the timestep (adaLN-single).
Source: diffusers 0.42.1 models/attention.py, attention_processor.py (AttnProcessor2_0).
"""

from collections.abc import Callable

from vidcalc.base.number import Number
from vidcalc.networks.transformers.adaptive import steered
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor

Rotate = Callable[[Tensor], Tensor]  # x[b, heads, n, head size] -> the same, turned by its positions


def attention(
    tape: Tape,
    x: Tensor,
    context: Tensor | None,
    heads: Number,
    inner: Number,
    name: str,
    *,
    bias: bool = False,
    masked: str = "none",
    rotate: Rotate | None = None,
    beside: Tensor | None = None,
) -> Tensor:
    """Self-attention (context None) or cross-attention; x[b, n, d] -> [b, n, d]. `inner` = heads × head size.

    masked   "dense": a mask over keys, spread over heads
    beside   image tokens [b, k, d_context] that are attended to apart, with keys and values of their own; the results
    add up rotate   gives queries and keys their positions
    """
    batch, n, width = x.shape
    with tape.scope(name):
        source = x if context is None else context
        keys, d_head = source.shape[1], inner // heads
        mask = tape.empty((batch, heads, 1, keys)) if masked == "dense" else None
        q = tape.linear(x, inner, "to_q", bias=bias).view(batch, heads, n, d_head)
        k = tape.linear(source, inner, "to_k", bias=bias).view(batch, heads, keys, d_head)
        v = tape.linear(source, inner, "to_v", bias=bias).view(batch, heads, keys, d_head)
        if rotate is not None:
            q = rotate(q)
            k = rotate(k)
        hidden = tape.attention(q, k, v, masked=masked)
        if beside is not None:
            k = tape.linear(beside, inner, "to_k_ip", bias=bias).view(batch, heads, beside.shape[1], d_head)
            v = tape.linear(beside, inner, "to_v_ip", bias=bias).view(batch, heads, beside.shape[1], d_head)
            hidden = tape.add(hidden, tape.scale(tape.attention(q, k, v, "sdpa_ip")))
        hidden = tape.copy(hidden).view(batch, n, inner)
        hidden = tape.linear(hidden, width, "to_out.0")
        out = tape.scale(hidden, "rescale")
        del mask
        return out


def gated_feed_forward(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """GEGLU of four times the width, then linear: x[..., d] -> [..., width]."""
    inner = 4 * x.shape[-1]
    with tape.scope(name):
        return tape.linear(geglu(tape, x, inner), width, "net.2")


def geglu(tape: Tape, x: Tensor, inner: Number) -> Tensor:
    """Linear to twice `inner`; one half times the GELU of the other."""
    both = tape.linear(x, 2 * inner, "net.0.proj")
    half = both.view(*both.shape[:-1], inner)
    return tape.mul(half, tape.act(half, "gelu"))


def transformer_block(
    tape: Tape,
    x: Tensor,
    context: Tensor | None,
    heads: Number,
    inner: Number,
    *,
    positions: bool = False,
    beside: Tensor | None = None,
    twice: bool = True,
) -> Tensor:
    """Self-attention, cross-attention (to x itself where the context is None), feed-forward; a layer norm before each.

    positions   a fixed table of positions is added before each attention
    beside      image tokens that the cross-attention sees apart from the text
    twice       whether there is a second attention
    """
    normed = tape.layer_norm(x, "norm1")
    if positions:
        normed = tape.scale(normed, "positions")
    attended = attention(tape, normed, None, heads, inner, "attn1")
    hidden = tape.add(attended, x)
    if twice:
        normed = tape.layer_norm(hidden, "norm2")
        if positions:
            normed = tape.scale(normed, "positions")
        attended = attention(tape, normed, context, heads, inner, "attn2", beside=beside)
        hidden = tape.add(attended, hidden)
    normed = tape.layer_norm(hidden, "norm3")
    mixed = gated_feed_forward(tape, normed, x.shape[-1], "ff")
    return tape.add(mixed, hidden)


def steered_block(
    tape: Tape,
    x: Tensor,
    context: Tensor | None,
    timestep: Tensor,
    heads: Number,
    *,
    bias: bool = True,
    cross: bool = True,
    masked: str = "none",
    self_masked: str = "none",
    rotate: Rotate | None = None,
) -> Tensor:
    """The same with one set of modulation vectors for all layers, timestep[b, 6 · width], plus a table of each
    layer's own.

    Cross-attention has neither norm nor gate; without `cross` the block has none.
    """
    width = x.shape[-1]
    tape.parameter("scale_shift_table", 6 * width)
    own = table_plus(tape, timestep, 6, width)
    normed = tape.layer_norm(x)
    normed = steered(tape, normed, own)
    attended = attention(tape, normed, None, heads, width, "attn1", bias=bias, masked=self_masked, rotate=rotate)
    attended = tape.mul(attended, own)
    hidden = tape.add(attended, x)
    if cross:
        normed = hidden
        attended = attention(tape, normed, context, heads, width, "attn2", bias=bias, masked=masked)
        hidden = tape.add(attended, hidden)
    normed = tape.layer_norm(hidden)
    normed = steered(tape, normed, own)
    mixed = feed_forward(tape, normed, 4 * width, width, "ff")
    mixed = tape.mul(mixed, own)
    return tape.add(mixed, hidden)


def table_plus(tape: Tape, timestep: Tensor, count: int, width: Number) -> Tensor:
    """A learned table [count, width] plus the timestep's vectors, seen as one of them [b, 1, width]."""
    batch = timestep.shape[0]
    own = tape.pointwise("modulation", (timestep,), (batch, count, width))
    if tape.training and own.node < 0:
        own.node = tape.differentiable((), (), own.nbytes, own.nbytes // batch)
    return own.view(batch, 1, width)
