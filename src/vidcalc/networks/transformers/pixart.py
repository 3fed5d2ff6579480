"""PixArt-α and PixArt-Σ: an image transformer with cross-attention to text, steered by one shared set of modulation
vectors.

Mirrors diffusers' PixArtTransformer2DModel. Source: arXiv 2310.00426, 2403.04692; diffusers 0.42.1
models/transformers/pixart_transformer_2d.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import steered_block
from vidcalc.networks.transformers.embedding import text_mlp
from vidcalc.networks.transformers.patches import patch_embedding, steered_out, steering
from vidcalc.tape import Tape, Tensor

CLASSES = ("PixArtTransformer2DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    num_attention_heads: Number = 16
    attention_head_dim: Number = 72
    in_channels: Number = 4
    out_channels: Number = 8
    num_layers: Number = 28
    attention_bias: bool = True
    sample_size: Number = 128
    patch_size: Number = 2
    caption_channels: Any = None

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Image tokens: latent height × width over the patch."""
    return (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[images, in_channels, height, width] -> [images, out_channels, height, width], images = batch · frames."""
    images, width, p = shape.batch * shape.frames, config.width, config.patch_size
    latent = tape.input(images, config.in_channels, shape.height, shape.width)
    text = tape.input(images, shape.tokens, config.caption_channels)
    timestep = tape.input(images, dtype="int64")
    mask = tape.input(images, shape.tokens, dtype="int64")

    bias = tape.empty((images, shape.tokens))
    hidden = patch_embedding(tape, latent, width, p, config.sample_size)
    steer, embedded = steering(tape, images, width)
    context = text_mlp(tape, text, width, "caption_projection")
    with tape.repeat("transformer_blocks", config.num_layers, hidden):
        hidden = steered_block(
            tape, hidden, context, steer, config.num_attention_heads, bias=config.attention_bias, masked="dense"
        )
    hidden = steered_out(tape, hidden, embedded, p * p * config.out_channels)
    del timestep, mask, bias
    return tape.copy(hidden, images, config.out_channels, shape.height, shape.width, name="unpatchify")
