"""Gemma 3 as a text encoder (LTX-2): norms before and after every half layer, normed queries and keys, two masks.

Every layer's output is kept to the end, because the pipeline reads them all; there is no key-value cache.
Source: arXiv 2503.19786; transformers 5.23.0 models/gemma3/modeling_gemma3.py.
"""

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.networks.encoders.decoder_only import attend, feed_forward, rotate_halves
from vidcalc.tape import Tape, Tensor

CLASSES = ("Gemma3TextModel",)


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    vocab_size: Number = 262208
    hidden_size: Number = 2304
    intermediate_size: Number = 9216
    num_hidden_layers: int = 26
    num_attention_heads: Number = 8
    num_key_value_heads: Number = 4
    head_dim: Number = 256
    attention_bias: bool = False
    sliding_window_pattern: Number = 6  # every how many layers one attends to all tokens


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size].

    shape.extra["masked"] (default true): the pipeline hands over a padding mask, so two dense masks
    [batch, 1, tokens, tokens] are made (full and sliding-window layers) and key-value heads are repeated.
    """
    batch, n, width = shape.batch, shape.tokens, config.hidden_size
    masked = shape.extra.get("masked", True)
    ids = tape.input(batch, n, dtype="int64")
    given = tape.input(batch, n, dtype="int64") if masked else None
    embedded = scaled_embedding(tape, config, batch, n)
    positions = tape.empty((n,), "int64")
    masks = tuple(tape.empty((batch, 1, n, n), "bool") for _ in range(2 if masked else 0))
    rotary = rotary_table(tape, config, n)
    # the layers that attend to all tokens have tables of their own, where there are any such layers
    kinds = minimum(config.num_hidden_layers // config.sliding_window_pattern, 1)
    other_rotary = rotary_table(tape, config, kinds * n)

    # outputs of all layers but the last, which is the one on the tape
    outputs = tape.empty(((config.num_hidden_layers - 1) * batch, n, width))
    hidden = outputs.view(batch, n, width)
    with tape.repeat("layers", config.num_hidden_layers):
        hidden = layer(tape, config, hidden, rotary, masks[0] if masks else None)
    out = norm(tape, hidden, "norm")
    del ids, given, embedded, positions, masks, outputs, other_rotary
    return out


def scaled_embedding(tape: Tape, config: decoder_only.Config, batch: Number, n: Number) -> Tensor:
    """Token embeddings times the root of the width."""
    return tape.scale(tape.embedding(config.vocab_size, config.hidden_size, (batch, n), "embed_tokens"))


def rotary_table(tape: Tape, config: decoder_only.Config, n: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each [1, n, head size]."""
    return tape.empty((1, n, config.d_head)), tape.empty((1, n, config.d_head))


def norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """RMS norm, weighted in float32 by 1 + weight, then back in x's dtype."""
    wide = tape.cast(x, "fp32")
    square = tape.act(wide, "square")
    mean = tape.pointwise("mean", (square,), (*x.shape[:-1], 1))
    del square
    scaled = tape.mul(wide, tape.scale(tape.scale(mean), "rsqrt"))
    del wide, mean
    tape.parameter(name + ".weight", x.shape[-1])
    weights = tape.scale(tape.empty((x.shape[-1],), "fp32"))
    weighted = tape.weighted(scaled, x.shape[-1])
    del scaled, weights
    return tape.cast(weighted, x.dtype)


def layer(
    tape: Tape,
    config: Config,
    x: Tensor,
    rotary: tuple[Tensor, Tensor],
    mask: Tensor | None,
    masked: str = "causal",
) -> Tensor:
    """Self-attention and a gated feed-forward, each between two norms and added to its input."""
    hidden = norm(tape, x, "input_layernorm")
    hidden = attention(tape, config, hidden, rotary, mask, masked)
    hidden = norm(tape, hidden, "post_attention_layernorm")
    hidden = tape.add(x, hidden)
    mixed = norm(tape, hidden, "pre_feedforward_layernorm")
    mixed = feed_forward(tape, config, mixed)
    mixed = norm(tape, mixed, "post_feedforward_layernorm")
    return tape.add(hidden, mixed)


def attention(
    tape: Tape,
    config: Config,
    x: Tensor,
    rotary: tuple[Tensor, Tensor],
    mask: Tensor | None,
    masked: str = "causal",
) -> Tensor:
    """Causal attention with normed queries and keys; a sliding window saves neither FLOPs nor bytes here."""
    batch, n, _ = x.shape
    heads, kv_heads, d_head, bias = config.num_attention_heads, config.kv_heads, config.d_head, config.attention_bias
    with tape.scope("self_attn"):
        plain_q = tape.linear(x, heads * d_head, "q_proj", bias=bias).view(batch, heads, n, d_head)
        plain_k = tape.linear(x, kv_heads * d_head, "k_proj", bias=bias).view(batch, kv_heads, n, d_head)
        v = tape.linear(x, kv_heads * d_head, "v_proj", bias=bias).view(batch, kv_heads, n, d_head)
        plain_q = norm(tape, plain_q, "q_norm")
        plain_k = norm(tape, plain_k, "k_norm")
        q = rotate_halves(tape, plain_q, rotary)
        k = rotate_halves(tape, plain_k, rotary)
        del plain_q, plain_k
        merged = attend(tape, config, q, k, v, mask, masked)
        return tape.linear(merged, config.hidden_size, "o_proj", bias=bias)
