"""BERT text encoder with its pooler: norms after each sum, learned positions (HunyuanDiT's Chinese CLIP text tower).

Source: arXiv 1810.04805; transformers 5.23.0 models/bert/modeling_bert.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders.prenorm import heads_merged
from vidcalc.tape import Tape, Tensor

CLASSES = ("BertModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one encoder, under transformers' names."""

    vocab_size: Number = 30522
    hidden_size: Number = 768
    intermediate_size: Number = 3072
    num_hidden_layers: int = 12
    num_attention_heads: Number = 12
    max_position_embeddings: Number = 512
    type_vocab_size: Number = 2


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size].

    shape.extra["masked"] (default true): the pipeline hands over a padding mask.
    """
    batch, n = shape.batch, shape.tokens
    masked = shape.extra.get("masked", True)
    ids = tape.input(batch, n, dtype="int64")
    given = tape.input(batch, n, dtype="int64") if masked else None
    embedded = embed(tape, config, batch, n)
    mask = tape.empty((batch, 1, n, n), "bool") if masked else None
    # outputs of the layers before the last, which is the one on the tape
    outputs = [tape.empty(embedded.shape) for _ in range(min(config.num_hidden_layers - 1, 1))]
    hidden = outputs[-1] if outputs else embedded
    del outputs
    with tape.scope("encoder"), tape.repeat("layer", config.num_hidden_layers):
        hidden = layer(tape, config, hidden)
    with tape.scope("pooler"):
        tape.act(tape.linear(hidden.view(batch, config.hidden_size), config.hidden_size, "dense"), "tanh")
    del ids, given, embedded, mask
    return hidden


def embed(tape: Tape, config: Config, batch: Number, n: Number) -> Tensor:
    """Words, segments and positions added up, then normed."""
    width = config.hidden_size
    with tape.scope("embeddings"):
        words = tape.embedding(config.vocab_size, width, (batch, n), "word_embeddings")
        segments = tape.embedding(config.type_vocab_size, width, (batch, n), "token_type_embeddings")
        tape.parameter("position_embeddings.weight", config.max_position_embeddings * width)
        positions = tape.empty((1, n, width))
        both = tape.add(words, segments)
        every = tape.add(both, positions)
        del both
        out = tape.layer_norm(every, "LayerNorm")
        del words, segments, positions
        return out


def layer(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Self-attention and feed-forward, each added to its input and then normed."""
    with tape.scope("attention"):
        with tape.scope("self"):
            merged = heads_merged(tape, x, config.num_attention_heads, ("query", "key", "value"), "none")
        attended = summed(tape, merged, x)
        del merged
    inner = tape.act(tape.linear(attended, config.intermediate_size, "intermediate.dense"), "gelu")
    return summed(tape, inner, attended)


def summed(tape: Tape, update: Tensor, x: Tensor) -> Tensor:
    """norm(x + dense(update))."""
    with tape.scope("output"):
        projected = tape.linear(update, x.shape[-1], "dense")
        total = tape.add(projected, x)
        out = tape.layer_norm(total, "LayerNorm")
        del projected, total
        return out
