"""Llama 3 as a text encoder: the language half of LLaVA-Llama-3-8B that HunyuanVideo reads.

Source: arXiv 2407.21783; transformers 5.23.0 models/llama/modeling_llama.py.
"""

from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.tape import Tape, Tensor

CLASSES = ("LlamaModel",)


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size]."""
    return decoder_only.encode(tape, config, shape)
