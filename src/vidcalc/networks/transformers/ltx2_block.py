"""One block of the LTX-2 transformer: two streams, each through self-attention, text, the other stream, feed-forward.

Source: diffusers 0.42.1 models/transformers/transformer_ltx2.py (LTX2VideoTransformerBlock, its attention processors).
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from vidcalc.networks.norm import mixed_rms_norm
from vidcalc.networks.transformers.embedding import feed_forward
from vidcalc.networks.transformers.ltx2_rope import rotate
from vidcalc.tape import Tape, Tensor

if TYPE_CHECKING:
    from vidcalc.networks.transformers.ltx2 import Config

Pair = tuple[Tensor, Tensor]


class Streams(NamedTuple):
    """What all blocks share, as (video, audio): see `ltx2.Steps`, the rotary tables, text and text masks."""

    modulation: Pair
    cross_modulation: Pair
    cross_gate: Pair
    prompt: Pair | None
    rotary: tuple[Pair, ...]
    context: Pair
    masks: tuple[Tensor, ...]


class Attention(NamedTuple):
    """Sizes and switches of one attention: heads, head size, width of its input, gate per head."""

    heads: Any
    d_head: Any
    width: Any
    gated: bool


def block(tape: Tape, config: "Config", video: Tensor, audio: Tensor, streams: Streams) -> Pair:
    """Video and audio through one block; the video goes first at every step."""
    width, audio_width = config.width, config.audio_width
    heads, audio_heads = config.num_attention_heads, config.audio_num_attention_heads
    wide = Attention(heads, config.attention_head_dim, width, config.gated_attn)
    narrow = Attention(audio_heads, config.audio_attention_head_dim, audio_width, config.audio_gated_attn)
    rotary = streams.rotary

    vectors = table(tape, "scale_shift_table", streams.modulation[0], 9 if config.cross_attn_mod else 6, width)
    # what self-attention was given stays alive to the end of the block
    own = modulated(tape, norm(tape, config, video, "norm1"), vectors)
    told = attention(tape, config, own, None, wide, "attn1", rotary=(rotary[0], rotary[0]))
    x = tape.add(video, tape.mul(told, vectors))
    audio_vectors = table(
        tape, "audio_scale_shift_table", streams.modulation[1], 9 if config.audio_cross_attn_mod else 6, audio_width
    )
    audio_own = modulated(tape, norm(tape, config, audio, "audio_norm1"), audio_vectors)
    audio_told = attention(tape, config, audio_own, None, narrow, "audio_attn1", rotary=(rotary[1], rotary[1]))
    y = tape.add(audio, tape.mul(audio_told, audio_vectors))

    context, audio_context = streams.context
    prompts = prompt_vectors(tape, config, streams)
    normed = norm(tape, config, x, "norm2")
    if config.cross_attn_mod:
        normed = modulated(tape, normed, vectors)
    if prompts is not None:
        context = modulated(tape, context, prompts[0])
    told = attention(tape, config, normed, context, wide, "attn2", mask=streams.masks[0])
    if config.cross_attn_mod:
        told = tape.mul(told, vectors)
    x = tape.add(x, told)
    audio_normed = norm(tape, config, y, "audio_norm2")
    if config.audio_cross_attn_mod:
        audio_normed = modulated(tape, audio_normed, audio_vectors)
    if prompts is not None:
        audio_context = modulated(tape, audio_context, prompts[1])
    audio_told = attention(tape, config, audio_normed, audio_context, narrow, "audio_attn2", mask=streams.masks[1])
    if config.audio_cross_attn_mod:
        audio_told = tape.mul(audio_told, audio_vectors)
    y = tape.add(y, audio_told)

    normed = norm(tape, config, x, "audio_to_video_norm")
    audio_normed = norm(tape, config, y, "video_to_audio_norm")
    cross, gate = cross_vectors(tape, streams, 0, width, "video_a2v_cross_attn_scale_shift_table")
    audio_cross, audio_gate = cross_vectors(tape, streams, 1, audio_width, "audio_a2v_cross_attn_scale_shift_table")
    asking = modulated(tape, normed, cross)
    asked = modulated(tape, audio_normed, audio_cross)
    across = narrow._replace(width=width, gated=config.gated_attn)
    heard = attention(tape, config, asking, asked, across, "audio_to_video_attn", rotary=(rotary[2], rotary[3]))
    x = tape.add(x, tape.mul(heard, gate))
    asking = modulated(tape, normed, cross)
    asked = modulated(tape, audio_normed, audio_cross)
    seen = attention(tape, config, asked, asking, narrow, "video_to_audio_attn", rotary=(rotary[3], rotary[2]))
    y = tape.add(y, tape.mul(seen, audio_gate))

    scaled = tape.mul(norm(tape, config, x, "norm3"), tape.scale(vectors))
    normed = tape.add(scaled, vectors)
    del scaled
    mixed = feed_forward(tape, normed, 4 * width, width, "ff", bias=config.ff_bias)
    x = tape.add(x, tape.mul(mixed, vectors))
    scaled = tape.mul(norm(tape, config, y, "audio_norm3"), tape.scale(audio_vectors))
    audio_normed = tape.add(scaled, audio_vectors)
    del scaled
    audio_mixed = feed_forward(tape, audio_normed, 4 * audio_width, audio_width, "audio_ff", bias=config.audio_ff_bias)
    return x, tape.add(y, tape.mul(audio_mixed, audio_vectors))


def norm(tape: Tape, config: "Config", x: Tensor, name: str) -> Tensor:
    """RMS norm, with weights only where the configuration asks for them."""
    return mixed_rms_norm(tape, x, name if config.norm_elementwise_affine else "")


def table(tape: Tape, name: str, temb: Tensor, vectors: int, width: Any) -> Tensor:
    """A learned table plus the timestep's vectors; the result stands for any one of them, [batch, per, width]."""
    tape.parameter(name, vectors * width)
    return summed(tape, temb, vectors, width)


def summed(tape: Tape, temb: Tensor, vectors: int, width: Any) -> Tensor:
    """`vectors` rows of a table plus those of the timestep."""
    batch, per = temb.shape[:2]
    return tape.pointwise("modulation", (temb,), (batch, per, vectors, width)).view(batch, per, width)


def prompt_vectors(tape: Tape, config: "Config", streams: Streams) -> Pair | None:
    """Scale and shift of the text for both streams: from tables plus the timestep, or from the tables alone."""
    if not config.prompt_modulation:
        return None
    names = ("prompt_scale_shift_table", config.width), ("audio_prompt_scale_shift_table", config.audio_width)
    if streams.prompt is not None:
        video, audio = (table(tape, name, streams.prompt[i], 2, width) for i, (name, width) in enumerate(names))
        return video, audio
    for name, width in names:
        tape.parameter(name, 2 * width)
    static = [Tensor((1, 1, width), tape.dtype, None) for _, width in names]
    return static[0], static[1]


def cross_vectors(tape: Tape, streams: Streams, stream: int, width: Any, name: str) -> Pair:
    """Four vectors that modulate, and one that gates, attention to the other stream."""
    tape.parameter(name, 5 * width)
    return summed(tape, streams.cross_modulation[stream], 4, width), summed(tape, streams.cross_gate[stream], 1, width)


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """x · (1 + scale) + shift, both slices of `vectors`."""
    return tape.add(tape.mul(x, tape.scale(vectors)), vectors)


def attention(
    tape: Tape,
    config: "Config",
    x: Tensor,
    context: Tensor | None,
    sizes: Attention,
    name: str,
    *,
    rotary: tuple[Pair, Pair] | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Attention of x to itself or to `context`, with normed queries and keys and, where gated, a gate per head."""
    heads, d_head = sizes.heads, sizes.d_head
    inner, bias = heads * d_head, config.attention_bias
    batch, n, _ = x.shape
    with tape.scope(name):
        spread = None if mask is None else tape.copy(mask, batch * heads, 1, mask.shape[-1], name="mask")
        source = x if context is None else context
        keys = source.shape[1]
        gates = tape.linear(x, heads, "to_gate_logits") if sizes.gated else None
        if config.perturbed_attn:
            v = tape.linear(source, inner, "to_v", bias=bias)
            q = tape.linear(x, inner, "to_q", bias=bias)
            k = tape.linear(source, inner, "to_k", bias=bias)
        else:
            q = tape.linear(x, inner, "to_q", bias=bias)
            k = tape.linear(source, inner, "to_k", bias=bias)
            v = tape.linear(source, inner, "to_v", bias=bias)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        if rotary is not None:
            q = rotate(tape, q, rotary[0], config.rope_type)
            k = rotate(tape, k, rotary[1], config.rope_type)
        of_queries, of_keys = (batch, heads, n, d_head), (batch, heads, keys, d_head)
        q, k, v = q.view(*of_queries), k.view(*of_keys), v.view(*of_keys)
        out = tape.attention(q, k, v, masked="none" if spread is None else "dense")
        merged = tape.copy(out).view(batch, n, inner)
        del out
        if gates is not None:
            opened = tape.scale(tape.act(gates, "sigmoid")).view(batch, n, heads, 1)
            merged = tape.mul(merged, opened)
        return tape.linear(merged, sizes.width, "to_out.0", bias=config.attention_out_bias)
