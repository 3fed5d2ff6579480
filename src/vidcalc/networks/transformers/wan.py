"""Wan 2.1 / 2.2 video transformer: full attention over all video tokens, cross-attention to text (and an image).

Mirrors diffusers' WanTransformer3DModel: which intermediates are held, and which stay in float32.
Source: arXiv 2503.20314; diffusers 0.42.1 models/transformers/transformer_wan.py.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import feed_forward, sinusoid, text_mlp, timestep_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanTransformer3DModel",)
Layer: TypeAlias = Callable[[Tensor], Tensor]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    num_attention_heads: Number = 40
    attention_head_dim: Number = 128
    in_channels: Number = 16
    out_channels: Number = 16
    text_dim: Number = 4096
    freq_dim: Number = 256
    ffn_dim: Number = 13824
    num_layers: int = 40
    cross_attn_norm: bool = True
    image_dim: Any = None
    added_kv_proj_dim: Any = None
    pos_embed_seq_len: Any = None

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n = tokens(config, shape)
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(shape.batch, timesteps(config, shape), dtype="fp32")
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    image = image_input(tape, config, shape)

    rotary = rotary_table(tape, config, n)
    hidden = patch_embedding(tape, config, shape, latent, "patch_embedding")
    hidden = tape.copy(hidden, name="contiguous")

    temb, modulation, context, picture = condition(tape, config, shape, timestep, text, image)
    context = joined(tape, context, picture)
    with tape.repeat("blocks", config.num_layers, hidden):
        hidden = block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)

    return unpatchify(tape, config, shape, hidden, temb)


def image_input(tape: Tape, config: Config, shape: Shape) -> Tensor | None:
    """Image encoder tokens[batch, image tokens, image_dim], where the configuration has them.

    A pipeline makes them once and holds them for all steps, so they are not memory of this forward; two images
    (first and last frame) are joined here and are.
    """
    if config.image_dim is None:
        return None
    tokens = (shape.batch, shape.image_tokens, config.image_dim)
    return tape.input(*tokens) if config.pos_embed_seq_len else tape.input(0).view(*tokens)


def patch_embedding(tape: Tape, config: Config, shape: Shape, latent: Tensor, name: str) -> Tensor:
    """latent[batch, channels, frames, height, width] -> tokens[batch, n, width]."""
    embedded = tape.convolution(latent, config.width, config.patch_size, name, out=patches(config, shape))
    return embedded.view(shape.batch, tokens(config, shape), config.width)


def unpatchify(tape: Tape, config: Config, shape: Shape, hidden: Tensor, temb: Tensor) -> Tensor:
    """Modulated norm and projection: tokens -> [batch, out_channels, frames, height, width]."""
    width = config.width
    table = tape.cast(temb, "fp32")  # promoted by the float32 table
    tape.parameter("scale_shift_table", 2 * width, "fp32")
    shift_scale = tape.pointwise("modulation", (table,), (*temb.shape[:-1], 2, width), "fp32", weights=2 * width * 4)
    out = modulated(tape, hidden, shift_scale, width, "fp32")
    out = tape.linear(out, config.out_channels * patch_volume(config), "proj_out")
    out = tape.copy(out, name="unpatchify")
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)


def timesteps(config: Config, shape: Shape) -> Number:
    """Timesteps per sample: one, or one per token."""
    return tokens(config, shape) if shape.timestep == "token" else 1


def patches(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """The token grid."""
    t, h, w = config.patch_size
    return shape.frames // t, shape.height // h, shape.width // w


def patch_volume(config: Config) -> Number:
    """Latent places under one token."""
    t, h, w = config.patch_size
    return t * h * w


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [1, n, 1, head size] in float32."""
    cosine = tape.empty((1, n, 1, config.attention_head_dim), "fp32")
    sine = tape.empty((1, n, 1, config.attention_head_dim), "fp32")
    tape.traffic("rope", cosine.nbytes + sine.nbytes, 2)
    return cosine, sine


def condition(
    tape: Tape, config: Config, shape: Shape, timestep: Tensor, text: Tensor, image: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Timestep -> temb[batch, (n,) width] and modulation[batch, (n,) 6, width]; text and image embedded alone."""
    width, per = config.width, timesteps(config, shape)
    temb, projected = time_embedding(tape, config, shape.batch * per)
    with tape.scope("condition_embedder"):
        context = text_mlp(tape, text, width, "text_embedder")
        picture = None if image is None else image_embedding(tape, config, shape, image)
    lead = (shape.batch, per) if shape.timestep == "token" else (shape.batch,)
    return temb.view(*lead, width), projected.view(*lead, 6, width), context, picture


def time_embedding(tape: Tape, config: Config, count: Number) -> tuple[Tensor, Tensor]:
    """`count` timesteps -> temb[count, width] and six modulation vectors each, [count, 6 · width]."""
    with tape.scope("condition_embedder"):
        features = sinusoid(tape, count, config.freq_dim)
        wide = timestep_mlp(tape, features, config.width, "time_embedder", keep="fp32")
        temb = tape.cast(wide, tape.dtype)
        del wide
        return temb, tape.linear(tape.act(temb, "silu"), 6 * config.width, "time_proj")


def joined(tape: Tape, text: Tensor, picture: Tensor | None) -> Tensor:
    """What cross-attention reads: image tokens, then text tokens."""
    if picture is None:
        return text
    batch, tokens, width = text.shape
    return tape.cat((picture, text), batch, picture.shape[1] + tokens, width)


def image_embedding(tape: Tape, config: Config, shape: Shape, image: Tensor) -> Tensor:
    """Image encoder tokens -> context width: norm, feed-forward, norm (with positions where two images join)."""
    with tape.scope("image_embedder"):
        picture = image
        if config.pos_embed_seq_len:
            tape.parameter("pos_embed", config.pos_embed_seq_len * config.image_dim)
            picture = tape.scale(image, "pos_embed")
        normed = fp32_norm(tape, picture, "norm1")
        mixed = feed_forward(tape, normed, config.image_dim, config.width, "ff")
        return fp32_norm(tape, mixed, "norm2")


def fp32_norm(tape: Tape, x: Tensor, name: str = "") -> Tensor:
    """Layer norm computed in float32, returned in x's dtype (diffusers' FP32LayerNorm)."""
    return tape.cast(tape.layer_norm(tape.cast(x, "fp32"), name, keep="fp32"), x.dtype)


def modulated(tape: Tape, x: Tensor, modulation: Tensor, width: Number, modulation_dtype: str) -> Tensor:
    """(norm(x) · (1 + scale) + shift) in float32, cast back; scale and shift are views of `modulation`."""
    scale = modulation.view(*modulation.shape[:-2], 1, width)
    # each intermediate goes as soon as the next is made
    return tape.cast(tape.add(tape.mul(tape.layer_norm(tape.cast(x, "fp32")), tape.scale(scale)), scale), x.dtype)


def block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
    image_tokens: Number = 0,
    attend: Layer | None = None,
    between: Layer | None = None,
    after: Layer | None = None,
) -> Tensor:
    """Self-attention, cross-attention, feed-forward; six modulation vectors from a table plus the timestep.

    attend  in the place of self-attention;  between  what comes between it and cross-attention, and  after  that
    """
    width = config.width
    tape.parameter("scale_shift_table", 6 * width, "fp32")
    # one table [6, width] added to the vectors of every sample (or token), in float32
    vectors = tape.pointwise("modulation", (tape.cast(modulation, "fp32"),), weights=6 * width * 4)
    gate = vectors.view(*vectors.shape[:-2], 1, width)

    normed = modulated(tape, hidden, vectors, width, "fp32")
    attended = attend(normed) if attend else attention(tape, config, normed, None, rotary, "attn1")
    x = tape.cast(gated(tape, hidden, attended, gate), hidden.dtype)
    x = between(x) if between else x

    normed = tape.cast(cross_norm(tape, config, tape.cast(x, "fp32")), x.dtype)
    attended = attention(tape, config, normed, context, None, "attn2", image_tokens)
    x = tape.add(x, attended)
    x = after(x) if after else x

    # [batch, n, width] × [width, ffn_dim], GELU, × [ffn_dim, width]
    normed = modulated(tape, x, vectors, width, "fp32")
    mixed = feed_forward(tape, normed, config.ffn_dim, width, "ffn")
    # the float32 copy of x goes before the sum is cast: no name holds it
    return tape.cast(tape.add(tape.cast(x, "fp32"), tape.mul(tape.cast(mixed, "fp32"), gate)), x.dtype)


def gated(tape: Tape, hidden: Tensor, update: Tensor, gate: Tensor) -> Tensor:
    """hidden + update · gate in float32."""
    wide = tape.cast(hidden, "fp32")
    return tape.add(wide, tape.mul(update, gate))


def cross_norm(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """The norm before cross-attention, where the configuration asks for one."""
    return tape.layer_norm(x, "norm2", keep="fp32") if config.cross_attn_norm else x


def attention(
    tape: Tape,
    config: Config,
    x: Tensor,
    context: Tensor | None,
    rotary: tuple[Tensor, Tensor] | None,
    name: str,
    image_tokens: Number = 0,
) -> Tensor:
    """Self-attention (context None) or cross-attention with RMS-normed queries and keys.

    A context that begins with image tokens has keys and values of its own for them; the two results add up.
    """
    width, heads, d_head = config.width, config.num_attention_heads, config.attention_head_dim
    batch, n, _ = x.shape
    with_image = config.added_kv_proj_dim is not None and context is not None
    with tape.scope(name):
        source = x if context is None else context.view(batch, context.shape[1] - image_tokens, width)
        # [batch, n, width] × [width, width] for q; [batch, keys, width] × [width, width] for k and v
        q = tape.linear(x, width, "to_q")
        k = tape.linear(source, width, "to_k")
        v = tape.linear(source, width, "to_v")
        # over the whole width, before it is cut into heads
        q = tape.rms_norm(q, "norm_q")
        k = tape.rms_norm(k, "norm_k")
        keys = source.shape[1]
        q = q.view(batch, heads, n, d_head)
        k, v = k.view(batch, heads, keys, d_head), v.view(batch, heads, keys, d_head)
        if rotary is not None:
            q = rotate(tape, q, rotary)
            k = rotate(tape, k, rotary)
        picture = None
        if with_image and context is not None:
            image = context.view(batch, image_tokens, width)
            k_image = tape.linear(image, width, "add_k_proj")
            v_image = tape.linear(image, width, "add_v_proj")
            k_image = tape.rms_norm(k_image, "norm_added_k").view(batch, heads, image_tokens, d_head)
            v_image = v_image.view(batch, heads, image_tokens, d_head)
            picture = tape.copy(tape.attention(q, k_image, v_image, "sdpa_image")).view(batch, n, width)
        # per head: [n, d_head] × [d_head, keys] -> scores, [n, keys] × [keys, d_head] -> out
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        if picture is not None:
            merged = tape.add(merged, picture)
        return tape.linear(merged, width, "to_out.0")


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by halves: two float32 products and their sum for each half, copied into one output."""
    batch, heads, n, d_head = x.shape
    half = x.view(batch, heads, n, d_head // 2)
    cosine, sine = (table.view(1, 1, n, d_head // 2) for table in rotary)
    out = tape.empty(x.shape, x.dtype)
    turned = tape.add(tape.mul(half, cosine), tape.mul(half, sine))
    del turned
    turned = tape.add(tape.mul(half, sine), tape.mul(half, cosine))
    tape.traffic("rope", 2 * turned.nbytes + 2 * out.nbytes, 2)
    out.node = turned.node
    return out
