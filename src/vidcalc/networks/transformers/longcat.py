"""LongCat-Video transformer: full attention over all video tokens, cross-attention to text, a timestep per frame.

Modulation is made and applied in float32, per latent frame. Plain generation without conditioning frames and with
dense attention (the block-sparse attention of its 720p refinement stage is not taped).
Source: arXiv 2510.22200; meituan-longcat/LongCat-Video
longcat_video/modules/{longcat_video_dit,attention,blocks,rope_3d}.py.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from vidcalc.base.number import Number, round_up
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.official_layers import cast_rms_norm, named_mlp
from vidcalc.tape import Tape, Tensor

CLASSES = ("LongCatVideoTransformer3DModel",)
AfterText: TypeAlias = Callable[[Tensor, Tensor], Tensor]
MULTIPLE = 256  # the feed-forward's hidden size is rounded up to it, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the class's names."""

    in_channels: Number = 16
    out_channels: Number = 16
    hidden_size: Number = 4096
    depth: Number = 48
    num_heads: Number = 32
    caption_channels: Number = 4096
    mlp_ratio: Number = 4
    adaln_tembed_dim: Number = 512
    frequency_embedding_size: Number = 256
    patch_size: tuple[Number, Number, Number] = (1, 2, 2)

    @property
    def width(self) -> Number:
        """Hidden size."""
        return self.hidden_size

    @property
    def inner(self) -> Number:
        """Hidden size of the feed-forward: two thirds of the usual, as it has three matrices."""
        return round_up(2 * self.hidden_size * self.mlp_ratio // 3, MULTIPLE)

    @property
    def num_layers(self) -> Number:
        """Blocks."""
        return self.depth


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = config.patch_size
    return (shape.frames // t) * (shape.height // h) * (shape.width // w)


def forward(tape: Tape, config: Config, shape: Shape, after_text: AfterText | None = None) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width] in float32.

    after_text  what follows attention to text in every block, given the hidden states and the timestep's
    """
    batch, n, width = shape.batch, tokens(config, shape), config.width
    t, h, w = config.patch_size
    grid = (shape.frames // t, shape.height // h, shape.width // w)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, dtype="fp32")
    text = tape.input(batch, 1, shape.tokens, config.caption_channels)
    mask = tape.input(batch, shape.tokens, dtype="int64")

    hidden = tape.convolution(latent, width, config.patch_size, "x_embedder.proj", out=grid).view(batch, n, width)
    frames = batch * grid[0]
    features = sinusoid(tape, frames, config.frequency_embedding_size)
    d_time = config.adaln_tembed_dim
    temb = named_mlp(tape, features, d_time, d_time, "t_embedder.mlp", ("0", "2"))
    context = named_mlp(tape, text, width, width, "y_embedder.y_proj", ("0", "2"), act="gelu")
    context = tape.scale(context, "zero_pad").view(batch, shape.tokens, width)
    with tape.repeat("blocks", config.depth, hidden):
        hidden = block(tape, config, hidden, context, temb, after_text)

    with tape.scope("final_layer"):
        vectors = modulation(tape, temb, 2, width)
        out = modulated(tape, hidden, vectors)
        out = wide_linear(tape, out, t * h * w * config.out_channels, "linear")
    del timestep, mask
    out = tape.copy(out, name="unpatchify")
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def modulation(tape: Tape, temb: Tensor, count: int, width: Number) -> Tensor:
    """temb[frames, d] in float32 -> `count` vectors per frame in float32, seen as one of them."""
    return wide_linear(tape, tape.act(temb), count * width, "adaLN_modulation.1").view(temb.shape[0], 1, width)


def wide_linear(tape: Tape, x: Tensor, d_out: Number, name: str) -> Tensor:
    """A linear layer in float32, for which its input and its weight are cast."""
    wide = tape.cast(x, "fp32")
    weight = tape.empty((d_out, x.shape[-1]), "fp32")
    out = tape.linear(wide, d_out, name)
    del weight
    return out


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (scale + 1) + shift in float32, back in x's dtype."""
    normed = tape.layer_norm(tape.cast(x, "fp32"))
    steered = tape.add(tape.mul(normed, tape.scale(vectors)), vectors)
    del normed
    return tape.cast(steered, x.dtype)


def block(
    tape: Tape, config: Config, x: Tensor, context: Tensor, temb: Tensor, after_text: AfterText | None = None
) -> Tensor:
    """Modulated self-attention, cross-attention, modulated feed-forward."""
    vectors = modulation(tape, temb, 6, config.width)
    entering = modulated(tape, x, vectors)
    attended = self_attention(tape, config, entering)
    wide = gated(tape, x, attended, vectors)
    hidden = tape.cast(wide, x.dtype)
    del wide
    normed = tape.layer_norm(tape.cast(hidden, "fp32"), "pre_crs_attn_norm")
    hidden = tape.add(hidden, cross_attention(tape, config, tape.cast(normed, x.dtype), context))
    del normed
    if after_text:
        hidden = after_text(hidden, temb)
    del entering
    entering = modulated(tape, hidden, vectors)
    del attended
    mixed = feed_forward(tape, config, entering)
    wide = gated(tape, hidden, mixed, vectors)
    return tape.cast(wide, x.dtype)


def gated(tape: Tape, x: Tensor, update: Tensor, vectors: Tensor) -> Tensor:
    """x + gate · update in float32."""
    return tape.add(x, tape.mul(update, vectors))


def self_attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Full attention with RMS-normed and turned queries and keys; one projection makes all three."""
    batch, n, width = x.shape
    by_head = (batch, config.num_heads, n, width // config.num_heads)
    with tape.scope("attn"):
        qkv = tape.linear(x, 3 * width, "qkv").view(*by_head)
        normed_q = cast_rms_norm(tape, qkv, "q_norm.weight")
        normed_k = cast_rms_norm(tape, qkv, "k_norm.weight")
        q, k = rotated(tape, normed_q, normed_k)
        del normed_q, normed_k
        out = tape.attention(q, k, qkv)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "proj")


def rotated(tape: Tape, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    """Rotary embedding of both in float32; the tables [n, head size] are copied and made in every block."""
    _, _, n, d_head = q.shape
    angles = tape.empty((n, d_head), "fp32")
    wide_q, wide_k = tape.cast(q, "fp32"), tape.cast(k, "fp32")
    cosine, sine = tape.scale(angles, "cos"), tape.scale(angles, "sin")
    wide_q = turned(tape, wide_q, cosine, sine)
    wide_k = turned(tape, wide_k, cosine, sine)
    return tape.cast(wide_q, q.dtype), tape.cast(wide_k, k.dtype)


def turned(tape: Tape, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """x · cosine + (x turned by pairs) · sine."""
    half = x.view(*x.shape[:-1], x.shape[-1] // 2)
    straight = tape.mul(x, cosine)
    return tape.add(straight, tape.mul(tape.cat((tape.scale(half, "neg"), half), *x.shape), sine))


def cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor) -> Tensor:
    """Video tokens attend to the text of their sample; queries and keys RMS-normed."""
    batch, n, width = x.shape
    heads, text = config.num_heads, context.shape[1]
    with tape.scope("cross_attn"):
        q = tape.linear(x, width, "q_linear").view(batch, heads, n, width // heads)
        kv = tape.linear(context, 2 * width, "kv_linear").view(batch, heads, text, width // heads)
        normed_q = cast_rms_norm(tape, q, "q_norm.weight")
        normed_k = cast_rms_norm(tape, kv, "k_norm.weight")
        del q
        out = tape.attention(normed_q, normed_k, kv)
        return tape.linear(out.view(batch, n, width), width, "proj")


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """SwiGLU: linear(SiLU(linear) · linear), without biases."""
    with tape.scope("ffn"):
        gate = tape.act(tape.linear(x, config.inner, "w1", bias=False))
        product = tape.mul(gate, tape.linear(x, config.inner, "w3", bias=False))
        del gate
        return tape.linear(product, config.width, "w2", bias=False)
