"""Motif-Video transformer: blocks of two streams, then of one, then a decoder that reads the encoder's video tokens.

Mirrors diffusers' MotifVideoTransformer3DModel. The decoder starts from a copy of the embedded latent, held all along,
and sees the video tokens twice: its own and the encoder's.
Source: diffusers 0.42.1 models/transformers/transformer_motif_video.py.
"""

from typing import Any

import msgspec

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, text_mlp, timestep_mlp
from vidcalc.networks.transformers.motif_blocks import dual_block, modulated, single_block
from vidcalc.tape import Tape, Tensor

CLASSES = ("MotifVideoTransformer3DModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    in_channels: Any = 33
    out_channels: Any = 16
    num_attention_heads: Any = 24
    attention_head_dim: Any = 128
    num_layers: Any = 20
    num_single_layers: Any = 40
    num_decoder_layers: int = 0
    mlp_ratio: Any = 4
    patch_size: Any = 2
    patch_size_t: Any = 1
    text_embed_dim: Any = 4096
    image_embed_dim: Any = None
    enable_text_cross_attention_dual: bool = False
    enable_text_cross_attention_single: bool = False

    @property
    def width(self) -> Any:
        """Hidden size: heads × head size."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def inner(self) -> Any:
        """Width of the feed-forward's hidden layer."""
        inner = self.width * self.mlp_ratio
        return int(inner) if isinstance(inner, float) else inner


def grid(config: Config, shape: Shape) -> tuple[Any, Any, Any]:
    """The token grid."""
    p = config.patch_size
    return shape.frames // config.patch_size_t, shape.height // p, shape.width // p


def tokens(config: Config, shape: Shape) -> Any:
    """Video tokens: latent frames × height × width over the patch."""
    t, h, w = grid(config, shape)
    return t * h * w


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width].

    Image tokens of a first frame, where `shape.image_tokens` are stated, come before the text.
    """
    batch, n, width, heads = shape.batch, tokens(config, shape), config.width, config.num_attention_heads
    latent = tape.input(batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(batch)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    text_mask = tape.input(batch, shape.tokens, dtype="int64")

    rotary = (tape.empty((n, config.attention_head_dim), "fp32"), tape.empty((n, config.attention_head_dim), "fp32"))
    with tape.scope("time_text_embed"):
        features = tape.cast(sinusoid(tape, batch, 256), tape.dtype)
        temb = timestep_mlp(tape, features, width, "timestep_embedder")
        del features
    kernel = (config.patch_size_t, config.patch_size, config.patch_size)
    embedded = tape.convolution(latent, width, kernel, "x_embedder.proj", out=grid(config, shape))
    hidden = embedded.view(batch, n, width)
    del embedded
    context, image = conditions(tape, config, shape, text)
    decoded = tape.copy(hidden, name="clone") if config.num_decoder_layers else hidden
    mask = tape.empty((batch, n + context.shape[1]), "bool")

    with tape.repeat("transformer_blocks", config.num_layers, hidden, context):
        look = config.enable_text_cross_attention_dual
        hidden, context = dual_block(tape, heads, config.inner, hidden, context, temb, rotary, shape.tokens, look=look)
    with tape.repeat(
        "single_transformer_blocks", config.num_single_layers - config.num_decoder_layers, hidden, context
    ):
        look = config.enable_text_cross_attention_single
        hidden, context = single_block(
            tape, heads, config.inner, hidden, context, temb, rotary, shape.tokens, look=look
        )
    del mask
    if config.num_decoder_layers:
        start, decoded = decoded.node, hidden  # the copy is let go when the first block is done
        hidden = decoder(tape, config, hidden, start, temb, rotary)
    del decoded, context, image

    with tape.scope("norm_out"):
        vectors = tape.linear(tape.act(temb), 2 * width, "linear")
    hidden = modulated(tape, hidden, vectors)
    hidden = tape.linear(hidden, config.out_channels * kernel[0] * kernel[1] * kernel[2], "proj_out")
    hidden = tape.copy(hidden, name="unpatchify")
    del timestep, text_mask
    return hidden.view(batch, config.out_channels, shape.frames, shape.height, shape.width)


def conditions(tape: Tape, config: Config, shape: Shape, text: Tensor) -> tuple[Tensor, Tensor | None]:
    """Text tokens, behind those of an image where there are any, and the image tokens alone."""
    context = text_mlp(tape, text, config.width, "context_embedder")
    if config.image_embed_dim is None:
        return context, None
    batch, width = shape.batch, config.width
    image = tape.input(0).view(batch, shape.image_tokens, config.image_embed_dim)  # held by the pipeline
    with tape.scope("image_embedder"):
        hidden = tape.layer_norm(image, "norm_in")
        hidden = tape.act(tape.linear(hidden, config.image_embed_dim, "linear_1"), "gelu")
        hidden = tape.layer_norm(tape.linear(hidden, width, "linear_2"), "norm_out")
    return tape.cat((hidden, context), batch, shape.image_tokens + shape.tokens, width), hidden


def decoder(
    tape: Tape, config: Config, encoded: Tensor, start: int, temb: Tensor, rotary: tuple[Tensor, Tensor]
) -> Tensor:
    """Single-stream blocks over a second copy of the video tokens and, as their context, the encoder's."""
    batch, n, width = encoded.shape
    # Every block but the first reads two slices of what the block before made.
    pair = tape.empty((batch, 2 * n, width), node=max(encoded.node, start))
    hidden, context = pair.view(batch, n, width), pair.view(batch, n, width)
    del pair
    with tape.repeat("decoder", config.num_decoder_layers, hidden, context):
        hidden, context = single_block(
            tape, config.num_attention_heads, config.inner, hidden, context, temb, rotary, n, look=False
        )
    return hidden
