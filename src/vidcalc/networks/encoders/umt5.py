"""UMT5 text encoder (UMT5-XXL, read by Wan): T5 with a relative position bias of its own in every layer.

Source: arXiv 2304.09151; transformers 5.23.0 models/umt5/modeling_umt5.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import t5
from vidcalc.tape import Tape, Tensor

CLASSES = ("UMT5EncoderModel",)


class Config(t5.Config, frozen=True, kw_only=True):
    """The numbers of one encoder, under transformers' names; only the defaults differ from T5's."""

    vocab_size: Number = 250112
    d_ff: Number = 1024
    num_layers: Number = 8
    num_heads: Number = 6
    feed_forward_proj: str = "gated-gelu"


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, d_model]."""
    return t5.encode(tape, config, shape, bias_in_every_layer=True)
