"""LongCat-Video transformer: full attention over all video tokens, cross-attention to text, a timestep per frame.

Modulation is computed in float32 from a narrow timestep embedding, a set of vectors for every latent frame. The class
is not in diffusers: structure and weights follow the official repository (meituan-longcat/LongCat-Video), so
parameters and FLOPs are exact, while which intermediates live how long is read from its block, not measured.
"""

from typing import Any

import msgspec

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.networks.transformers.wan import rotate
from vidcalc.tape import Tape, Tensor

CLASSES = ("LongCatVideoTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the official repository's names."""

    in_channels: Any = 16
    out_channels: Any = 16
    hidden_size: Any = 4096
    depth: Any = 48
    num_heads: Any = 32
    caption_channels: Any = 4096
    mlp_ratio: Any = 4
    adaln_tembed_dim: Any = 512
    frequency_embedding_size: Any = 256
    patch_size: tuple[Any, Any, Any] = (1, 2, 2)

    @property
    def inner(self) -> Any:
        """Width of the gated feed-forward: two thirds of the plain one's, rounded up to a multiple of 256."""
        return -(-(2 * self.mlp_ratio * self.hidden_size // 3) // 256) * 256

    @property
    def patch_volume(self) -> Any:
        """Latent places under one token."""
        return self.patch_size[0] * self.patch_size[1] * self.patch_size[2]


def patches(config: Config, shape: Shape) -> tuple[Any, Any, Any]:
    """The token grid."""
    t, h, w = config.patch_size
    return shape.frames // t, shape.height // h, shape.width // w


def tokens(config: Config, shape: Shape) -> Any:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = patches(config, shape)
    return t * h * w


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width = shape.batch, tokens(config, shape), config.hidden_size
    frames, d_head = patches(config, shape)[0], config.hidden_size // config.num_heads
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, frames, dtype="fp32")
    text = tape.input(batch, shape.tokens, config.caption_channels)

    embedded = tape.convolution(latent, width, config.patch_size, "x_embedder.proj", out=patches(config, shape))
    hidden = tape.copy(embedded, batch, n, width, name="contiguous")
    del embedded
    with tape.scope("t_embedder"):
        features = sinusoid(tape, batch * frames, config.frequency_embedding_size)
        time = tape.linear(features, config.adaln_tembed_dim, "mlp.0", keep="fp32")
        time = tape.linear(tape.act(time), config.adaln_tembed_dim, "mlp.2", keep="fp32")
        del features
    with tape.scope("y_embedder"):
        context = tape.act(tape.linear(text, width, "y_proj.0"), "gelu")
        context = tape.linear(context, width, "y_proj.2")
    rotary = (tape.empty((1, n, 1, d_head), "fp32"), tape.empty((1, n, 1, d_head), "fp32"))

    with tape.repeat("blocks", config.depth):
        hidden = block(tape, config, hidden, context, time, rotary)
    with tape.scope("final_layer"):
        vectors = modulation(tape, config, time, 2)
        hidden = modulated(tape, hidden, vectors)
        hidden = tape.linear(hidden, config.out_channels * config.patch_volume, "linear")
    hidden = tape.copy(hidden, name="unpatchify")
    del timestep
    return hidden.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def modulation(tape: Tape, config: Config, time: Tensor, vectors: int) -> Tensor:
    """time[batch · frames, d] -> `vectors` vectors of the model's width per frame, float32."""
    return tape.linear(tape.act(time), vectors * config.hidden_size, "adaLN_modulation.1", keep="fp32")


def modulated(tape: Tape, x: Tensor, vectors: Tensor) -> Tensor:
    """norm(x) · (scale + 1) + shift in float32 with each frame's vectors, cast back."""
    scale = vectors.view(vectors.shape[0], 1, x.shape[-1])
    normed = tape.layer_norm(tape.cast(x, "fp32"))
    return tape.cast(tape.add(tape.mul(normed, tape.scale(scale)), scale), x.dtype)


def gated(tape: Tape, x: Tensor, update: Tensor, vectors: Tensor) -> Tensor:
    """x + gate · update, promoted to float32 by the gate, cast back."""
    gate = vectors.view(vectors.shape[0], 1, x.shape[-1])
    return tape.cast(tape.add(x, tape.mul(update, gate)), x.dtype)


def block(
    tape: Tape, config: Config, hidden: Tensor, context: Tensor, time: Tensor, rotary: tuple[Tensor, Tensor]
) -> Tensor:
    """Self-attention, cross-attention to text, gated feed-forward."""
    vectors = modulation(tape, config, time, 6)
    normed = modulated(tape, hidden, vectors)
    update = self_attention(tape, config, normed, rotary)
    x = gated(tape, hidden, update, vectors)
    x = tape.add(x, cross_attention(tape, config, tape.layer_norm(x, "pre_crs_attn_norm"), context))
    normed = modulated(tape, x, vectors)
    update = feed_forward(tape, config, normed)
    return gated(tape, x, update, vectors)


def self_attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Full attention; one projection for queries, keys and values, the first two RMS-normed per head."""
    batch, n, width = x.shape
    heads = config.num_heads
    with tape.scope("attn"):
        qkv = tape.linear(x, 3 * width, "qkv")
        part = qkv.view(batch, heads, n, width // heads)
        q = tape.rms_norm(part, "q_norm")
        k = tape.rms_norm(part, "k_norm")
        q = rotate(tape, q, rotary)
        k = rotate(tape, k, rotary)
        out = tape.attention(q, k, part)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "proj")


def cross_attention(tape: Tape, config: Config, x: Tensor, context: Tensor) -> Tensor:
    """Attention to the text tokens; one projection for keys and values."""
    batch, n, width = x.shape
    heads, keys = config.num_heads, context.shape[1]
    with tape.scope("cross_attn"):
        q = tape.linear(x, width, "q_linear").view(batch, heads, n, width // heads)
        kv = tape.linear(context, 2 * width, "kv_linear")
        part = kv.view(batch, heads, keys, width // heads)
        q = tape.rms_norm(q, "q_norm")
        k = tape.rms_norm(part, "k_norm")
        out = tape.attention(q, k, part)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "proj")


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """silu(w1 x) · w3 x, then w2, without biases."""
    with tape.scope("ffn"):
        gate = tape.act(tape.linear(x, config.inner, "w1", bias=False))
        product = tape.mul(gate, tape.linear(x, config.inner, "w3", bias=False))
        del gate
        return tape.linear(product, config.hidden_size, "w2", bias=False)
