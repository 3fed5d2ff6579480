"""Qwen3-VL as a text encoder: the language model alone, queries and keys normed per head.

Source: arXiv 2505.09388; transformers 5.23.0 models/qwen3_vl/modeling_qwen3_vl.py.
"""

from typing import ClassVar

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.tape import Tape, Tensor

CLASSES = ("Qwen3VLTextModel",)


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    head_norm: ClassVar[bool] = True
    rotary_per_sample: ClassVar[bool] = True

    vocab_size: Number = 151936
    hidden_size: Number = 4096
    intermediate_size: Number = 22016
    num_hidden_layers: int = 32
    num_attention_heads: Number = 32
    num_key_value_heads: Number = 32
    head_dim: Number = 128


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size]."""
    return decoder_only.encode(tape, config, shape)
