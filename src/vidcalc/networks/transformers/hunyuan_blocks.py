"""Blocks of the HunyuanVideo transformer: dual-stream (video and text apart, attention joint) and single-stream.

Source: arXiv 2412.03603; diffusers 0.42.1 models/transformers/transformer_hunyuan_video.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.networks.transformers.rotary import rotate_pairs
from vidcalc.tape import Tape, Tensor
from vidcalc.tape.records import Leave, Node

MASKED = {"keys": "dense", "pairs": "pairs", "none": "none"}


class Streams(msgspec.Struct, frozen=True, eq=False):
    """What every block of one forward pass is given beside its tokens.

    inner     hidden size of the feed-forward
    temb      modulation source [batch, width]
    rotary    cosines and sines [video tokens, head size]
    replaced  modulation source of the first frame, or None where all frames share `temb`
    first     tokens of the first frame
    mask      "keys" (one mask row for all queries), "pairs" (a dense mask [batch, 1, n, n] made in every block), "none"
    """

    heads: Number
    d_head: Number
    inner: Number
    temb: Tensor
    rotary: tuple[Tensor, Tensor]
    replaced: Tensor | None = None
    first: Number = 0
    mask: str = "keys"

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.heads * self.d_head


@contextmanager
def noted(tape: Tape, unused: list[int] | None) -> Iterator[None]:
    """Collect the differentiable ops taped inside into `unused`, where a list is given."""
    first = len(tape.nodes)
    yield
    if unused is not None:
        unused.extend(range(first, len(tape.nodes)))


def drop(tape: Tape, unused: list[int]) -> None:
    """Free what ops keep for backward whose result nobody reads, as autograd does when that result goes.

    They belong to the repeated section that was closed last, which then has grown by less.
    """
    before = tape.live
    for node in (tape.nodes[index] for index in unused):
        if isinstance(node, Node):
            node.saved = ()
    for section in [node.section for node in tape.nodes if isinstance(node, Leave)][-1:]:
        section.growth = section.growth - (before - tape.live)
        section.saved = section.saved - (before - tape.live)


def double_block(
    tape: Tape, s: Streams, x: Tensor, c: Tensor, unused: list[int] | None = None
) -> tuple[Tensor, Tensor]:
    """x[batch, n, width] (video), c[batch, tokens, width] (text) -> the same, by joint attention and two feed-forwards.

    unused  collects the ops that only the text after this block depends on (the last block's is read by nobody)
    """
    normed, own = modulated_norm(tape, s, x, 6, "norm1", s.replaced)
    normed_text, own_text = modulated_norm(tape, s, c, 6, "norm1_context", None)
    attended, attended_text = joint_attention(tape, s, normed, normed_text)

    hidden = gated_sum(tape, s, x, attended, own)
    with noted(tape, unused):
        context = tape.add(c, tape.mul(attended_text, vector(own_text[0], s)))
    normed = tape.layer_norm(hidden)
    with noted(tape, unused):
        normed_text = tape.layer_norm(context)
    normed = modulated(tape, s, normed, own)
    with noted(tape, unused):
        normed_text = modulated(tape, s, normed_text, own_text)

    mixed = feed_forward(tape, normed, s.inner, s.width, "ff")
    with noted(tape, unused):
        mixed_text = feed_forward(tape, normed_text, s.inner, s.width, "ff_context")
    hidden = gated_sum(tape, s, hidden, mixed, own)
    with noted(tape, unused):
        context = tape.add(context, tape.mul(mixed_text, vector(own_text[0], s)))
    del normed, normed_text, attended, attended_text
    return hidden, context


def vector(emb: Tensor, s: Streams) -> Tensor:
    """One of the modulation vectors in emb[batch, k·width], to be broadcast over tokens: [batch, 1, width]."""
    return emb.view(emb.shape[0], 1, s.width)


def modulated_norm(
    tape: Tape, s: Streams, x: Tensor, count: int, name: str, replaced: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """norm(x)·(1 + scale) + shift with `count` vectors made from temb -> the result and the vectors' storages."""
    with tape.scope(name):
        emb = tape.linear(tape.act(s.temb), count * s.width, "linear")
        if replaced is None:
            own = vector(emb, s)
            return tape.add(tape.mul(tape.layer_norm(x), tape.scale(own)), own), (emb,)
        emb_first = tape.linear(tape.act(replaced), count * s.width, "linear")
        normed = tape.layer_norm(x)
        return modulated(tape, s, normed, (emb, emb_first)), (emb, emb_first)


def modulated(tape: Tape, s: Streams, normed: Tensor, embs: tuple[Tensor, ...]) -> Tensor:
    """normed·(1 + scale) + shift; with two sources the first frame takes the second, and both parts are joined."""
    if len(embs) == 1:
        own = vector(embs[0], s)
        return tape.add(tape.mul(normed, tape.scale(own)), own)
    first, rest = parts(s, normed)
    first = tape.add(tape.mul(first, tape.scale(vector(embs[1], s))), vector(embs[1], s))
    rest = tape.add(tape.mul(rest, tape.scale(vector(embs[0], s))), vector(embs[0], s))
    return tape.cat((first, rest), *normed.shape)


def parts(s: Streams, x: Tensor) -> tuple[Tensor, Tensor]:
    """The first frame's tokens and the others."""
    batch, n, width = x.shape
    return x.view(batch, s.first, width), x.view(batch, n - s.first, width)


def gated_sum(tape: Tape, s: Streams, x: Tensor, update: Tensor, embs: tuple[Tensor, ...]) -> Tensor:
    """x + update·gate; with two sources the first frame has a gate of its own."""
    if len(embs) == 1:
        return tape.add(x, tape.mul(update, vector(embs[0], s)))
    first, rest = (
        tape.add(base, tape.mul(change, vector(emb, s)))
        for base, change, emb in zip(parts(s, x), parts(s, update), reversed(embs), strict=True)
    )
    return tape.cat((first, rest), *x.shape)


def heads_of(tape: Tape, s: Streams, x: Tensor, name: str, norm: str = "") -> Tensor:
    """A projection split into heads [batch, n, heads, head size], RMS-normed per head where `norm` names weights."""
    batch, n, _ = x.shape
    projected = tape.linear(x, s.width, name).view(batch, n, s.heads, s.d_head)
    return tape.rms_norm_narrow(projected, norm) if norm else projected


def joint_attention(tape: Tape, s: Streams, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One attention over video and text, each with projections of its own."""
    batch, n, width = x.shape
    both = n + c.shape[1]
    with tape.scope("attn"):
        q, k, v = heads_of(tape, s, x, "to_q"), heads_of(tape, s, x, "to_k"), heads_of(tape, s, x, "to_v")
        q = tape.rms_norm_narrow(q, "norm_q")
        k = tape.rms_norm_narrow(k, "norm_k")
        q = rotate_pairs(tape, q, s.rotary)
        k = rotate_pairs(tape, k, s.rotary)
        q_text = heads_of(tape, s, c, "add_q_proj")
        k_text = heads_of(tape, s, c, "add_k_proj")
        v_text = heads_of(tape, s, c, "add_v_proj")
        q_text = tape.rms_norm_narrow(q_text, "norm_added_q")
        k_text = tape.rms_norm_narrow(k_text, "norm_added_k")
        q = tape.cat((q, q_text), batch, both, s.heads, s.d_head)
        k = tape.cat((k, k_text), batch, both, s.heads, s.d_head)
        v = tape.cat((v, v_text), batch, both, s.heads, s.d_head)
        mask = pair_mask(tape, batch, both) if s.mask == "pairs" else ()
        merged = attended(tape, s, q, k, v)
        video = sliced_linear(tape, merged.view(batch, n, width), width, "to_out.0")
        text = sliced_linear(tape, merged.view(batch, c.shape[1], width), width, "to_add_out")
        del mask
        return video, text


def pair_mask(tape: Tape, batch: Number, n: Number) -> tuple[Tensor, ...]:
    """The mask [batch, 1, n, n] of valid query and key pairs, with what it is made from."""
    valid = tape.empty((batch, n), "bool")
    rows = tape.copy(valid, batch, 1, n, n, name="repeat")
    del valid
    return rows, tape.pointwise("and", (rows, rows))


def attended(tape: Tape, s: Streams, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Fused attention of q, k, v[batch, n, heads, head size], merged into [batch, n, width] by a copy."""
    batch, n, _, _ = q.shape
    by_head = (batch, s.heads, n, s.d_head)
    out = tape.attention(q.view(*by_head), k.view(*by_head), v.view(*by_head), masked=MASKED[s.mask])
    return tape.copy(out).view(batch, n, s.width)


def sliced_linear(tape: Tape, x: Tensor, d_out: Number, name: str) -> Tensor:
    """A linear layer on a slice of tokens: more than one sample is copied first, and the bias is a second kernel."""
    batch, n, d_in = x.shape
    several = minimum(batch - 1, 1)
    contiguous = tape.copy(x, batch * several, n, d_in, name="contiguous")
    product = tape.linear(x, d_out, name)
    del contiguous
    biased = tape.empty((batch * several, n, d_out), x.dtype)
    del biased
    return product


def single_block(tape: Tape, s: Streams, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Video and text joined in one stream: attention and feed-forward side by side, one projection out of both."""
    batch, n, width = x.shape
    both = n + c.shape[1]
    hidden = tape.cat((x, c), batch, both, width)
    normed, own = modulated_norm(tape, s, hidden, 3, "norm", s.replaced)
    mlp = tape.act(tape.linear(normed, s.inner, "proj_mlp"), "gelu")
    merged = single_attention(tape, s, normed, n)
    joined = tape.cat((merged,), batch, both, width)
    wide = tape.cat((joined, mlp), batch, both, width + s.inner)
    update = gated_projection(tape, s, wide, own)
    del wide
    out = tape.add(update, hidden)
    del merged, joined, normed
    return out.view(batch, n, width), out.view(batch, c.shape[1], width)


def gated_projection(tape: Tape, s: Streams, wide: Tensor, embs: tuple[Tensor, ...]) -> Tensor:
    """gate·proj_out(wide); with two sources the first frame has a gate of its own."""
    projected = tape.linear(wide, s.width, "proj_out")
    if len(embs) == 1:
        return tape.mul(projected, vector(embs[0], s))
    first, rest = parts(s, projected)
    first = tape.mul(first, vector(embs[1], s))
    rest = tape.mul(rest, vector(embs[0], s))
    return tape.cat((first, rest), *projected.shape)


def single_attention(tape: Tape, s: Streams, x: Tensor, n: Number) -> Tensor:
    """Self-attention over the joined stream x[batch, n + text, width]; only the n video tokens are turned."""
    batch, both, width = x.shape
    with tape.scope("attn"):
        source = tape.cat((x,), batch, both, width)
        q, k, v = (
            heads_of(tape, s, source, "to_q"),
            heads_of(tape, s, source, "to_k"),
            heads_of(tape, s, source, "to_v"),
        )
        q = tape.rms_norm_narrow(q, "norm_q")
        k = tape.rms_norm_narrow(k, "norm_k")
        q = turned_video(tape, s, q, n)
        k = turned_video(tape, s, k, n)
        merged = attended(tape, s, q, k, v)
        del source
        return merged


def turned_video(tape: Tape, s: Streams, x: Tensor, n: Number) -> Tensor:
    """Rotary embedding of the first n tokens, joined with the untouched text tokens."""
    batch, both, heads, d_head = x.shape
    text = x.view(batch, both - n, heads, d_head)
    return tape.cat((rotate_pairs(tape, x.view(batch, n, heads, d_head), s.rotary), text), *x.shape)
