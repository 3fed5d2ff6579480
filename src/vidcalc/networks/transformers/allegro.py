"""Allegro: PixArt's block over all video tokens at once, with rotary positions on three axes and masks for both
attentions.

Mirrors diffusers' AllegroTransformer3DModel. Source: arXiv 2410.15458; diffusers 0.42.1
models/transformers/transformer_allegro.py, attention_processor.py (AllegroAttnProcessor2_0).
"""

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import steered_block
from vidcalc.networks.transformers.embedding import text_mlp
from vidcalc.networks.transformers.patches import steered_out, steering
from vidcalc.tape import Tape, Tensor

CLASSES = ("AllegroTransformer3DModel",)
AXES = 3  # time, height, width share a head equally


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    patch_size: Number = 2
    patch_size_t: Number = 1
    num_attention_heads: Number = 24
    attention_head_dim: Number = 96
    in_channels: Number = 4
    out_channels: Number = 4
    num_layers: Number = 32
    attention_bias: bool = True
    caption_channels: Number = 4096

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    p = config.patch_size
    return (shape.frames // config.patch_size_t) * (shape.height // p) * (shape.width // p)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, n, width, p = shape.batch, tokens(config, shape), config.width, config.patch_size
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.caption_channels)
    timestep = tape.input(batch, dtype="int64")
    mask = tape.input(batch, shape.frames, shape.height, shape.width)
    text_mask = tape.input(batch, shape.tokens, dtype="int64")

    bias = tape.empty((batch, 1, n))
    text_bias = tape.empty((batch, 1, shape.tokens))
    steer, embedded = steering(tape, batch, width)
    hidden = patches(tape, config, latent, shape)
    context = text_mlp(tape, text, width, "caption_projection")
    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = steered_block(
            tape,
            hidden,
            context,
            steer,
            config.num_attention_heads,
            bias=config.attention_bias,
            masked="dense",
            self_masked="dense",
            rotate=lambda x: rotate_axes(tape, x),
        )
    hidden = steered_out(tape, hidden, embedded, p * p * config.out_channels)
    del timestep, mask, text_mask, bias, text_bias
    return tape.copy(hidden, batch, config.out_channels, shape.frames, shape.height, shape.width, name="unpatchify")


def patches(tape: Tape, config: Config, latent: Tensor, shape: Shape) -> Tensor:
    """Patch embedding frame by frame, laid out as one sequence per sample [batch, n, width]."""
    images, p = shape.batch * shape.frames, config.patch_size
    maps = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = tape.copy(maps, maps.elements * minimum(shape.batch - 1, 1), name="reshape")
    grid = (shape.height // p, shape.width // p)
    embedded = tape.convolution(maps, config.width, (p, p), "pos_embed.proj", out=grid)
    del frames_first
    return tape.copy(embedded, shape.batch, tokens(config, shape), config.width, name="flatten")


def rotate_axes(tape: Tape, x: Tensor) -> Tensor:
    """Rotary embedding of x[batch, heads, n, head size], a third of the head for each axis, joined at the end."""
    *lead, d_head = x.shape
    third = x.view(*lead, d_head // AXES)
    parts = tuple(rotate_axis(tape, third) for _ in range(AXES))
    return tape.cat(parts, *x.shape)


def rotate_axis(tape: Tape, x: Tensor) -> Tensor:
    """One axis: cosines and sines looked up per token, halves turned in float32."""
    batch, heads, n, d = x.shape
    cosine, sine = tape.empty((1, n, d), "fp32"), tape.empty((1, n, d), "fp32")
    negated = tape.scale(x.view(batch, heads, n, d // 2), "neg")
    turned = tape.cat((negated, x.view(batch, heads, n, d // 2)), *x.shape)
    del negated
    rotated = tape.add(
        tape.mul(tape.cast(x, "fp32"), cosine.view(1, 1, n, d)),
        tape.mul(tape.cast(turned, "fp32"), sine.view(1, 1, n, d)),
    )
    return tape.cast(rotated, x.dtype)
