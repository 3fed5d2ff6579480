"""Qwen2.5-VL and Qwen2-VL as text encoders: the language model alone, rotary tables on three axes for every sample.

Source: arXiv 2502.13923, 2409.12191; transformers 5.23.0 models/qwen2_5_vl/modeling_qwen2_5_vl.py.
"""

from typing import ClassVar

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.tape import Tape, Tensor

CLASSES = ("Qwen2_5_VLTextModel", "Qwen2VLTextModel")


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    qkv_bias: ClassVar[bool] = True
    rotary_per_sample: ClassVar[bool] = True

    vocab_size: Number = 152064
    hidden_size: Number = 8192
    intermediate_size: Number = 29568
    num_hidden_layers: int = 80
    num_attention_heads: Number = 64
    num_key_value_heads: Number = 8


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size]."""
    return decoder_only.encode(tape, config, shape)
