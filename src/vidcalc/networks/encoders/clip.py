"""CLIP text and vision encoders (with a projection into their joint space: `clip_projection`).

Source: arXiv 2103.00020; transformers 5.23.0 models/clip/modeling_clip.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders.prenorm import layers
from vidcalc.tape import Tape, Tensor

CLASSES = ("CLIPTextModel", "CLIPVisionModel")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one encoder, under transformers' names; without a vocabulary it sees images."""

    vocab_size: Any = None
    hidden_size: Number = 512
    intermediate_size: Number = 2048
    num_hidden_layers: int = 12
    num_attention_heads: Number = 8
    max_position_embeddings: Number = 77
    hidden_act: str = "quick_gelu"
    image_size: Number = 224
    patch_size: Number = 32
    num_channels: Number = 3

    @property
    def text(self) -> bool:
        """Whether it reads text."""
        return self.vocab_size is not None


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens], or pixels[batch, 3, image_size, image_size] -> [batch, tokens, hidden_size].

    Pipelines read the last layer of the text encoder and the last but one of the vision encoder.
    """
    return encode_text(tape, config, shape) if config.text else encode_image(tape, config, shape, keep_all=True)


def encode_text(tape: Tape, config: Config, shape: Shape, *, keep_all: bool = False) -> Tensor:
    """Token and position embeddings, causal layers, a last norm; the pooled vector is the end token's."""
    batch, n, width = shape.batch, shape.tokens, config.hidden_size
    masked = shape.extra.get("masked", True)
    ids = tape.input(batch, n, dtype="int64")
    given = tape.input(batch, n, dtype="int64") if masked else None
    with tape.scope("embeddings"):
        tape.parameter("position_embedding.weight", config.max_position_embeddings * width)
        embedded = tape.embedding(config.vocab_size, width, (batch, n), "token_embedding")
        positions = tape.empty((1, n, width))
        hidden = tape.add(embedded, positions)
        del embedded, positions
    mask = tape.empty((batch, 1, n, n), "bool") if masked else None
    last, outputs = stack(tape, config, hidden, keep_all, "causal")
    del outputs
    out = tape.layer_norm(last, "final_layer_norm")
    del ids, given, mask
    return out


def encode_image(tape: Tape, config: Config, shape: Shape, *, keep_all: bool = False) -> Tensor:
    """Patches and a class token, a norm, layers; the pooled vector is the class token's after another norm."""
    batch, width, side = shape.batch, config.hidden_size, config.image_size // config.patch_size
    n = side * side + 1
    pixels = tape.input(batch, config.num_channels, config.image_size, config.image_size)
    with tape.scope("embeddings"):
        tape.parameter("class_embedding", width)
        tape.parameter("position_embedding.weight", n * width)
        kernel = (config.patch_size, config.patch_size)
        patches = tape.convolution(pixels, width, kernel, "patch_embedding", out=(side, side), bias=False)
        joined = tape.cat((patches,), batch, n, width)
        positions = tape.empty((1, n, width))
        embedded = tape.add(joined, positions)
        del patches, joined, positions
    hidden = tape.layer_norm(embedded, "pre_layrnorm")
    del embedded
    last, outputs = stack(tape, config, hidden, keep_all, "none")
    pooled = tape.layer_norm(last.view(batch, width), "post_layernorm")
    del outputs, pooled, pixels
    return last


def stack(tape: Tape, config: Config, hidden: Tensor, keep_all: bool, mask: str) -> tuple[Tensor, list[Tensor]]:
    """The layers."""
    return layers(
        tape,
        hidden,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.intermediate_size,
        config.hidden_act,
        keep_all=keep_all,
        mask=mask,
    )
