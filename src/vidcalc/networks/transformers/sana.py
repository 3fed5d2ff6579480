"""SANA-Video transformer: linear self-attention (cost grows with tokens, not their square), convolutional feed-forward.

Mirrors diffusers' SanaVideoTransformer3DModel. Linear attention runs in float32 on copies of queries, keys and values;
a batch of one needs no copies for its batched products. The feed-forward mixes places, then frames.
Source: arXiv 2509.24695; diffusers 0.42.1 models/transformers/transformer_sana_video.py.
"""

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.wan import rotate
from vidcalc.tape import Tape, Tensor

CLASSES = ("SanaVideoTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Number = 16
    out_channels: Number = 16
    num_attention_heads: Number = 20
    attention_head_dim: Number = 112
    num_layers: Number = 20
    num_cross_attention_heads: Number = 20
    cross_attention_head_dim: Number = 112
    cross_attention_dim: Number = 2240
    caption_channels: Number = 2304
    mlp_ratio: Number = 2.5
    attention_bias: bool = False
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def inner(self) -> Number:
        """Width of the feed-forward's hidden layer."""
        inner = self.width * self.mlp_ratio
        return int(inner) if isinstance(inner, float) else inner


def patches(config: Config, shape: Shape) -> tuple[Number, Number, Number]:
    """The token grid."""
    t, h, w = config.patch_size
    return shape.frames // t, shape.height // h, shape.width // w


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = patches(config, shape)
    return t * h * w


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width = shape.batch, tokens(config, shape), config.width
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.caption_channels)
    timestep = tape.input(batch)
    text_mask = tape.input(batch, shape.tokens, dtype="int64")

    bias = tape.scale(tape.scale(tape.cast(text_mask, tape.dtype)))
    rotary = rotary_table(tape, config, n)
    embedded = tape.convolution(latent, width, config.patch_size, "patch_embedding", out=patches(config, shape))
    hidden = embedded.view(batch, n, width)
    del embedded
    with tape.scope("time_embed"):
        features = tape.cast(sinusoid(tape, batch, 256), tape.dtype)
        temb = timestep_mlp(tape, features, width, "emb.timestep_embedder")
        modulation = tape.linear(tape.act(temb), 6 * width, "linear")
        del features
    context = text_mlp(tape, text, width, "caption_projection")
    context = tape.rms_norm_narrow(context, "caption_norm")

    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = block(tape, config, shape, hidden, context, modulation, rotary)

    tape.parameter("scale_shift_table", 2 * width)
    normed = tape.layer_norm(hidden)
    shift = tape.pointwise("modulation", (temb,), (batch, 1, 2, width)).view(batch, 1, width)
    hidden = tape.add(tape.mul(normed, tape.scale(shift)), shift)
    del normed
    hidden = tape.linear(hidden, config.out_channels * volume(config), "proj_out")
    hidden = tape.copy(hidden, name="unpatchify")
    del timestep, bias
    return hidden.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def volume(config: Config) -> Number:
    """Latent places under one token."""
    t, h, w = config.patch_size
    return t * h * w


def rotary_table(tape: Tape, config: Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [1, n, 1, head size]."""
    d = config.attention_head_dim
    return tape.empty((1, n, 1, d)), tape.empty((1, n, 1, d))


def block(
    tape: Tape,
    config: Config,
    shape: Shape,
    hidden: Tensor,
    context: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
) -> Tensor:
    """Linear self-attention, cross-attention to text, convolutional feed-forward."""
    batch, n, width = hidden.shape
    tape.parameter("scale_shift_table", 6 * width)
    vectors = tape.pointwise("modulation", (modulation,))
    gate = vectors.view(batch, 1, width)

    normed = tape.layer_norm(hidden)
    normed = tape.add(tape.mul(normed, tape.scale(gate)), gate)
    update = linear_attention(tape, config, normed, rotary)
    x = tape.add(hidden, tape.mul(update, gate))

    update = cross_attention(tape, config, x, context)
    x = tape.add(update, x)

    normed = tape.layer_norm(x)
    normed = tape.add(tape.mul(normed, tape.scale(gate)), gate)
    update = feed_forward(tape, config, shape, normed)
    update = tape.copy(update, batch, n, width, name="flatten")
    return tape.add(x, tape.mul(update, gate))


def linear_attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """relu(q) · (relu(k)ᵀ · v) over its normaliser, in float32."""
    batch, n, width = x.shape
    heads, d = config.num_attention_heads, config.attention_head_dim
    several = minimum(batch - 1, 1)  # a batch of one needs no copies for its products
    with tape.scope("attn1"):
        q = tape.linear(x, width, "to_q", bias=config.attention_bias)
        k = tape.linear(x, width, "to_k", bias=config.attention_bias)
        v = tape.linear(x, width, "to_v", bias=config.attention_bias)
        q = tape.rms_norm_narrow(q, "norm_q").view(batch, heads, n, d)
        k = tape.rms_norm_narrow(k, "norm_k").view(batch, heads, n, d)
        q = tape.act(q, "relu")
        k = tape.act(k, "relu")
        q_turned = rotate(tape, q, rotary)
        k_turned = rotate(tape, k, rotary)
        q_wide, k_wide, v_wide = tape.cast(q_turned, "fp32"), tape.cast(k_turned, "fp32"), tape.cast(v, "fp32")
        del q_turned, k_turned, v

        key_sum = tape.pointwise("sum", (k,), (batch, heads, 1, d))
        copied = tape.copy(q, batch * several, heads, d, n)
        inverse = tape.scale(tape.scale(tape.matmul(key_sum, q.view(batch, heads, d, n), "normaliser")))
        del key_sum, copied

        copies = tuple(tape.copy(each, batch * several, heads, d, n) for each in (v_wide, k_wide))
        state = tape.matmul(v_wide.view(batch, heads, d, n), k_wide.view(batch, heads, n, d), "state")
        del copies
        copied = tape.copy(q_wide, batch * several, heads, d, n)
        out = tape.matmul(state, q_wide.view(batch, heads, d, n), "read")
        del copied
        out = tape.mul(out, inverse)
        merged = tape.cast(out, x.dtype).view(batch, n, width)
        del out
        copied = tape.copy(merged, batch * several, n, width)
        projected = tape.linear(merged, width, "to_out.0")
        del copied
        return tape.scale(projected, "bias")


def cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor) -> Tensor:
    """Attention to the text, queries and keys RMS-normed across heads."""
    batch, n, width = x.shape
    heads, d = config.num_cross_attention_heads, config.cross_attention_head_dim
    keys = context.shape[1]
    with tape.scope("attn2"):
        bias = tape.empty((batch * heads, 1, keys))
        q = tape.linear(x, heads * d, "to_q")
        k = tape.linear(context, heads * d, "to_k")
        v = tape.linear(context, heads * d, "to_v").view(batch, heads, keys, d)
        q = tape.rms_norm_narrow(q, "norm_q").view(batch, heads, n, d)
        k = tape.rms_norm_narrow(k, "norm_k").view(batch, heads, keys, d)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, heads * d)
        del out
        projected = tape.linear(merged, width, "to_out.0")
        del merged
        scaled = tape.scale(projected, "rescale")
        del bias
        return scaled


def feed_forward(tape: Tape, config: Config, shape: Shape, x: Tensor) -> Tensor:
    """Widen, mix neighbouring places per channel, gate, narrow, then mix neighbouring frames."""
    batch, _, width = x.shape
    t, h, w = patches(config, shape)
    inner = config.inner
    with tape.scope("ff"):
        frames = x.view(batch * t, width, h, w)
        hidden = tape.convolution(frames, 2 * inner, (1, 1), "conv_inverted")
        hidden = tape.act(hidden)
        gate = tape.convolution(hidden, 2 * inner, (3, 3), "conv_depth", groups=2 * inner)
        # of [batch · t, 2 inner, h, w], one half of the channels gates the other
        hidden = gate.view(batch * t, inner, h, w)
        hidden = tape.mul(hidden, tape.act(gate.view(batch * t, inner, h, w)))
        narrow = tape.convolution(hidden, width, (1, 1), "conv_point", bias=False)
        del hidden
        mixed = tape.convolution(narrow.view(batch, width, t, h * w), width, (3, 1), "conv_temp", bias=False)
        return tape.add(narrow, mixed)
