"""T5Gemma 2's text encoder (Motif-Video): Gemma 3 whose tokens see each other both ways; only the last layer is read.

Source: arXiv 2512.14856; transformers 5.23.0 models/t5gemma2/modeling_t5gemma2.py.
"""

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import gemma
from vidcalc.networks.encoders.gemma import layer, norm, rotary_table, scaled_embedding
from vidcalc.tape import Tape, Tensor

CLASSES = ("T5Gemma2TextEncoder",)


class Config(gemma.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    vocab_size: Number = 262208


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size].

    shape.extra["masked"] (default true): the pipeline hands over a padding mask, so two dense masks
    [batch, 1, tokens, tokens] are made (full and sliding-window layers) and key-value heads are repeated.
    """
    batch, n, width = shape.batch, shape.tokens, config.hidden_size
    masked = shape.extra.get("masked", True)
    ids = tape.input(batch, n, dtype="int64")
    given = tape.input(batch, n, dtype="int64") if masked else None
    tape.parameter("embed_tokens.eoi_embedding", width)
    embedded = scaled_embedding(tape, config, batch, n)
    positions = tape.empty((n,), "int64")
    masks = tuple(tape.empty((batch, 1, n, n), "bool") for _ in range(2 if masked else 0))
    rotary = rotary_table(tape, config, n)
    kinds = minimum(config.num_hidden_layers // config.sliding_window_pattern, 1)
    other_rotary = rotary_table(tape, config, kinds * n)

    hidden = tape.empty((batch, n, width))  # what the layer before gave: the embeddings stay beside it
    with tape.repeat("layers", config.num_hidden_layers):
        hidden = layer(tape, config, hidden, rotary, masks[0] if masks else None, "none")
    out = norm(tape, hidden, "norm")
    del ids, given, embedded, positions, masks, other_rotary
    return out
