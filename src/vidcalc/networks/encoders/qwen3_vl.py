"""Qwen3-VL as a text encoder: the language model alone, queries and keys normed per head.

Source: arXiv 2505.09388; transformers 5.23.0 models/qwen3_vl/modeling_qwen3_vl.py.
"""

from typing import Any, ClassVar

from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.tape import Tape, Tensor

CLASSES = ("Qwen3VLTextModel",)


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    head_norm: ClassVar[bool] = True
    rotary_per_sample: ClassVar[bool] = True

    vocab_size: Any = 151936
    hidden_size: Any = 4096
    intermediate_size: Any = 22016
    num_hidden_layers: Any = 32
    num_attention_heads: Any = 32
    num_key_value_heads: Any = 32
    head_dim: Any = 128


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size]."""
    return decoder_only.encode(tape, config, shape)
