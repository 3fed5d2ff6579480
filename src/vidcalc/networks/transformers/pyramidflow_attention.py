"""Attention of Pyramid Flow: text and video stacked into one tensor, turned in place, masked.

Source: jy0205/Pyramid-Flow pyramid_dit/{mmdit_modules,flux_modules} (VarlenSelfAttentionWithT5Mask,
VarlenSelfAttnSingle, apply_rope).
"""

from typing import Any

from vidcalc.networks.transformers.hunyuan_blocks import sliced_linear
from vidcalc.tape import Tape, Tensor


def joint_attention(
    tape: Tape,
    heads: Any,
    x: Tensor,
    c: Tensor,
    rotary: Tensor,
    keys: Any,
    names: tuple[str, str],
    *,
    last: bool = False,
) -> tuple[Tensor, Tensor]:
    """Video x[batch, n, width] and text c[batch, tokens, width], with projections of their own -> (video, text).

    keys   tokens a query reads;  names  of the text's norms;  last  the text's result is not projected
    """
    batch, n, width = x.shape
    text = c.shape[1]
    with tape.scope("attn"):
        q, k, v = projections(tape, heads, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        added = ("add_q_proj", "add_k_proj", "add_v_proj")
        text_q, text_k, text_v = projections(tape, heads, c, added, names)
        words = tape.cat((text_q, text_k, text_v), batch, text, 3, width)
        stacked = tape.cat((q, k, v), batch, n, 3, width)
        joined = tape.cat((words, stacked), batch, n + text, 3, width)
        turn(tape, heads, joined, rotary)
        out = attended(tape, heads, joined, keys)
        flat = tape.copy(out, name="flatten")
        del out
        told = tape.copy(flat.view(batch, text, width), name="stack")
        video = tape.copy(flat.view(batch, n, width), name="cat")
        del flat, joined, words, stacked
        projected = tape.linear(video, width, "to_out.0")
        return projected, told if last else sliced_linear(tape, told, width, "to_add_out")


def single_attention(tape: Tape, heads: Any, x: Tensor, rotary: Tensor, keys: Any) -> Tensor:
    """Self-attention over the joint stream x[batch, both, width], without a projection out."""
    batch, both, width = x.shape
    with tape.scope("attn"):
        q, k, v = projections(tape, heads, x, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"))
        joined = tape.cat((q, k, v), batch, both, 3, width)
        turn(tape, heads, joined, rotary)
        separate = [tape.copy(joined.view(batch, both, width), name="contiguous") for _ in range(3)]
        out = attended(tape, heads, joined, keys)
        flat = tape.copy(out, name="flatten")
        del out
        merged = tape.copy(flat, name="cat").view(batch, both, width)
        del separate, flat
        return merged


def projections(
    tape: Tape, heads: Any, x: Tensor, names: tuple[str, str, str], norms: tuple[str, str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values by head [batch, n, heads, head size]; queries and keys RMS-normed."""
    batch, n, width = x.shape
    q, k, v = (tape.linear(x, width, name).view(batch, n, heads, width // heads) for name in names)
    q = tape.rms_norm_narrow(q, norms[0])
    k = tape.rms_norm_narrow(k, norms[1])
    return q, k, v


def turn(tape: Tape, heads: Any, joined: Tensor, rotary: Tensor) -> None:
    """Rotary embedding of queries and keys in float32, written back into the stacked tensor."""
    batch, both, _, width = joined.shape
    one = joined.view(batch, both, heads, width // heads)
    wide_q, wide_k = tape.cast(one, "fp32"), tape.cast(one, "fp32")
    turned_q = tape.add(tape.mul(wide_q, rotary), tape.mul(wide_q, rotary))
    turned_k = tape.add(tape.mul(wide_k, rotary), tape.mul(wide_k, rotary))
    narrow_q, narrow_k = tape.cast(turned_q, joined.dtype), tape.cast(turned_k, joined.dtype)
    tape.traffic("write_back", 2 * (narrow_q.nbytes + narrow_k.nbytes), 2)


def attended(tape: Tape, heads: Any, joined: Tensor, keys: Any) -> Tensor:
    """Masked fused attention of the stacked queries, keys and values -> [batch, heads, both, head size]."""
    batch, both, _, width = joined.shape
    d = width // heads
    read = joined.view(batch, heads, keys, d)
    return tape.attention(joined.view(batch, heads, both, d), read, read, masked="dense")
