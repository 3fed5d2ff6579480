"""LTX-Video transformer: one token per latent place, self-attention over video, cross-attention to text.

Mirrors diffusers' LTXVideoTransformer3DModel: which intermediates are held, and which are in float32.
Source: arXiv 2501.00103; diffusers 0.42.1 models/transformers/transformer_ltx.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.norm import mixed_rms_norm
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTXVideoTransformer3DModel",)
TIME_CHANNELS = 256  # sinusoidal features of a timestep (PixArtAlphaCombinedTimestepSizeEmbeddings)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 128
    out_channels: Number = 128
    num_attention_heads: Number = 32
    attention_head_dim: Number = 64
    cross_attention_dim: Number = 2048
    num_layers: Number = 28
    norm_elementwise_affine: bool = False
    caption_channels: Number = 4096
    attention_bias: bool = True
    attention_out_bias: bool = True

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: one per latent place."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, tokens, in_channels] -> [batch, tokens, out_channels]."""
    width, n, batch = config.width, tokens(config, shape), shape.batch
    latent = tape.input(batch, n, config.in_channels)
    text = tape.input(batch, shape.tokens, config.caption_channels)
    per = n if shape.timestep == "token" else 1
    timestep = tape.input(batch, per, dtype="fp32")
    padding = tape.input(batch, shape.tokens, dtype="int64")

    rotary = rotary_table(tape, batch, n, width)
    mask = tape.scale(tape.scale(tape.cast(padding, tape.dtype)))
    hidden = tape.linear(latent, width, "proj_in")
    temb, embedded = time_embed(tape, batch, per, width, "time_embed", 6)
    context = text_mlp(tape, text, width, "caption_projection")
    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, temb, rotary, mask)

    tape.parameter("scale_shift_table", 2 * width)
    vectors = tape.pointwise("modulation", (embedded,), (batch, per, 2, width))
    vector = vectors.view(batch, per, width)
    hidden = tape.layer_norm(hidden)
    out = tape.add(tape.mul(hidden, tape.scale(vector)), vector)
    del hidden, timestep, embedded
    return tape.linear(out, config.out_channels, "proj_out")


def rotary_table(tape: Tape, batch: Number, n: Number, width: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [batch, n, width] in float32, made from coordinates."""
    third = width // 6
    grid = tape.empty((batch, 3, n), "fp32")
    angles = tape.empty((batch, n, 3, third), "fp32")
    flat = tape.copy(angles, batch, n, 3 * third, name="flatten")
    del angles
    cosine = repeated(tape, flat, width)
    sine = repeated(tape, flat, width)
    if width % 6:
        ones = tape.empty((batch, n, width % 6), "fp32")
        zeros = tape.empty((batch, n, width % 6), "fp32")
        cosine = tape.cat((ones, cosine), batch, n, width)
        sine = tape.cat((zeros, sine), batch, n, width)
    del grid
    return cosine, sine


def repeated(tape: Tape, angles: Tensor, width: Number) -> Tensor:
    """The cosine or sine of the angles[batch, n, axes · pairs], every value twice."""
    values = tape.scale(angles, "cos")
    return tape.copy(values, *angles.shape[:2], width // 6 * 6, name="repeat")


def time_embed(tape: Tape, batch: Number, per: Number, width: Number, name: str, vectors: int) -> tuple[Tensor, Tensor]:
    """Timestep -> modulation[batch, per, vectors · width] and embedding[batch, per, width] (AdaLayerNormSingle)."""
    with tape.scope(name):
        features = sinusoid(tape, batch * per, TIME_CHANNELS)
        with tape.scope("emb"):
            embedded = timestep_mlp(tape, tape.cast(features, tape.dtype), width, "timestep_embedder")
        del features
        modulation = tape.linear(tape.act(embedded), vectors * width, "linear")
        return modulation.view(batch, per, vectors * width), embedded.view(batch, per, width)


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    temb: Tensor,
    rotary: tuple[Tensor, Tensor],
    mask: Tensor,
) -> Tensor:
    """Self-attention, cross-attention, feed-forward; six modulation vectors from a table plus the timestep."""
    width = config.width
    batch, per = temb.shape[:2]
    affine = config.norm_elementwise_affine
    normed = mixed_rms_norm(tape, hidden, "norm1" if affine else "")
    tape.parameter("scale_shift_table", 6 * width)
    vectors = tape.pointwise("modulation", (temb,), (batch, per, 6, width))
    vector = vectors.view(batch, per, width)
    scaled = tape.mul(normed, tape.scale(vector))
    video = tape.add(scaled, vector)
    del scaled, normed

    attended = attention(tape, config, video, None, rotary, None, "attn1")
    x = tape.add(hidden, tape.mul(attended, vector))
    cross = attention(tape, config, x, context, None, mask, "attn2")
    del attended
    y = tape.add(x, cross)
    del x
    scaled = tape.mul(mixed_rms_norm(tape, y, "norm2" if affine else ""), tape.scale(vector))
    late = tape.add(scaled, vector)
    del scaled, video
    mixed = feed_forward(tape, late, 4 * width, width, "ff")
    return tape.add(y, tape.mul(mixed, vector))


def attention(
    tape: Tape,
    config: Config,
    x: Tensor,
    context: Tensor | None,
    rotary: tuple[Tensor, Tensor] | None,
    mask: Tensor | None,
    name: str,
) -> Tensor:
    """Self-attention with rotary positions (context None) or cross-attention under a padding mask."""
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    bias = config.attention_bias
    with tape.scope(name):
        spread = None if mask is None else tape.copy(mask, batch * heads, 1, mask.shape[-1], name="mask")
        source = x if context is None else context
        keys = source.shape[1]
        q = tape.linear(x, width, "to_q", bias=bias)
        k = tape.linear(source, width, "to_k", bias=bias)
        v = tape.linear(source, width, "to_v", bias=bias)
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        if rotary is not None:
            q = rotate(tape, q, rotary)
            k = rotate(tape, k, rotary)
        of_queries, of_keys = (batch, heads, n, d_head), (batch, heads, keys, d_head)
        q, k, v = q.view(*of_queries), k.view(*of_keys), v.view(*of_keys)
        out = tape.attention(q, k, v, masked="none" if spread is None else "dense")
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0", bias=config.attention_out_bias)


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by pairs in float32: x[batch, n, width] and tables of the same shape."""
    batch, n, width = x.shape
    negated = tape.scale(x.view(batch, n, width // 2), "neg")
    turned = tape.cat((negated, x.view(batch, n, width // 2)), batch, n, width)
    del negated
    straight = tape.mul(tape.cast(x, "fp32"), rotary[0])
    crossed = tape.mul(tape.cast(turned, "fp32"), rotary[1])
    rotated = tape.add(straight, crossed)
    del straight, crossed
    return tape.cast(rotated, x.dtype)
