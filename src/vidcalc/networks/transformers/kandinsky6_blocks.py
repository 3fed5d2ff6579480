"""Building blocks of Kandinsky 6: the text blocks, and the blocks in which video and audio see each other.

What one modality made for the other stays alive until the block's end.
Source: diffusers 0.42.1 models/transformers/transformer_kandinsky6.py.
"""

from typing import Any, NamedTuple

from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.tape import Tape, Tensor


class Branch(NamedTuple):
    """The sizes of one modality's half of the network."""

    name: str
    width: Any
    time: Any
    inner: Any
    d_head: Any


def modulation(tape: Tape, time: Tensor, size: Any, name: str, keep: str = "") -> Tensor:
    """time[batch, d] -> the vectors that scale, shift and gate: [batch, size]."""
    with tape.scope(name):
        wide = tape.cast(time, keep) if keep else time
        return tape.linear(tape.act(wide), size, "out_layer", keep=keep)


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (scale + 1) + shift in float32, cast back."""
    scale = tape.cast(vectors.view(x.shape[0], 1, x.shape[-1]), "fp32")
    normed = tape.layer_norm(tape.cast(x, "fp32"))
    summed = tape.add(tape.mul(normed, tape.scale(scale)), scale)
    return tape.cast(summed, x.dtype)


def gated(tape: Tape, x: Tensor, update: Tensor, vectors: Tensor) -> Tensor:
    """x + gate · update in float32, cast back."""
    gate = tape.cast(vectors.view(x.shape[0], 1, x.shape[-1]), "fp32")
    wide = tape.cast(x, "fp32")
    summed = tape.add(wide, tape.mul(tape.cast(update, "fp32"), gate))
    del wide
    return tape.cast(summed, x.dtype)


def attention(
    tape: Tape,
    branch: Branch,
    x: Tensor,
    context: Tensor | None,
    name: str,
    rotary: Tensor | None = None,
    rotary_keys: Tensor | None = None,
) -> Tensor:
    """Self-attention (context None) or cross-attention, queries and keys RMS-normed per head."""
    batch, n, width = x.shape
    heads, d = width // branch.d_head, branch.d_head
    source = x if context is None else context
    keys = source.shape[1]
    with tape.scope(name):
        q = tape.linear(x, width, "to_query").view(batch, heads, n, d)
        k = tape.linear(source, width, "to_key").view(batch, heads, keys, d)
        v = tape.linear(source, width, "to_value").view(batch, heads, keys, d)
        q = tape.rms_norm(q, "query_norm")
        k = tape.rms_norm(k, "key_norm")
        if rotary is not None and rotary_keys is not None:
            q = rotate(tape, q, rotary)
            k = rotate(tape, k, rotary_keys)
        out = tape.attention(q, k, v)
        return tape.linear(tape.copy(out).view(batch, n, width), width, "out_layer")


def rotate(tape: Tape, x: Tensor, rotary: Tensor) -> Tensor:
    """Each pair of channels times its 2 × 2 rotation, both in float32: a product twice as large, then its sum."""
    wide = tape.cast(x, "fp32")
    pairs = wide.view(*wide.shape[:-1], 2 * wide.shape[-1])
    out = tape.pointwise("sum", (tape.mul(tape.cast(rotary, "fp32"), pairs, pairs.shape),), x.shape)
    return tape.cast(out, x.dtype)


def text_block(tape: Tape, branch: Branch, text: Tensor, time: Tensor, rotary: Tensor) -> Tensor:
    """Self-attention and feed-forward of the text tokens."""
    vectors = modulation(tape, time, 6 * branch.width, "text_modulation")
    x = gated(
        tape, text, attention(tape, branch, modulated(tape, text, vectors), None, "attn", rotary, rotary), vectors
    )
    return gated(tape, x, mixed(tape, branch, modulated(tape, x, vectors)), vectors)


def mixed(tape: Tape, branch: Branch, x: Tensor) -> Tensor:
    """Linear, GELU, linear, without biases."""
    return feed_forward(tape, x, branch.inner, branch.width, "feed_forward", bias=False)


def own_attention(
    tape: Tape, branch: Branch, x: Tensor, text: Tensor, time: Tensor, rotary: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A modality's self-attention and its look at the text -> x, vectors, the normed x, what the text added."""
    with tape.scope(f"{branch.name}_dec_block"):
        vectors = modulation(tape, time, 9 * branch.width, "visual_modulation")
        normed = modulated(tape, x, vectors)
        after = gated(tape, x, attention_of(tape, branch, normed, rotary), vectors)
        del normed
        before = modulated(tape, after, vectors)
        return after, vectors, before, attention(tape, branch, before, text, "cross_attention")


def attention_of(tape: Tape, branch: Branch, x: Tensor, rotary: Tensor) -> Tensor:
    """Self-attention of one modality."""
    return attention(tape, branch, x, None, "self_attention", rotary, rotary)


def fused_block(
    tape: Tape,
    branches: tuple[Branch, Branch],
    streams: tuple[Tensor, Tensor],
    texts: tuple[Tensor, Tensor],
    times: tuple[Tensor, Tensor],
    rotaries: tuple[Tensor, Tensor],
    *,
    turned: bool,
) -> tuple[Tensor, Tensor]:
    """Video and audio: each attends to itself and the text, then to the other, then its feed-forward.

    turned  whether attention to the other modality rotates queries and keys
    """
    video, audio = branches
    vis, video_vectors, vis_before, vis_text = own_attention(tape, video, streams[0], texts[0], times[0], rotaries[0])
    aud, audio_vectors, aud_before, aud_text = own_attention(tape, audio, streams[1], texts[1], times[1], rotaries[1])
    aud = gated(tape, aud, aud_text, audio_vectors)
    to_video = modulation(tape, times[0], 2 * video.width + audio.width, "va_modulation")
    to_audio = modulation(tape, times[1], 2 * audio.width + video.width, "av_modulation")
    vis = gated(tape, vis, vis_text, video_vectors)
    vis_asks = modulated(tape, vis, to_video)
    aud_asks = modulated(tape, aud, to_audio)
    both = rotaries if turned else (None, None)
    vis_heard = attention(tape, video, vis_asks, aud_before, "va_cross_attention", both[0], both[1])
    aud_seen = attention(tape, audio, aud_asks, vis_before, "av_cross_attention", both[1], both[0])
    vis = gated(tape, vis, vis_heard, to_audio)
    aud = gated(tape, aud, aud_seen, to_video)
    with tape.scope("video_dec_block"):
        vis = gated(tape, vis, mixed(tape, video, modulated(tape, vis, video_vectors)), video_vectors)
    with tape.scope("audio_dec_block"):
        aud = gated(tape, aud, mixed(tape, audio, modulated(tape, aud, audio_vectors)), audio_vectors)
    return vis, aud
