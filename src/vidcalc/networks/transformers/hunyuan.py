"""HunyuanVideo transformer: dual-stream blocks for video and text, then single-stream blocks over both together.

Mirrors diffusers' HunyuanVideoTransformer3DModel with its image variants: "latent_concat" (more input channels) and
"token_replace" (the first frame's tokens have a modulation of their own).
Source: arXiv 2412.03603; diffusers 0.42.1 models/transformers/transformer_hunyuan_video.py.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.hunyuan_blocks import Streams, double_block, single_block
from vidcalc.networks.transformers.hunyuan_refiner import token_refiner
from vidcalc.networks.transformers.rotary import rotary_tables
from vidcalc.tape import Tape, Tensor

CLASSES = ("HunyuanVideoTransformer3DModel",)
Steer: TypeAlias = Callable[[Tensor], Tensor]
FREQUENCIES = 256  # width of the sinusoidal timestep features, fixed in the class


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that every HunyuanVideo transformer has, under diffusers' names."""

    in_channels: Number = 16
    out_channels: Number = 16
    num_attention_heads: Number = 24
    attention_head_dim: Number = 128
    num_layers: Number = 20
    num_refiner_layers: int = 2
    mlp_ratio: Number = 4.0
    patch_size: Number = 2
    patch_size_t: Number = 1
    text_embed_dim: Number = 4096

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def inner(self) -> Number:
        """Hidden size of the feed-forward."""
        return int(self.width * self.mlp_ratio)


class Config(Common, frozen=True, kw_only=True):
    """The numbers of one network."""

    num_single_layers: Number = 40
    guidance_embeds: bool = True
    pooled_projection_dim: Number = 768
    image_condition_type: str | None = None


def patches(config: Common, shape: Shape) -> tuple[Number, Number, Number]:
    """The token grid."""
    return shape.frames // config.patch_size_t, shape.height // config.patch_size, shape.width // config.patch_size


def tokens(config: Common, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = patches(config, shape)
    return t * h * w


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    return run(tape, config, shape, "keys")


def run(tape: Tape, config: Config, shape: Shape, masked: str, steer: Steer | None = None) -> Tensor:
    """The forward with that mask over the joint tokens; `steer` is what becomes of the embedded patches."""
    batch, n = shape.batch, tokens(config, shape)
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch, dtype="int64")
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    mask = tape.input(batch, shape.tokens, dtype="int64")
    pooled = tape.input(batch, config.pooled_projection_dim)
    guidance = tape.input(batch) if config.guidance_embeds else None

    rotary = rotary_tables(tape, n, config.attention_head_dim)
    temb, replaced = condition(tape, config, timestep, pooled, guidance)
    hidden = patch_embed(tape, config, shape, latent)
    hidden = steer(hidden) if steer else hidden
    context = token_refiner(
        tape, text, timestep, mask, config.width, config.num_attention_heads, config.num_refiner_layers
    )
    allowed = joint_mask(tape, batch, n + shape.tokens)
    first = patches(config, shape)[1] * patches(config, shape)[2]
    streams = Streams(
        config.num_attention_heads, config.attention_head_dim, config.inner, temb, rotary, replaced, first, masked
    )

    with tape.repeat("transformer_blocks", config.num_layers, hidden, context):
        hidden, context = double_block(tape, streams, hidden, context)
    with tape.repeat("single_transformer_blocks", config.num_single_layers, hidden, context):
        hidden, context = single_block(tape, streams, hidden, context)

    hidden = final_norm(tape, hidden, temb)
    out = tape.linear(hidden, config.patch_size_t * config.patch_size**2 * config.out_channels, "proj_out")
    out = tape.copy(out, name="unpatchify")
    del allowed
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def patch_embed(tape: Tape, config: Common, shape: Shape, latent: Tensor) -> Tensor:
    """latent -> [batch, n, width] by a strided convolution."""
    kernel = (config.patch_size_t, config.patch_size, config.patch_size)
    with tape.scope("x_embedder"):
        embedded = tape.convolution(latent, config.width, kernel, "proj", out=patches(config, shape))
    return embedded.view(shape.batch, tokens(config, shape), config.width)


def condition(
    tape: Tape, config: Config, timestep: Tensor, pooled: Tensor, guidance: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """Timestep, pooled text and guidance scale -> temb[batch, width]; and that of timestep 0 for "token_replace"."""
    with tape.scope("time_text_embed"):
        time = embedded_scalar(tape, timestep, config.width, "timestep_embedder")
        words = text_mlp(tape, pooled, config.width, "text_embedder")
        replaced = None
        if config.image_condition_type == "token_replace":
            zero = tape.scale(timestep, "zeros")
            start = embedded_scalar(tape, zero, config.width, "timestep_embedder")
            replaced = tape.add(start, words)
        if guidance is None:
            return tape.add(time, words), replaced
        strength = embedded_scalar(tape, guidance, config.width, "guidance_embedder")
        return tape.add(tape.add(time, strength), words), replaced


def embedded_scalar(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """One number per sample -> sinusoids -> [batch, width]."""
    features = sinusoid(tape, x.shape[0], FREQUENCIES)
    return timestep_mlp(tape, tape.cast(features, tape.dtype), width, name)


def joint_mask(tape: Tape, batch: Number, n: Number) -> tuple[Tensor, ...]:
    """Which of the video and text tokens may be attended to: the mask and what it is made from."""
    every = tape.empty((batch, n), "bool")
    lengths = tape.empty((batch,), "int32"), tape.empty((batch,), "int32")
    indices = tape.empty((n,), "int64")
    padding = tape.empty((batch, n), "bool")
    allowed = tape.copy(every, name="masked_fill")
    return allowed, indices, padding, *lengths


def final_norm(tape: Tape, x: Tensor, temb: Tensor) -> Tensor:
    """norm(x)·(1 + scale) + shift, both from temb (diffusers' AdaLayerNormContinuous)."""
    batch, _, width = x.shape
    emb = tape.linear(tape.act(temb), 2 * width, "norm_out.linear")
    vector = emb.view(batch, 1, width)
    return tape.add(tape.mul(tape.layer_norm(x), tape.scale(vector)), vector)
