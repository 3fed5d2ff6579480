"""AnyFlow: Wan 2.1 that is told two times, where a step starts and where it ends, for every latent frame.

The mixed embedding is copied out to all tokens of its frame. Queries and keys turn as complex numbers in float64.
Source: arXiv 2605.13724; diffusers 0.42.1 models/transformers/transformer_anyflow.py.
"""

from collections.abc import Callable

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("AnyFlowTransformer3DModel",)


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    rope_max_seq_len: Number = 1024


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width]."""
    n, batch = tokens(config, shape), shape.batch
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    times = tape.input(batch, shape.frames, dtype="fp32"), tape.input(batch, shape.frames, dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    rotary = rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    temb, modulation = timestep_vectors(tape, config, batch, shape.frames, n)
    with tape.scope("condition_embedder"):
        context = text_mlp(tape, text, config.width, "text_embedder")
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, modulation, self_attention)
    del times, rotary
    return wan.unpatchify(tape, config, shape, hidden, temb)


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Complex numbers in double precision, [1, 1, n, head size / 2], and [positions, head size / 2] they came from."""
    table = tape.empty((config.rope_max_seq_len, config.attention_head_dim), "fp64")
    return tape.empty((1, 1, n, config.attention_head_dim), "fp64"), table


def timestep_vectors(tape: Tape, config: Config, batch: Number, frames: Number, n: Number) -> tuple[Tensor, Tensor]:
    """Two times a frame -> temb[batch, n, width] and modulation[batch, n, 6, width], copied to the frame's tokens."""
    count, width = batch * frames, config.width
    with tape.scope("condition_embedder"):
        wide = timestep_mlp(tape, sinusoid(tape, count, config.freq_dim), width, "time_embedder", keep="fp32")
        temb = tape.cast(wide, tape.dtype)
        del wide
        features = tape.cast(sinusoid(tape, count, config.freq_dim), tape.dtype)
        delta = timestep_mlp(tape, features, width, "delta_embedder")
        mixed = tape.add(tape.scale(temb), tape.scale(delta))
        projected = tape.linear(tape.act(mixed), 6 * width, "time_proj")
        repeated = tape.copy(mixed, batch, n, width, name="repeat")
        modulation = tape.copy(projected, batch, n, 6, width, name="repeat")
    return repeated, modulation


def block(
    tape: Tape, config: Config, hidden: Tensor, context: Tensor, modulation: Tensor, attend: Callable[..., Tensor]
) -> Tensor:
    """Wan's block; what self-attention (`attend`) was given stays alive to its end."""
    width = config.width
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    vectors = tape.pointwise("modulation", (tape.cast(modulation, "fp32"),), weights=6 * width * 4)
    gate = vectors.view(*vectors.shape[:-2], 1, width)

    given = wan.modulated(tape, hidden, vectors, width, "fp32")
    attended = attend(tape, config, given)
    x = tape.cast(wan.gated(tape, hidden, attended, gate), hidden.dtype)

    normed = tape.cast(wan.cross_norm(tape, config, tape.cast(x, "fp32")), x.dtype)
    attended = cross_attention(tape, config, normed, context)
    x = tape.add(x, attended)

    normed = wan.modulated(tape, x, vectors, width, "fp32")
    mixed = feed_forward(tape, normed, config.ffn_dim, width, "ffn")
    wide = tape.cast(x, "fp32")
    out = tape.cast(tape.add(wide, tape.mul(tape.cast(mixed, "fp32"), gate)), x.dtype)
    del given
    return out


def self_attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Attention of all tokens to each other, queries and keys RMS-normed and turned."""
    batch, n, width = x.shape
    with tape.scope("attn1"):
        q, k, v = projections(tape, config, x, x)
        q = rotate(tape, q)
        k = rotate(tape, k)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor) -> Tensor:
    """Attention to the text, queries and keys RMS-normed."""
    batch, n, width = x.shape
    with tape.scope("attn2"):
        q, k, v = projections(tape, config, x, context)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def projections(tape: Tape, config: Config, x: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries of x, keys and values of `source`, in heads [batch, heads, tokens, head size]."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    keys = source.shape[1]
    q = tape.linear(x, width, "to_q")
    k = tape.linear(source, width, "to_k")
    v = tape.linear(source, width, "to_v").view(batch, heads, keys, d_head)
    q = tape.rms_norm_narrow(q, "norm_q").view(batch, heads, n, d_head)
    k = tape.rms_norm_narrow(k, "norm_k").view(batch, heads, keys, d_head)
    return q, k, v


def rotate(tape: Tape, x: Tensor) -> Tensor:
    """x times a complex number per pair of elements, in float64, back in x's dtype."""
    wide = tape.cast(x, "fp64")
    turned = tape.pointwise("rope", (wide,))
    out = tape.cast(turned, x.dtype)
    del wide, turned
    return out
