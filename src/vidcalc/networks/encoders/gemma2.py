"""Gemma 2 as a text encoder (SANA): its capped attention scores are spelled out, so the whole score matrix is alive.

Source: arXiv 2408.00118; transformers 5.23.0 models/gemma2/modeling_gemma2.py.
"""

from vidcalc.base.number import Number, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.networks.encoders.decoder_only import feed_forward, rotate_halves
from vidcalc.networks.encoders.gemma import norm, rotary_table, scaled_embedding
from vidcalc.tape import Tape, Tensor

CLASSES = ("Gemma2Model",)


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    vocab_size: Number = 256000
    hidden_size: Number = 2304
    intermediate_size: Number = 9216
    num_hidden_layers: int = 26
    num_attention_heads: Number = 8
    num_key_value_heads: Number = 4
    head_dim: Number = 256
    attention_bias: bool = False
    attn_logit_softcapping: Number = 50.0


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size]; masks in the model's dtype are made in any case."""
    batch, n = shape.batch, shape.tokens
    ids = tape.input(batch, n, dtype="int64")
    given = tape.input(batch, n, dtype="int64") if shape.extra.get("masked", True) else None
    embedded = scaled_embedding(tape, config, batch, n)
    positions = tape.empty((n,), "int64")
    masks = tape.empty((batch, 1, n, n)), tape.empty((batch, 1, n, n))
    rotary = rotary_table(tape, config, n)
    # from the second layer on the input is no longer the embedding, which stays alive
    hidden = tape.empty((batch * minimum(config.num_hidden_layers - 1, 1), n, config.hidden_size))
    hidden = hidden.view(batch, n, config.hidden_size)
    with tape.repeat("layers", config.num_hidden_layers):
        hidden = layer(tape, config, hidden, rotary, masks[0])
    out = norm(tape, hidden, "norm")
    del ids, given, embedded, positions, masks
    return out


def layer(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """Self-attention and a gated feed-forward, each between two norms; the attention weights stay alive to the end."""
    hidden = norm(tape, x, "input_layernorm")
    hidden, weights = attention(tape, config, hidden, rotary, mask)
    hidden = norm(tape, hidden, "post_attention_layernorm")
    hidden = tape.add(x, hidden)
    mixed = norm(tape, hidden, "pre_feedforward_layernorm")
    mixed = feed_forward(tape, config, mixed)
    mixed = norm(tape, mixed, "post_feedforward_layernorm")
    out = tape.add(hidden, mixed)
    del weights
    return out


def attention(
    tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Causal attention -> [batch, n, hidden_size], and its weights[batch, heads, n, n]."""
    batch, n, _ = x.shape
    heads, kv_heads, d_head, bias = config.num_attention_heads, config.kv_heads, config.d_head, config.attention_bias
    with tape.scope("self_attn"):
        plain_q = tape.linear(x, heads * d_head, "q_proj", bias=bias).view(batch, heads, n, d_head)
        plain_k = tape.linear(x, kv_heads * d_head, "k_proj", bias=bias).view(batch, kv_heads, n, d_head)
        v = tape.linear(x, kv_heads * d_head, "v_proj", bias=bias).view(batch, kv_heads, n, d_head)
        q = rotate_halves(tape, plain_q, rotary)
        k = rotate_halves(tape, plain_k, rotary)
        del plain_q, plain_k
        merged, weights = attend(tape, config, q, k, v, mask)
        return tape.linear(merged.view(batch, n, heads * d_head), config.hidden_size, "o_proj", bias=bias), weights


def attend(tape: Tape, config: Config, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """softmax(cap · tanh(q·kᵀ / cap) + mask)·v, the softmax in float32."""
    batch, heads, n, d_head = q.shape
    every_k = tape.copy(k, *q.shape, name="repeat") if config.groups != 1 else k
    every_v = tape.copy(v, *q.shape, name="repeat") if config.groups != 1 else v
    # with more than one sample q is copied to be contiguous
    laid_out = tape.empty((minimum(batch - 1, 1) * batch, heads, n, d_head), q.dtype)
    products = tape.matmul(q, every_k.view(batch, heads, d_head, n), "scores")
    del laid_out
    scores = tape.scale(products)
    del products
    if config.attn_logit_softcapping is not None:
        scores = tape.scale(scores)
        scores = tape.act(scores, "tanh")
        scores = tape.scale(scores)
    scores = tape.add(scores, mask)
    scores = tape.cast(tape.softmax(tape.cast(scores, "fp32")), q.dtype)
    out = tape.matmul(scores, every_v, "values")
    out = tape.copy(out)
    return out, scores
