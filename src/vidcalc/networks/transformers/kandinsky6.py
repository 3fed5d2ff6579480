"""Kandinsky 6 transformer: video and audio denoised together, each with a text branch of its own.

Mirrors diffusers' Kandinsky6Transformer3DModel with `cross_gates` and `fix_modulation`, as all released networks have
them. Audio latents follow from the clip's length unless given. What one modality made for the other stays alive until
the block's end.
Source: diffusers 0.42.1 models/transformers/transformer_kandinsky6.py.
"""

from typing import Any, NamedTuple

import msgspec

from vidcalc.base.number import Number, ceil_div
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("Kandinsky6Transformer3DModel",)
FPS, SAMPLE_RATE, HOP = 24, 44100, 1024  # the pipeline's frame rate; samples a second, and under one audio latent


class Branch(NamedTuple):
    """The sizes of one modality's half of the network."""

    name: str
    width: Number
    time: Number
    inner: Number
    d_head: Number


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_visual_dim: Number = 16
    out_visual_dim: Number = 16
    in_text_dim: Number = 3584
    in_text_dim2: Number = 768
    time_dim: Number = 1024
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    model_dim: Number = 4096
    ff_dim: Number = 16384
    num_text_blocks: Number = 4
    num_visual_blocks: Number = 60
    axes_dims: tuple[Number, Number, Number] = (32, 48, 48)
    visual_cond: bool = True
    in_audio_dim: Number = 20
    out_audio_dim: Number = 20
    model_dim_a: Any = None
    time_dim_a: Any = None
    ff_dim_a: Any = None
    axes_dims_a: Any = None
    ca_rope: bool = False
    visual_token_type_num_embeddings: Number = 0

    @property
    def video(self) -> Branch:
        """Sizes of the video half."""
        return Branch("video", self.model_dim, self.time_dim, self.ff_dim, sum(self.axes_dims))

    @property
    def audio(self) -> Branch:
        """Sizes of the audio half, the video's where none are stated."""
        width, time = self.model_dim_a or self.model_dim, self.time_dim_a or self.time_dim
        return Branch("audio", width, time, self.ff_dim_a or self.ff_dim, sum(self.axes_dims_a or self.axes_dims))

    @property
    def channels(self) -> Number:
        """Channels of the latent, those of the condition and its mask included."""
        return 2 * self.in_visual_dim + 1 if self.visual_cond else self.in_visual_dim

    @property
    def patch_volume(self) -> Number:
        """Latent places under one token."""
        return self.patch_size[0] * self.patch_size[1] * self.patch_size[2]


def grid(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """The token grid."""
    t, h, w = config.patch_size
    return shape.frames // t, shape.height // h, shape.width // w


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = grid(config, shape)
    return t * h * w


def audio_tokens(shape: Shape) -> Number:
    """Audio latents of the clip: its seconds times the audio latents a second, rounded up."""
    frames = 4 * (shape.frames - 1) + 1
    return shape.extra.get("audio_tokens", ceil_div(frames * SAMPLE_RATE, FPS * HOP))


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, height, width, channels] (and audio) -> [batch, frames, height, width, out_visual_dim]."""
    batch, n, video, audio = shape.batch, tokens(config, shape), config.video, config.audio
    length = audio_tokens(shape)
    latent = tape.input(batch, shape.frames, shape.height, shape.width, config.channels)
    text = tape.input(batch, shape.tokens, config.in_text_dim)
    pooled = tape.input(batch, config.in_text_dim2)
    timestep = tape.input(batch)
    sound = tape.input(batch, length, config.in_audio_dim)

    places = tape.empty((shape.tokens,), "int64")
    video_rotary = rotary_table(tape, video.d_head, shape.tokens)
    audio_rotary = rotary_table(tape, audio.d_head, shape.tokens)
    video_text, video_time = text_branch(tape, config, video, text, pooled, video_rotary)
    audio_text, audio_time = text_branch(tape, config, audio, text, pooled, audio_rotary)
    vis = patch_embedding(tape, config, latent, batch, n)
    tape.parameter("visual_token_type_embeddings.weight", config.visual_token_type_num_embeddings * config.model_dim)
    sides = [tape.empty((side,), "int64") for side in grid(config, shape)]
    vis_rotary = rotary_table(tape, video.d_head, n)
    aud = text_embedding(tape, sound, audio.width, "audio_embeddings")
    aud_rotary = rotary_table(tape, audio.d_head, length)

    with tape.repeat("visual_transformer_blocks", config.num_visual_blocks, vis, aud):
        vis, aud = fused_block(
            tape,
            (video, audio),
            (vis, aud),
            (video_text, audio_text),
            (video_time, audio_time),
            (vis_rotary, aud_rotary),
            turned=config.ca_rope,
        )
    out = out_layer(tape, vis, video_time, config.patch_volume * config.out_visual_dim, "out_layer")
    out = tape.copy(out, batch, shape.frames, shape.height, shape.width, config.out_visual_dim, name="unpatchify")
    heard = out_layer(tape, aud, audio_time, config.out_audio_dim, "audio_out_layer")
    if tape.training:  # both halves are trained together
        out.node = tape.differentiable((out, heard), (), out.nbytes)
    del timestep, places, sides, heard
    return out


def text_branch(
    tape: Tape, config: Config, branch: Branch, text: Tensor, pooled: Tensor, rotary: Tensor
) -> tuple[Tensor, Tensor]:
    """The text tokens through one modality's text blocks, and its time embedding."""
    context = text_embedding(tape, text, branch.width, f"{branch.name}_text_embeddings")
    with tape.scope(f"{branch.name}_time_embeddings"):
        features = tape.cast(sinusoid(tape, text.shape[0], branch.width), tape.dtype)
        time = timestep_mlp(tape, features, branch.time, "timestep_embedder")
        del features
    time = tape.add(time, text_embedding(tape, pooled, branch.time, f"{branch.name}_pooled_text_embeddings"))
    with tape.repeat(f"{branch.name}_text_transformer_blocks", config.num_text_blocks, context):
        context = text_block(tape, branch, context, time, rotary)
    return context, time


def text_embedding(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """Linear, layer norm: x[..., d] -> [..., width]."""
    with tape.scope(name):
        return tape.layer_norm(tape.linear(x, width, "in_layer"), "norm")


def patch_embedding(tape: Tape, config: Config, latent: Tensor, batch: Number, n: Number) -> Tensor:
    """Patches flattened into channels, then projected -> tokens[batch, n, width]."""
    patches = tape.copy(latent, batch, n, config.patch_volume * config.channels, name="patchify")
    with tape.scope("visual_embeddings"):
        return tape.linear(patches, config.model_dim, "in_layer")


def rotary_table(tape: Tape, d_head: Number, n: Number) -> Tensor:
    """A 2 × 2 rotation for every token and pair of channels: [n, 1, head size / 2, 2, 2]."""
    angles = tape.empty((n, d_head // 2))
    cosine, sine = tape.scale(angles, "cos"), tape.scale(angles, "sin")
    return tape.cat((cosine, tape.scale(sine, "negate"), sine, cosine), n, 1, d_head // 2, 4)


def out_layer(tape: Tape, x: Tensor, time: Tensor, channels: Number, name: str) -> Tensor:
    """Modulated norm (modulation in float32) and projection; audio is normed once more."""
    with tape.scope(name):
        vectors = modulation(tape, time, 2 * x.shape[-1], "modulation", "fp32")
        normed = modulated(tape, x, vectors)
        if name == "audio_out_layer":
            normed = tape.layer_norm(normed)
        return tape.linear(normed, channels, "out_layer")


def modulation(tape: Tape, time: Tensor, size: Number, name: str, keep: str = "") -> Tensor:
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
