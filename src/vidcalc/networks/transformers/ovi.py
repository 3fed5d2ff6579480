"""Ovi: two Wan networks of one depth and width, video and sound, each of whose blocks attends to the other's tokens.

A block's queries, made once for the text, also read keys and values of the other stream, which have projections of
their own. Every token of either stream has its own timestep, and so its own modulation, all in bfloat16. Sound is the
latent of MMAudio's autoencoder at 16 kHz, embedded by convolutions along time; it goes with the clip unless
shape.extra["audio_tokens"] says how many latents there are.
Source: arXiv 2510.01284; character-ai/Ovi@5b69b25 ovi/modules/fusion.py, ovi/modules/model.py. The rest as in `wan.py`.
"""

from typing import NamedTuple

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.adaptive import modulated
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.wan_official import rotated
from vidcalc.tape import Tape, Tensor

CLASSES = ("FusionModel",)
TAPS = 7  # of every convolution that embeds sound, fixed in the class
FPS, STRIDE = 24, 4  # frames a second, and under one latent frame, fixed in the pipeline
SAMPLES, HOP = 16000, 512  # of sound, a second and under one latent


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of the video network under diffusers' names, and of the sound's what is its own.

    audio_channels  of the sound's latent
    audio_inner     width inside the gated convolutions that embed it
    """

    audio_channels: Number = 20
    audio_inner: Number = 8192


class Stream(NamedTuple):
    """What one network's blocks share: modulation [batch, n, 6, width], embedded text."""

    vectors: Tensor
    context: Tensor


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def audio_tokens(shape: Shape) -> Number:
    """Latents of the sound: whole ones in the clip's seconds, unless given."""
    frames = (shape.frames - 1) * STRIDE + 1
    return shape.extra.get("audio_tokens", frames * SAMPLES // (FPS * HOP))


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width], sound[batch, latents, channels] and text -> the latent.

    The sound's output is computed as well.
    """
    batch, n, heard = shape.batch, tokens(config, shape), audio_tokens(shape)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    sound = tape.input(batch, heard, config.audio_channels)
    text = tape.input(batch, shape.tokens, config.text_dim)
    audio_text = tape.input(batch, shape.tokens, config.text_dim)

    with tape.scope("video_model"):
        video = tape.copy(wan.patch_embedding(tape, config, shape, latent, "patch_embedding"), name="contiguous")
        temb, seen = condition(tape, config, batch, n, text)
    with tape.scope("audio_model"):
        audio = sound_embedding(tape, config, sound)
        audio_temb, listened = condition(tape, config, batch, heard, audio_text)
    with tape.repeat("blocks", config.num_layers, video, audio):
        video, audio = block(tape, config, video, audio, seen, listened)
    with tape.scope("audio_model"):
        spoken = last(tape, config, audio, audio_temb, config.audio_channels)
    del audio, audio_temb
    with tape.scope("video_model"):
        shown = last(tape, config, video, temb, config.out_channels * wan.patch_volume(config))
        out = tape.copy(shown, name="unpatchify")
    del shown
    if tape.training:  # a loss on both streams
        out.node = tape.differentiable((out, spoken), (), out.nbytes)
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def condition(tape: Tape, config: Config, batch: Number, n: Number, text: Tensor) -> tuple[Tensor, Stream]:
    """A timestep per token -> temb[batch, n, width] and its six vectors; the text in the stream's width."""
    width = config.width
    with tape.scope("condition_embedder"):
        features = tape.cast(sinusoid(tape, batch * n, config.freq_dim), tape.dtype)
        temb = timestep_mlp(tape, features, width, "time_embedder")
        vectors = tape.linear(tape.act(temb), 6 * width, "time_proj").view(batch, n, 6, width)
        context = text_mlp(tape, text, width, "text_embedder")
    return temb.view(batch, n, width), Stream(vectors, context)


def sound_embedding(tape: Tape, config: Config, sound: Tensor) -> Tensor:
    """sound[batch, latents, channels] -> tokens: a convolution along time, then a gated pair of them without biases."""
    batch, n, channels = sound.shape
    width = config.width
    with tape.scope("patch_embedding"):
        hidden = tape.act(tape.convolution(sound.view(batch, channels, n), width, (TAPS,), "0"))
        gate = tape.act(tape.convolution(hidden, config.audio_inner, (TAPS,), "2.w1", bias=False))
        mixed = tape.mul(gate, tape.convolution(hidden, config.audio_inner, (TAPS,), "2.w3", bias=False))
        del gate, hidden
        return tape.convolution(mixed, width, (TAPS,), "2.w2", bias=False).view(batch, n, width)


def block(
    tape: Tape, config: Config, video: Tensor, audio: Tensor, seen: Stream, listened: Stream
) -> tuple[Tensor, Tensor]:
    """Self-attention of both streams, then of each to its text and to the other as it was, then its feed-forward."""
    with tape.scope("audio"):
        audio_vectors, y = self_attended(tape, config, audio, listened)
    with tape.scope("video"):
        vectors, x = self_attended(tape, config, video, seen)
    with tape.scope("audio"):
        heard = crossed(tape, config, y, listened.context, x, audio_vectors)
    with tape.scope("video"):
        return crossed(tape, config, x, seen.context, y, vectors), heard


def self_attended(tape: Tape, config: Config, x: Tensor, stream: Stream) -> tuple[Tensor, Tensor]:
    """The stream's six vectors of this block, one of them [batch, n, width], and x after self-attention."""
    batch, n, width = x.shape
    tape.parameter("modulation", 6 * width)
    vectors = tape.pointwise("modulation", (stream.vectors,), weights=6 * width * 2).view(batch, n, width)
    normed = modulated(tape, x, vectors)
    heads = config.num_attention_heads, config.attention_head_dim
    with tape.scope("attn1"):
        q = tape.rms_norm(tape.linear(normed, width, "to_q"), "norm_q")
        k = tape.rms_norm(tape.linear(normed, width, "to_k"), "norm_k")
        v = tape.linear(normed, width, "to_v")
        del normed
        q = by_head(rotated(tape, q, tape.dtype), heads)
        k = by_head(rotated(tape, k, tape.dtype), heads)
        out = tape.attention(q, k, by_head(v, heads)).view(batch, n, width)
        del q, k, v
        update = tape.linear(out, width, "to_out.0")
        del out
    return vectors, tape.add(x, tape.mul(update, vectors))


def crossed(tape: Tape, config: Config, x: Tensor, text: Tensor, other: Tensor, vectors: Tensor) -> Tensor:
    """x after attention to the text and to the other stream, which share queries and output, and its feed-forward."""
    batch, n, width = x.shape
    heads = config.num_attention_heads, config.attention_head_dim
    normed = tape.layer_norm(x, "norm2") if config.cross_attn_norm else x
    with tape.scope("attn2"):
        q = tape.rms_norm(tape.linear(normed, width, "to_q"), "norm_q")
        del normed
        k = tape.rms_norm(tape.linear(text, width, "to_k"), "norm_k")
        v = tape.linear(text, width, "to_v")
        read = tape.attention(by_head(q, heads), by_head(k, heads), by_head(v, heads))
        del k, v
        source = tape.layer_norm(other, "pre_attn_norm_fusion")
        k = tape.rms_norm(tape.linear(source, width, "k_fusion"), "norm_k_fusion")
        v = tape.linear(source, width, "v_fusion")
        q = by_head(rotated(tape, q, tape.dtype), heads)
        k = by_head(rotated(tape, k, tape.dtype), heads)
        met = tape.attention(q, k, by_head(v, heads), "sdpa_fusion")
        del source, q, k, v
        both = tape.add(read, met).view(batch, n, width)
        del read, met
        update = tape.linear(both, width, "to_out.0")
        del both
    hidden = tape.add(x, update)
    del update
    normed = modulated(tape, hidden, vectors)
    mixed = feed_forward(tape, normed, config.ffn_dim, width, "ffn")
    del normed
    return tape.add(hidden, tape.mul(mixed, vectors))


def by_head(x: Tensor, heads: tuple[Number, Number]) -> Tensor:
    """x[batch, n, heads · size] -> [batch, heads, n, size]."""
    batch, n, _ = x.shape
    return x.view(batch, heads[0], n, heads[1])


def last(tape: Tape, config: Config, x: Tensor, temb: Tensor, channels: Number) -> Tensor:
    """Norm, modulated by a table plus each token's timestep, and projection to `channels`."""
    batch, n, width = x.shape
    tape.parameter("head.modulation", 2 * width)
    vectors = tape.pointwise("modulation", (temb,), (batch, n, 2, width)).view(batch, n, width)
    return tape.linear(modulated(tape, x, vectors), channels, "head")
