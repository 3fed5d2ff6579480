"""LTX-2 transformer: a wide video stream and a narrow audio stream that attend to themselves, text and each other.

Mirrors diffusers' LTX2VideoTransformer3DModel (LTX-2.0, 2.3, 2.5): which intermediates are held, which are in float32.
In a block video goes first at every step: self-attention, text, the other stream, feed-forward.
Source: Lightricks LTX-2 (2025); diffusers 0.42.1 models/transformers/transformer_ltx2.py.
"""

from typing import NamedTuple

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.norm import mixed_rms_norm
from vidcalc.networks.transformers.embedding import feed_forward, text_mlp
from vidcalc.networks.transformers.ltx import time_embed
from vidcalc.networks.transformers.ltx2_rope import rotary_table, rotate
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2VideoTransformer3DModel",)
FRAMES_PER_SECOND = 24  # the forward's default
Pair = tuple[Tensor, Tensor]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 128
    out_channels: Number = 128
    num_attention_heads: Number = 32
    attention_head_dim: Number = 128
    cross_attention_dim: Number = 4096
    vae_scale_factors: tuple[int, int, int] = (8, 32, 32)
    gated_attn: bool = False
    cross_attn_mod: bool = False
    audio_in_channels: Number = 128
    audio_out_channels: Number = 128
    audio_num_attention_heads: Number = 32
    audio_attention_head_dim: Number = 64
    audio_cross_attention_dim: Number = 2048
    audio_scale_factor: int = 4
    audio_sampling_rate: int = 16000
    audio_hop_length: int = 160
    audio_gated_attn: bool = False
    audio_cross_attn_mod: bool = False
    num_layers: Number = 48
    norm_elementwise_affine: bool = False
    caption_channels: Number = 3840
    attention_bias: bool = True
    attention_out_bias: bool = True
    rope_type: str = "interleaved"
    use_prompt_embeddings: bool = True
    perturbed_attn: bool = False
    ff_bias: bool = True
    audio_ff_bias: bool = True
    use_prompt_adaln_single: bool = True
    use_keyframes_abs_pos_embedding: bool = False

    @property
    def width(self) -> Number:
        """Hidden size of the video stream: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def audio_width(self) -> Number:
        """Hidden size of the audio stream."""
        return self.audio_num_attention_heads * self.audio_attention_head_dim

    @property
    def prompt_modulation(self) -> bool:
        """Whether the text's keys and values are modulated (LTX-2.3 on)."""
        return self.cross_attn_mod or self.audio_cross_attn_mod


class Streams(NamedTuple):
    """What all blocks share, as (video, audio): see `Steps`, the rotary tables, text and text masks."""

    modulation: Pair
    cross_modulation: Pair
    cross_gate: Pair
    prompt: Pair | None
    rotary: tuple[Pair, ...]
    context: Pair
    masks: tuple[Tensor, ...]


class Attention(NamedTuple):
    """Sizes and switches of one attention: heads, head size, width of its input, gate per head."""

    heads: Number
    d_head: Number
    width: Number
    gated: bool


class Steps:
    """What the timestep becomes, for video and for audio: modulation vectors of every kind.

    modulation        six or nine vectors of the stream's own norms
    embedded          the embedding itself, for the last norm
    prompt            two vectors for the text (None where a table alone serves)
    cross_modulation  four vectors for attention to the other stream
    cross_gate        one vector that gates it
    """

    def __init__(self, tape: Tape, config: Config, batch: Number, per: Number) -> None:
        width, audio_width = config.width, config.audio_width
        own = 9 if config.cross_attn_mod else 6
        audio_own = 9 if config.audio_cross_attn_mod else 6
        temb, embedded = time_embed(tape, batch, per, width, "time_embed", own)
        audio_temb, audio_embedded = time_embed(tape, batch, 1, audio_width, "audio_time_embed", audio_own)
        self.modulation = temb, audio_temb
        self.embedded = embedded, audio_embedded
        self.prompt: tuple[Tensor, Tensor] | None = None
        if config.prompt_modulation and config.use_prompt_adaln_single:
            self.prompt = (
                time_embed(tape, batch, 1, width, "prompt_adaln", 2)[0],
                time_embed(tape, batch, 1, audio_width, "audio_prompt_adaln", 2)[0],
            )
        scale, _ = time_embed(tape, batch, per, width, "av_cross_attn_video_scale_shift", 4)
        gate, _ = time_embed(tape, batch, per, width, "av_cross_attn_video_a2v_gate", 1)
        audio_scale, _ = time_embed(tape, batch, 1, audio_width, "av_cross_attn_audio_scale_shift", 4)
        audio_gate, self.unused = time_embed(tape, batch, 1, audio_width, "av_cross_attn_audio_v2a_gate", 1)
        self.cross_modulation = scale, audio_scale
        self.cross_gate = gate, audio_gate


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: one per latent place, and one per place of the reference video behind them, where there is one.

    shape.extra["reference_scale"] is how many times smaller its height and width are.
    """
    scale = shape.extra.get("reference_scale")
    beside = 0 if scale is None else (shape.height // scale) * (shape.width // scale)
    return shape.frames * (shape.height * shape.width + beside)


def audio_tokens(config: Config, shape: Shape) -> Number:
    """Audio latents of the clip: its seconds times latents per second, rounded (shape.extra["audio_tokens"] overrides).

    shape.extra["fps"] is the clip's frame rate, 24 unless given.
    """
    stated = shape.extra.get("audio_tokens")
    if stated is not None:
        return stated
    frames = (shape.frames - 1) * config.vae_scale_factors[0] + 1
    samples = config.audio_hop_length * config.audio_scale_factor * shape.extra.get("fps", FRAMES_PER_SECOND)
    return (2 * frames * config.audio_sampling_rate + samples) // (2 * samples)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """video[batch, tokens, in_channels] and audio[batch, audio tokens, channels] -> video[batch, tokens, out_channels].

    The audio output is computed as well.
    """
    width, audio_width, batch = config.width, config.audio_width, shape.batch
    n, heard = tokens(config, shape), audio_tokens(config, shape)
    text_width, audio_text_width = config.caption_channels, config.caption_channels
    if not config.use_prompt_embeddings:
        text_width, audio_text_width = config.cross_attention_dim, config.audio_cross_attention_dim
    latent = tape.input(batch, n, config.in_channels)
    audio_latent = tape.input(batch, heard, config.audio_in_channels)
    text = tape.input(batch, shape.tokens, text_width)
    audio_text = tape.input(batch, shape.tokens, audio_text_width)
    per = n if shape.timestep == "token" else 1
    timestep = tape.input(batch, per, dtype="fp32")
    padding = tape.input(batch, shape.tokens, dtype="int64"), tape.input(batch, shape.tokens, dtype="int64")

    sigma = tape.input(batch, dtype="fp32") if config.prompt_modulation else None
    places = tape.empty((batch, 3, n, 2), "fp32"), tape.empty((heard, 2), "fp32")
    masks = tuple(tape.scale(tape.scale(tape.cast(each, tape.dtype))) for each in padding)
    rotary = rotary_tables(tape, config, batch, n, heard)
    hidden = tape.linear(latent, width, "proj_in")
    audio = tape.linear(audio_latent, audio_width, "audio_proj_in")
    if config.use_keyframes_abs_pos_embedding:
        tape.parameter("keyframes_abs_pos_embedding", width)
    step = Steps(tape, config, batch, per)
    streams = Streams(
        step.modulation,
        step.cross_modulation,
        step.cross_gate,
        step.prompt,
        rotary,
        (text, audio_text),
        masks,
    )
    if config.use_prompt_embeddings:
        context = text_mlp(tape, text, width, "caption_projection")
        audio_context = text_mlp(tape, audio_text, audio_width, "audio_caption_projection")
        streams = streams._replace(context=(context, audio_context))
    with tape.repeat("transformer_blocks", config.num_layers, hidden, audio):
        hidden, audio = block(tape, config, hidden, audio, streams)

    scale_shift = last_vectors(tape, step.embedded[0], "")
    hidden = tape.layer_norm(hidden)
    hidden = modulated(tape, hidden, scale_shift)
    out = tape.linear(hidden, config.out_channels or config.in_channels, "proj_out")
    audio_scale_shift = last_vectors(tape, step.embedded[1], "audio_")
    audio = tape.layer_norm(audio)
    audio = modulated(tape, audio, audio_scale_shift)
    heard_out = tape.linear(audio, config.audio_out_channels or config.audio_in_channels, "audio_proj_out")
    if tape.training:  # a loss on both streams
        out.node = tape.differentiable((out, heard_out), (), out.nbytes)
    del timestep, padding, sigma, places
    return out


def rotary_tables(
    tape: Tape, config: Config, batch: Number, n: Number, heard: Number
) -> tuple[tuple[Tensor, Tensor], ...]:
    """Tables for video, audio, and for either when they attend to each other (time only)."""
    cross = config.audio_cross_attention_dim
    return (
        rotary_table(tape, config.rope_type, batch, n, 3, config.width),
        rotary_table(tape, config.rope_type, batch, heard, 1, config.audio_width),
        rotary_table(tape, config.rope_type, batch, n, 1, cross),
        rotary_table(tape, config.rope_type, batch, heard, 1, cross),
    )


def last_vectors(tape: Tape, embedded: Tensor, prefix: str) -> Tensor:
    """Scale and shift of the last norm, from a table plus the timestep; stands for either, [batch, per, width]."""
    batch, per, width = embedded.shape
    tape.parameter(prefix + "scale_shift_table", 2 * width)
    return tape.pointwise("modulation", (embedded,), (batch, per, 2, width)).view(batch, per, width)


def block(tape: Tape, config: Config, video: Tensor, audio: Tensor, streams: Streams) -> Pair:
    """Video and audio through one block; the video goes first at every step."""
    width, audio_width = config.width, config.audio_width
    heads, audio_heads = config.num_attention_heads, config.audio_num_attention_heads
    wide = Attention(heads, config.attention_head_dim, width, config.gated_attn)
    narrow = Attention(audio_heads, config.audio_attention_head_dim, audio_width, config.audio_gated_attn)
    rotary = streams.rotary

    vectors = table(tape, "scale_shift_table", streams.modulation[0], 9 if config.cross_attn_mod else 6, width)
    # what self-attention was given stays alive to the end of the block
    own = modulated(tape, norm(tape, config, video, "norm1"), vectors)
    update = attention(tape, config, own, None, wide, "attn1", rotary=(rotary[0], rotary[0]))
    x = tape.add(video, tape.mul(update, vectors))
    audio_vectors = table(
        tape, "audio_scale_shift_table", streams.modulation[1], 9 if config.audio_cross_attn_mod else 6, audio_width
    )
    audio_own = modulated(tape, norm(tape, config, audio, "audio_norm1"), audio_vectors)
    audio_update = attention(tape, config, audio_own, None, narrow, "audio_attn1", rotary=(rotary[1], rotary[1]))
    y = tape.add(audio, tape.mul(audio_update, audio_vectors))

    context, audio_context = streams.context
    prompts = prompt_vectors(tape, config, streams)
    normed = norm(tape, config, x, "norm2")
    if config.cross_attn_mod:
        normed = modulated(tape, normed, vectors)
    if prompts is not None:
        context = modulated(tape, context, prompts[0])
    update = attention(tape, config, normed, context, wide, "attn2", mask=streams.masks[0])
    if config.cross_attn_mod:
        update = tape.mul(update, vectors)
    x = tape.add(x, update)
    audio_normed = norm(tape, config, y, "audio_norm2")
    if config.audio_cross_attn_mod:
        audio_normed = modulated(tape, audio_normed, audio_vectors)
    if prompts is not None:
        audio_context = modulated(tape, audio_context, prompts[1])
    audio_update = attention(tape, config, audio_normed, audio_context, narrow, "audio_attn2", mask=streams.masks[1])
    if config.audio_cross_attn_mod:
        audio_update = tape.mul(audio_update, audio_vectors)
    y = tape.add(y, audio_update)

    normed = norm(tape, config, x, "audio_to_video_norm")
    audio_normed = norm(tape, config, y, "video_to_audio_norm")
    cross, gate = cross_vectors(tape, streams, 0, width, "video_a2v_cross_attn_scale_shift_table")
    audio_cross, audio_gate = cross_vectors(tape, streams, 1, audio_width, "audio_a2v_cross_attn_scale_shift_table")
    video_in = modulated(tape, normed, cross)
    audio_in = modulated(tape, audio_normed, audio_cross)
    across = narrow._replace(width=width, gated=config.gated_attn)
    from_audio = attention(
        tape, config, video_in, audio_in, across, "audio_to_video_attn", rotary=(rotary[2], rotary[3])
    )
    x = tape.add(x, tape.mul(from_audio, gate))
    video_in = modulated(tape, normed, cross)
    audio_in = modulated(tape, audio_normed, audio_cross)
    from_video = attention(
        tape, config, audio_in, video_in, narrow, "video_to_audio_attn", rotary=(rotary[3], rotary[2])
    )
    y = tape.add(y, tape.mul(from_video, audio_gate))

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


def norm(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """RMS norm, with weights only where the configuration asks for them."""
    return mixed_rms_norm(tape, x, name if config.norm_elementwise_affine else "")


def table(tape: Tape, name: str, temb: Tensor, vectors: int, width: Number) -> Tensor:
    """A learned table plus the timestep's vectors; the result stands for any one of them, [batch, per, width]."""
    tape.parameter(name, vectors * width)
    return summed(tape, temb, vectors, width)


def summed(tape: Tape, temb: Tensor, vectors: int, width: Number) -> Tensor:
    """`vectors` rows of a table plus those of the timestep."""
    batch, per = temb.shape[:2]
    return tape.pointwise("modulation", (temb,), (batch, per, vectors, width)).view(batch, per, width)


def prompt_vectors(tape: Tape, config: Config, streams: Streams) -> Pair | None:
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


def cross_vectors(tape: Tape, streams: Streams, stream: int, width: Number, name: str) -> Pair:
    """Four vectors that modulate, and one that gates, attention to the other stream."""
    tape.parameter(name, 5 * width)
    return summed(tape, streams.cross_modulation[stream], 4, width), summed(tape, streams.cross_gate[stream], 1, width)


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """x · (1 + scale) + shift, both slices of `vectors`."""
    return tape.add(tape.mul(x, tape.scale(vectors)), vectors)


def attention(
    tape: Tape,
    config: Config,
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
