"""Building blocks of Motif-Video: blocks of two streams, blocks of one, both with an extra look at the text.

A slice of a joint sequence is contiguous for one sample only: with several, layers that read it copy it first and add
their bias in a step of its own.
Source: diffusers 0.42.1 models/transformers/transformer_motif_video.py.
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.networks.transformers.cosmos import rotate
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor

Rotary = tuple[Tensor, Tensor]


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift."""
    scale = vectors.view(x.shape[0], 1, x.shape[-1])
    return tape.add(tape.mul(tape.layer_norm(x), tape.scale(scale)), scale)


def adaptive_norm(tape: Tape, x: Tensor, temb: Tensor, vectors: int, name: str) -> tuple[Tensor, Tensor]:
    """The modulated norm of x, and the vectors that the timestep makes: [batch, vectors · width]."""
    with tape.scope(name):
        made = tape.linear(tape.act(temb), vectors * x.shape[-1], "linear")
        return modulated(tape, x, made), made


def linear(tape: Tape, x: Tensor, width: Any, name: str, sliced: bool = True) -> Tensor:
    """A linear layer on a tensor or (`sliced`) a slice of a joint sequence, x[batch, n, d] -> [batch, n, width]."""
    batch, n, d = x.shape
    several = minimum(batch - 1, 1) * sliced
    copied = tape.copy(x, batch * several, n, d)
    out = tape.linear(x, width, name)
    del copied
    tape.copy(out, batch * several, n, width, name="bias")
    return out


def heads_of(x: Tensor, heads: Any) -> Tensor:
    """[batch, n, width] -> [batch, heads, n, width / heads]."""
    batch, n, width = x.shape
    return x.view(batch, heads, n, width // heads)


def joint_attention(tape: Tape, heads: Any, video: Tensor, text: Tensor, rotary: Rotary) -> tuple[Tensor, Tensor]:
    """Two streams with weights of their own attend as one sequence; each is projected on its own."""
    batch, n, width = video.shape
    m, d = text.shape[1], width // heads
    with tape.scope("attn"):
        q = heads_of(tape.linear(video, width, "to_q"), heads)
        k = heads_of(tape.linear(video, width, "to_k"), heads)
        v = heads_of(tape.linear(video, width, "to_v"), heads)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = rotate(tape, q, rotary)
        k = rotate(tape, k, rotary)
        text_q = heads_of(tape.linear(text, width, "add_q_proj"), heads)
        text_k = heads_of(tape.linear(text, width, "add_k_proj"), heads)
        text_v = heads_of(tape.linear(text, width, "add_v_proj"), heads)
        text_q = tape.rms_norm(text_q, "norm_added_q")
        text_k = tape.rms_norm(text_k, "norm_added_k")
        q = tape.cat((q, text_q), batch, heads, n + m, d)
        k = tape.cat((k, text_k), batch, heads, n + m, d)
        v = tape.cat((v, text_v), batch, heads, n + m, d)
        out = tape.attention(q, k, v)
        merged = tape.copy(out)
        del out
        video_out = linear(tape, merged.view(batch, n, width), width, "to_out.0")
        return video_out, linear(tape, merged.view(batch, m, width), width, "to_add_out")


def single_attention(tape: Tape, heads: Any, video: Tensor, text: Tensor, rotary: Rotary) -> tuple[Tensor, Tensor]:
    """Both streams with the same weights attend as one sequence; only the first is rotated; no projection."""
    batch, n, width = video.shape
    m, d = text.shape[1], width // heads
    with tape.scope("attn"):
        joined = tape.cat((video, text), batch, n + m, width)
        q = heads_of(tape.linear(joined, width, "to_q"), heads)
        k = heads_of(tape.linear(joined, width, "to_k"), heads)
        v = heads_of(tape.linear(joined, width, "to_v"), heads)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = tape.cat((rotate(tape, q.view(batch, heads, n, d), rotary), q), *q.shape)
        k = tape.cat((rotate(tape, k.view(batch, heads, n, d), rotary), k), *k.shape)
        out = tape.attention(q, k, v)
        del joined
        merged = tape.copy(out)
        return merged.view(batch, n, width), merged.view(batch, m, width)


def text_attention(tape: Tape, heads: Any, x: Tensor, text: Tensor, rotary: Rotary, *, sliced: bool) -> Tensor:
    """Video tokens look at the text tokens once more; `sliced` tells whether x and text are slices."""
    batch, n, width = x.shape
    with tape.scope("cross_attn"):
        q = heads_of(linear(tape, x, width, "to_q", sliced), heads)
        k = heads_of(linear(tape, text, width, "to_k", sliced), heads)
        v = heads_of(linear(tape, text, width, "to_v", sliced), heads)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        q = rotate(tape, q, rotary)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def dual_block(
    tape: Tape,
    heads: Any,
    inner: Any,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: Rotary,
    text_tokens: Any,
    *,
    look: bool,
) -> tuple[Tensor, Tensor]:
    """Joint attention and feed-forward of video and text, each with its own weights and modulation."""
    batch, _, width = hidden.shape
    normed, vectors = adaptive_norm(tape, hidden, temb, 6, "norm1")
    text_normed, text_vectors = adaptive_norm(tape, context, temb, 6, "norm1_context")
    gate, text_gate = vectors.view(batch, 1, width), text_vectors.view(batch, 1, width)
    update, text_update = joint_attention(tape, heads, normed, text_normed, rotary)
    x = tape.add(hidden, tape.mul(update, gate))
    if look:
        text_only = text_normed.view(batch, text_tokens, width)
        seen = text_attention(tape, heads, update, text_only, rotary, sliced=False)
        x = tape.add(x, seen)
    text = tape.add(context, tape.mul(text_update, text_gate))
    normed = tape.layer_norm(x)
    text_normed = tape.layer_norm(text)
    normed = tape.add(tape.mul(normed, tape.scale(gate)), gate)
    text_normed = tape.add(tape.mul(text_normed, tape.scale(text_gate)), text_gate)
    mixed = feed_forward(tape, normed, inner, width, "ff")
    text_mixed = feed_forward(tape, text_normed, inner, width, "ff_context")
    x = tape.add(x, tape.mul(mixed, gate))
    return x, tape.add(text, tape.mul(text_mixed, text_gate))


def single_block(
    tape: Tape,
    heads: Any,
    inner: Any,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: Rotary,
    text_tokens: Any,
    *,
    look: bool,
) -> tuple[Tensor, Tensor]:
    """Attention and feed-forward side by side over the joint sequence; the results are two slices of one tensor."""
    batch, n, width = hidden.shape
    m = context.shape[1]
    joined = tape.cat((hidden, context), batch, n + m, width)
    normed, vectors = adaptive_norm(tape, joined, temb, 3, "norm")
    gate = vectors.view(batch, 1, width)
    mixed = tape.act(tape.linear(normed, inner, "proj_mlp"), "gelu")
    update, text_update = single_attention(
        tape, heads, normed.view(batch, n, width), normed.view(batch, m, width), rotary
    )
    if look:
        text_only = normed.view(batch, text_tokens, width)
        seen = text_attention(tape, heads, update, text_only, rotary, sliced=True)
        update = tape.add(update, seen)
    update = tape.cat((update, text_update), batch, n + m, width)
    both = tape.cat((update, mixed), batch, n + m, width + inner)
    out = tape.mul(tape.linear(both, width, "proj_out"), gate)
    del both
    out = tape.add(out, joined)
    return out.view(batch, n, width), out.view(batch, m, width)
