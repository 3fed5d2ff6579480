"""CLIP encoders with the projection into the joint space of text and images.

SDXL's second text encoder and SVD's image encoder are such.

Source: arXiv 2103.00020; transformers 5.23.0 models/clip/modeling_clip.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import clip
from vidcalc.tape import Tape, Tensor

CLASSES = ("CLIPTextModelWithProjection", "CLIPVisionModelWithProjection")


class Config(clip.Config, frozen=True, kw_only=True):
    """The numbers of one encoder, under transformers' names; without a vocabulary it sees images."""

    projection_dim: Number = 512


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens], or pixels[batch, 3, image_size, image_size] -> [batch, tokens, hidden_size].

    Pipelines read an inner layer of the text encoder, and only the projected vector of the vision encoder.
    """
    with tape.scope("text_model" if config.text else "vision_model"):
        if config.text:
            hidden = clip.encode_text(tape, config, shape, keep_all=True)
        else:
            hidden = clip.encode_image(tape, config, shape)
    pooled = tape.empty((shape.batch, config.hidden_size))
    name = "text_projection" if config.text else "visual_projection"
    tape.linear(pooled, config.projection_dim, name, bias=False)
    return hidden
