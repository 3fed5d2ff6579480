"""Latte: PixArt's blocks twice over, one across the places of each frame with text, one across the frames of each
place.

Mirrors diffusers' LatteTransformer3DModel. Source: arXiv 2401.03048; diffusers 0.42.1
models/transformers/latte_transformer_3d.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import steered_block
from vidcalc.networks.transformers.embedding import text_mlp
from vidcalc.networks.transformers.patches import patch_embedding, steered_out, steering
from vidcalc.tape import Tape, Tensor

CLASSES = ("LatteTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names. The stored frame positions make `video_length` the only
    length.
    """

    num_attention_heads: Number = 16
    attention_head_dim: Number = 88
    in_channels: Number = 4
    out_channels: Number = 8
    num_layers: Number = 1
    attention_bias: bool = False
    sample_size: Number = 64
    patch_size: Number = 2
    caption_channels: Any = None
    video_length: Number = 16

    @property
    def width(self) -> Number:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: frames × latent height × width over the patch (attention sees one frame, or one place, at a
    time).
    """
    return shape.frames * (shape.height // config.patch_size) * (shape.width // config.patch_size)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    batch, width, p, heads = shape.batch, config.width, config.patch_size, config.num_attention_heads
    images, places = batch * shape.frames, tokens(config, shape) // shape.frames
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.caption_channels)
    timestep = tape.input(batch)

    frames_first = turned(tape, latent, batch)
    maps = latent.view(images, config.in_channels, shape.height, shape.width)
    hidden = patch_embedding(tape, maps, width, p, config.sample_size)
    del frames_first
    steer, embedded = steering(tape, batch, width)
    captions = text_mlp(tape, text, width, "caption_projection")
    context = tape.copy(captions, images, shape.tokens, width, name="repeat")
    by_frame = tape.copy(steer, images, 6 * width, name="repeat")
    by_place = tape.copy(steer, batch * places, 6 * width, name="repeat")

    def across_places(x: Tensor) -> Tensor:
        with tape.block("transformer_blocks"):
            return steered_block(tape, x, context, by_frame, heads, bias=config.attention_bias)

    def across_frames(x: Tensor) -> Tensor:
        with tape.block("temporal_transformer_blocks"):
            return steered_block(tape, x, None, by_place, heads, bias=config.attention_bias, cross=False)

    with tape.scope("first"):
        hidden = across_places(hidden)
        hidden = swapped(tape, hidden, batch, places)
        hidden = tape.scale(hidden, "positions")
        hidden = across_frames(hidden)
        hidden = swapped(tape, hidden, batch, shape.frames)
    with tape.rows("later", config.num_layers - 1, hidden):
        hidden = across_places(hidden)
        hidden = swapped(tape, hidden, batch, places)
        hidden = across_frames(hidden)
        hidden = swapped(tape, hidden, batch, shape.frames)
    embedded = tape.copy(embedded, images, width, name="repeat")
    hidden = steered_out(tape, hidden, embedded, p * p * config.out_channels)
    del timestep, captions
    out = tape.copy(hidden, images, config.out_channels, shape.height, shape.width, name="unpatchify")
    return out.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def swapped(tape: Tape, x: Tensor, batch: Number, outer: Number) -> Tensor:
    """x[batch · outer before, inner before, width] with its two axes swapped: [batch · outer, the other, width]."""
    rows, inner, width = x.shape
    turned(tape, x, batch)
    return x.view(batch * outer, rows // batch * inner // outer, width)


def turned(tape: Tape, x: Tensor, batch: Number) -> Tensor:
    """The copy that swapping frames and places costs where there are several samples: of no bytes for one sample."""
    return tape.copy(x, x.elements * minimum(batch - 1, 1), name="reshape")
