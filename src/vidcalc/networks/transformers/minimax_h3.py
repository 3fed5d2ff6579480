"""MiniMax-H3 transformer: text, audio and video packed into one sequence, full self-attention, no cross-attention.

Mirrors diffusers' MiniMaxH3Transformer3DModel. Modulation is looked up per row of the sequence, by timestep and
modality; the projections in and out stay in float32. In pruned models the timestep's vector is read from a table that
replaces its embedder, and modulation is made of these few numbers. The audio goes with the clip: two channels of 40
latents a second.
Source: diffusers 0.42.1 models/transformers/transformer_minimax_h3.py, modular_pipelines/minimax_h3; of pruned models
sglang 0.5.23 multimodal_gen/runtime/models/dits/minimax_h3.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.tape import Tape, Tensor

CLASSES = ("MiniMaxH3Transformer3DModel",)
MODALITIES = 3  # video, text, audio: each has modulation of its own, fixed in the class
TIMESTEPS = 2  # distinct noise levels of a call: video and audio have schedules of their own
ROWS, CLEAN = "reference_rows", 1  # of a call; the further noise level that such rows have
CHANNELS, RATE, FPS = 2, 40, 24  # audio channels, latents a second of each, frames a second, fixed in the pipeline
CLIP, CLIP_LATENTS, LAST, LAST_LATENTS = 17, 5, 5, 2  # frames and latent frames of each full clip, and of the last


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names.

    time_table_size  rows of the table that pruned models have in place of the timestep's embedder, of `time_embed_dim`
    """

    num_attention_heads: Number = 56
    attention_head_dim: Number = 128
    hidden_size: Number = 5376
    num_layers: Number = 50
    num_refiner_layers: Number = 2
    ffn_dim: Number = 14336
    in_channels: Number = 24
    audio_in_channels: Number = 32
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    text_dim: Number = 5120
    freq_dim: Number = 256
    time_embed_hidden_dim: Number = 5376
    time_embed_dim: Number = 2688
    rope_freq_dim: Number = 16
    time_table_size: Number = 0

    @property
    def width(self) -> Number:
        """Hidden size, which is less than heads × head size."""
        return self.hidden_size

    @property
    def patch_channels(self) -> Number:
        """Channels of one video token."""
        t, h, w = self.patch_size
        return self.in_channels * t * h * w


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def audio_tokens(shape: Shape) -> Number:
    """Audio latents of all channels: those that cover the clip, rounded, unless given."""
    frames = (shape.frames - LAST_LATENTS) // CLIP_LATENTS * CLIP + LAST
    # frames / FPS seconds at RATE latents a second, rounded half up without leaving whole numbers
    return shape.extra.get("audio_tokens", CHANNELS * ((2 * frames * RATE + FPS) // (2 * FPS)))


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Video tokens[batch, n, channels of a patch], audio[batch, audio tokens, channels] and text -> video tokens."""
    batch, n, sound, width = shape.batch, tokens(config, shape), audio_tokens(shape), config.width
    noises = TIMESTEPS + CLEAN * (ROWS in shape.extra)
    seen = n + shape.extra.get(ROWS, 0)  # rows of references pass as those of the video do
    length = shape.tokens + sound + seen
    video = tape.input(batch, seen, config.patch_channels)
    audio = tape.input(batch, sound, config.audio_in_channels)
    text = tape.input(batch, shape.tokens, config.text_dim)
    timestep = tape.input(noises, dtype="fp32")
    structure = packing(tape, length, (seen, sound, shape.tokens))

    rotary = rotary_table(tape, config, length)
    video_rows = tape.linear(tape.cast(video, "fp32"), width, "proj_in", keep="fp32")
    audio_rows = tape.linear(tape.cast(audio, "fp32"), width, "audio_proj_in", keep="fp32")
    text_rows = refined(tape, config, tape.linear(text, width, "context_embedder"))
    hidden = tape.empty((batch, length, width))
    for rows in (text_rows, video_rows, audio_rows):
        hidden = scattered(tape, hidden, rows)
        del rows
    temb = embedded_timestep(tape, config, noises)
    indices = tape.empty((length,), "int64")
    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, temb, rotary)
    hidden = final_norm(tape, config, hidden, temb)
    hidden = tape.cast(hidden, "fp32")
    shown = tape.linear(hidden, config.patch_channels, "proj_out", keep="fp32")
    video_out = tape.copy(shown, batch, n, config.patch_channels, name="select")
    del shown
    heard = tape.linear(hidden, config.audio_in_channels, "audio_proj_out", keep="fp32")
    audio_out = tape.copy(heard, batch, sound, config.audio_in_channels, name="select")
    del heard, audio_out, timestep, video_rows, audio_rows, text_rows, indices, rotary, structure
    return video_out


def packing(tape: Tape, length: Number, counts: tuple[Number, ...]) -> list[Tensor]:
    """Where each row stands, its noise level and modality, and the rows of each modality."""
    rows = [tape.input(*size, dtype="int64") for size in ((length,), (length,), (length, 3))]
    return rows + [tape.input(count, dtype="int64") for count in counts]


def rotary_table(tape: Tape, config: Config, length: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of three axes [length, 6 · frequencies] in float32."""
    places = tape.empty((length, 3), "fp32")
    angles = tape.empty((length, 3, config.rope_freq_dim), "fp32")
    joined = tape.cat((angles,), length, 3 * config.rope_freq_dim)
    doubled = tape.cat((joined, joined), length, 6 * config.rope_freq_dim)
    del joined
    cosine = tape.scale(doubled, "cos")
    sine = tape.scale(doubled, "sin")
    del places, angles
    return cosine, sine


def scattered(tape: Tape, hidden: Tensor, rows: Tensor) -> Tensor:
    """The packed sequence with the rows of one modality written in: a copy of it all."""
    narrow = tape.cast(rows, hidden.dtype)
    return tape.pointwise("index_copy", (hidden, narrow))


def embedded_timestep(tape: Tape, config: Config, noises: Number) -> Tensor:
    """Timesteps -> [timesteps, time_embed_dim] in float32: embedded, or between two rows of a table."""
    if config.time_table_size:
        tape.parameter("time_embedder.table", config.time_table_size * config.time_embed_dim, "fp32")
        return tape.empty((noises, config.time_embed_dim), "fp32")
    features = sinusoid(tape, noises, config.freq_dim)
    with tape.scope("time_embedder"):
        hidden = tape.linear(features, config.time_embed_hidden_dim, "linear_1", keep="fp32")
        hidden = tape.act(hidden)
        return tape.linear(hidden, config.time_embed_dim, "linear_2", keep="fp32")


def refined(tape: Tape, config: Config, text: Tensor) -> Tensor:
    """The text through plain blocks of its own, without positions."""
    with tape.scope("token_refiner"):
        hidden = text
        with tape.repeat("refiner_blocks", config.num_refiner_layers, hidden):
            hidden = refiner_block(tape, config, hidden)
        return tape.rms_norm(hidden, "final_norm")


def refiner_block(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Self-attention and feed-forward, each after a norm."""
    hidden = tape.add(x, attention(tape, config, tape.rms_norm(x, "norm1"), None))
    return tape.add(hidden, feed_forward(tape, config, tape.rms_norm(hidden, "norm2")))


def block(tape: Tape, config: Config, x: Tensor, temb: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Self-attention and feed-forward; six vectors per row of the sequence, looked up by timestep and modality."""
    vectors = tape.linear(steering(tape, config, temb), 6 * MODALITIES * config.width, "adaln_proj.linear")
    normed = tape.rms_norm(x, "norm1")
    normed = modulated(tape, normed, vectors)
    attended = attention(tape, config, normed, rotary)
    hidden = tape.add(x, tape.mul(attended, looked_up(tape, vectors, x)))
    normed = tape.rms_norm(hidden, "norm2")
    normed = modulated(tape, normed, vectors)
    mixed = feed_forward(tape, config, normed)
    out = tape.add(hidden, tape.mul(mixed, looked_up(tape, vectors, x)))
    del attended
    return out


def steering(tape: Tape, config: Config, temb: Tensor) -> Tensor:
    """What modulation is made of: the timestep's vector after SiLU, or as its table has it."""
    return tape.cast(temb if config.time_table_size else tape.act(temb), tape.dtype)


def looked_up(tape: Tape, vectors: Tensor, x: Tensor) -> Tensor:
    """One of the vectors for every row of the sequence [length, width]."""
    return tape.pointwise("index_select", (vectors,), (x.shape[1], x.shape[2]))


def modulated(tape: Tape, normed: Tensor, vectors: Tensor) -> Tensor:
    """normed · (1 + scale) + shift, both looked up by row."""
    steered = tape.mul(normed, tape.scale(looked_up(tape, vectors, normed)))
    return tape.add(steered, looked_up(tape, vectors, normed))


def attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor] | None) -> Tensor:
    """Self-attention with RMS-normed queries and keys; heads × head size is wider than the hidden size."""
    batch, n, width = x.shape
    heads, d_head = config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn"):
        q, k, v = (
            tape.linear(x, heads * d_head, name, bias=False).view(batch, n, heads, d_head)
            for name in ("to_q", "to_k", "to_v")
        )
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        if rotary is not None:
            q = turned(tape, q, rotary)
            k = turned(tape, k, rotary)
        by_head = (batch, heads, n, d_head)
        out = tape.attention(q.view(*by_head), k.view(*by_head), v.view(*by_head))
        merged = tape.copy(out).view(batch, n, heads * d_head)
        del out
        return tape.linear(merged, width, "to_out.0", bias=False)


def turned(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding of the leading channels of each head, in x's dtype; the others pass through."""
    batch, n, heads, d_head = x.shape
    cosine, sine = (tape.cast(table, x.dtype) for table in rotary)
    size = cosine.shape[-1]
    leading, half = x.view(batch, n, heads, size), x.view(batch, n, heads, size // 2)
    crossed = tape.cat((tape.scale(half, "neg"), half), batch, n, heads, size)
    straight = tape.mul(leading, cosine)
    summed = tape.add(straight, tape.mul(crossed, sine))
    del straight
    return tape.cat((summed, x.view(batch, n, heads, d_head - size)), *x.shape)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """SwiGLU: both halves from one linear layer, then a linear layer; without biases."""
    with tape.scope("ff"):
        gated = swiglu(tape, x, config.ffn_dim)
        return tape.linear(gated, x.shape[-1], "net.2", bias=False)


def swiglu(tape: Tape, x: Tensor, inner: Number) -> Tensor:
    """Value · SiLU(gate), both from one linear layer."""
    half = tape.linear(x, 2 * inner, "net.0.proj", bias=False).view(*x.shape[:-1], inner)
    return tape.mul(half, tape.act(half))


def final_norm(tape: Tape, config: Config, x: Tensor, temb: Tensor) -> Tensor:
    """norm(x) · (1 + scale) + shift, looked up by row."""
    with tape.scope("norm_out"):
        vectors = tape.linear(steering(tape, config, temb), 2 * config.width, "linear")
        normed = tape.rms_norm(x, "norm")
        return modulated(tape, normed, vectors)
