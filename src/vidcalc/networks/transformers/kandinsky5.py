"""Kandinsky 5 video transformer: text blocks first, then video blocks with self- and cross-attention.

Mirrors diffusers' Kandinsky5Transformer3DModel: norms, gates and rotary embedding in float32, the timestep and all
modulation kept in float32. Frames come last-channel, with the condition frames and their mask as more channels.
Source: arXiv 2511.14993; diffusers 0.42.1 models/transformers/transformer_kandinsky.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("Kandinsky5Transformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_visual_dim: Number = 4
    in_text_dim: Number = 3584
    in_text_dim2: Number = 768
    time_dim: Number = 512
    out_visual_dim: Number = 4
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)
    model_dim: Number = 2048
    ff_dim: Number = 5120
    num_text_blocks: Number = 2
    num_visual_blocks: Number = 32
    axes_dims: tuple[Number, Number, Number] = (16, 24, 24)
    visual_cond: bool = False

    @property
    def d_head(self) -> Number:
        """Head size: the rotary axes together."""
        return sum(self.axes_dims)

    @property
    def heads(self) -> Number:
        """Attention heads."""
        return self.model_dim // self.d_head

    @property
    def channels(self) -> Number:
        """Channels of the latent, those of the condition and its mask included."""
        return 2 * self.in_visual_dim + 1 if self.visual_cond else self.in_visual_dim

    @property
    def patch_volume(self) -> Number:
        """Latent places under one token."""
        return self.patch_size[0] * self.patch_size[1] * self.patch_size[2]


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, height, width, channels] -> [batch, frames, height, width, out_visual_dim]."""
    batch, n, width = shape.batch, tokens(config, shape), config.model_dim
    latent = tape.input(batch, shape.frames, shape.height, shape.width, config.channels)
    text = tape.input(batch, shape.tokens, config.in_text_dim)
    timestep = tape.input(batch)
    pooled = tape.input(batch, config.in_text_dim2)
    sides = (shape.frames, shape.height // config.patch_size[1], shape.width // config.patch_size[2])
    positions = [tape.input(side, dtype="int64") for side in (*sides, shape.tokens)]

    context = text_embedding(tape, text, width, "text_embeddings")
    time = time_embedding(tape, config, batch)
    time = tape.add(time, text_embedding(tape, pooled, config.time_dim, "pooled_text_embeddings"))
    hidden = patch_embedding(tape, config, latent, batch, n)
    text_rotary = rotary_table(tape, config, 1, shape.tokens)
    with tape.repeat("text_transformer_blocks", config.num_text_blocks, context):
        context = text_block(tape, config, context, time, text_rotary)
    rotary = rotary_table(tape, config, batch, n)
    with tape.repeat("visual_transformer_blocks", config.num_visual_blocks, hidden):
        hidden = visual_block(tape, config, hidden, context, time, rotary)
    del timestep, positions
    return out_layer(tape, config, shape, hidden, time)


def text_embedding(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """Linear, layer norm: x[..., d] -> [..., width]."""
    with tape.scope(name):
        projected = tape.linear(x, width, "in_layer")
        return tape.layer_norm(projected, "norm")


def time_embedding(tape: Tape, config: Config, batch: Number) -> Tensor:
    """Sines and cosines of the timestep through two layers -> [batch, time_dim], float32."""
    with tape.scope("time_embeddings"):
        angles = tape.empty((batch, config.model_dim // 2), "fp32")
        features = tape.cat((tape.scale(angles, "cos"), tape.scale(angles, "sin")), batch, config.model_dim)
        hidden = tape.act(tape.linear(features, config.time_dim, "in_layer", keep="fp32"))
        return tape.linear(hidden, config.time_dim, "out_layer", keep="fp32")


def patch_embedding(tape: Tape, config: Config, latent: Tensor, batch: Number, n: Number) -> Tensor:
    """Patches flattened into channels, then projected -> tokens[batch, n, width]."""
    patches = tape.copy(latent, batch, n, config.patch_volume * config.channels, name="patchify")
    with tape.scope("visual_embeddings"):
        return tape.linear(patches, config.model_dim, "in_layer")


def rotary_table(tape: Tape, config: Config, batch: Number, n: Number) -> Tensor:
    """A 2 × 2 rotation for every token and pair of channels: [batch, n, head size / 2, 2, 2]."""
    angles = tape.empty((batch, n, config.d_head // 2))
    cosine, sine = tape.scale(angles, "cos"), tape.scale(angles, "sin")
    return tape.cat((cosine, tape.scale(sine, "negate"), sine, cosine), batch, n, config.d_head // 2, 4)


def modulation(tape: Tape, config: Config, time: Tensor, vectors: int, name: str) -> Tensor:
    """time[batch, time_dim] -> `vectors` vectors of the model's width, float32."""
    with tape.scope(name):
        return tape.linear(tape.act(time), vectors * config.model_dim, "out_layer", keep="fp32")


def text_block(tape: Tape, config: Config, hidden: Tensor, time: Tensor, rotary: Tensor) -> Tensor:
    """Self-attention and feed-forward of the text tokens."""
    vectors = modulation(tape, config, time, 6, "text_modulation")
    update = modulated(tape, config, hidden, vectors)
    update = attention(tape, config, update, None, rotary, "self_attention")
    x = gated(tape, config, hidden, update, vectors)
    update = modulated(tape, config, x, vectors)
    update = feed_forward(tape, config, update)
    return gated(tape, config, x, update, vectors)


def visual_block(tape: Tape, config: Config, hidden: Tensor, context: Tensor, time: Tensor, rotary: Tensor) -> Tensor:
    """Self-attention, cross-attention to the text, feed-forward; three modulation vectors each."""
    vectors = modulation(tape, config, time, 9, "visual_modulation")
    update = modulated(tape, config, hidden, vectors)
    update = attention(tape, config, update, None, rotary, "self_attention")
    x = gated(tape, config, hidden, update, vectors)
    update = modulated(tape, config, x, vectors)
    update = attention(tape, config, update, context, None, "cross_attention")
    x = gated(tape, config, x, update, vectors)
    update = modulated(tape, config, x, vectors)
    update = feed_forward(tape, config, update)
    return gated(tape, config, x, update, vectors)


def modulated(tape: Tape, config: Config, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (scale + 1) + shift in float32, cast back."""
    scale = vectors.view(x.shape[0], 1, config.model_dim)
    normed = tape.layer_norm(tape.cast(x, "fp32"))
    scaled = tape.mul(normed, tape.scale(scale))
    del normed
    shifted = tape.add(scaled, scale)
    del scaled
    return tape.cast(shifted, x.dtype)


def gated(tape: Tape, config: Config, x: Tensor, update: Tensor, vectors: Tensor) -> Tensor:
    """x + gate · update in float32, cast back."""
    gate = vectors.view(x.shape[0], 1, config.model_dim)
    wide = tape.cast(x, "fp32")
    summed = tape.add(wide, tape.mul(tape.cast(update, "fp32"), gate))
    del wide
    return tape.cast(summed, x.dtype)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Linear, GELU, linear, without biases."""
    with tape.scope("feed_forward"):
        inner = tape.act(tape.linear(x, config.ff_dim, "in_layer", bias=False), "gelu")
        return tape.linear(inner, config.model_dim, "out_layer", bias=False)


def attention(
    tape: Tape, config: Config, x: Tensor, context: Tensor | None, rotary: Tensor | None, name: str
) -> Tensor:
    """Self-attention (context None) or cross-attention, queries and keys RMS-normed per head."""
    width, heads, d_head = config.model_dim, config.heads, config.d_head
    batch, n, _ = x.shape
    source = x if context is None else context
    keys = source.shape[1]
    with tape.scope(name):
        q = tape.linear(x, width, "to_query").view(batch, heads, n, d_head)
        k = tape.linear(source, width, "to_key").view(batch, heads, keys, d_head)
        v = tape.linear(source, width, "to_value").view(batch, heads, keys, d_head)
        q = tape.cast(tape.rms_norm(tape.cast(q, "fp32"), "query_norm"), q.dtype)
        k = tape.cast(tape.rms_norm(tape.cast(k, "fp32"), "key_norm"), k.dtype)
        if rotary is not None:
            q = rotate(tape, q, rotary)
            k = rotate(tape, k, rotary)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "out_layer")


def rotate(tape: Tape, x: Tensor, rotary: Tensor) -> Tensor:
    """Each pair of channels times its 2 × 2 rotation in float32: a product twice as large, then its sum."""
    wide = tape.cast(x, "fp32")
    pairs = wide.view(*wide.shape[:-1], 2 * wide.shape[-1])
    out = tape.pointwise("sum", (tape.mul(pairs, rotary),), x.shape)
    return tape.cast(out, x.dtype)


def out_layer(tape: Tape, config: Config, shape: Shape, hidden: Tensor, time: Tensor) -> Tensor:
    """Modulated norm and projection: tokens -> [batch, frames, height, width, out_visual_dim]."""
    with tape.scope("out_layer"):
        vectors = modulation(tape, config, time, 2, "modulation")
        normed = modulated(tape, config, hidden, vectors)
        out = tape.linear(normed, config.patch_volume * config.out_visual_dim, "out_layer")
    out = tape.copy(out, name="unpatchify")
    return out.view(shape.batch, shape.frames, shape.height, shape.width, config.out_visual_dim)
