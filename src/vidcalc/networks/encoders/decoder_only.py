"""Decoder-only language models read as text encoders: causal attention with shared key-value heads, gated feed-forward.

Pipelines read an inner layer, so every layer's output is kept until the end; there is no key-value cache.
Source: Llama (arXiv 2302.13971); transformers 5.23.0 models/llama/modeling_llama.py, integrations/sdpa_attention.py.
"""

from typing import ClassVar

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one language model, under transformers' names.

    qkv_bias           whether query, key and value projections have biases
    head_norm          whether queries and keys are RMS-normed per head
    rotary_per_sample  whether rotary tables are made for every sample
    """

    qkv_bias: ClassVar[bool] = False
    head_norm: ClassVar[bool] = False
    rotary_per_sample: ClassVar[bool] = False

    vocab_size: Number = 32000
    hidden_size: Number = 4096
    intermediate_size: Number = 11008
    num_hidden_layers: int = 32
    num_attention_heads: Number = 32
    num_key_value_heads: Number | None = None
    head_dim: Number | None = None

    @property
    def d_head(self) -> Number:
        """Head size."""
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def groups(self) -> Number:
        """Query heads that share one key-value head."""
        return self.num_attention_heads // self.kv_heads

    @property
    def kv_heads(self) -> Number:
        """Key-value heads."""
        return self.num_key_value_heads or self.num_attention_heads


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size].

    shape.extra["masked"] (default true): the pipeline hands over a padding mask, so a dense causal mask
    [batch, 1, tokens, tokens] is made and key-value heads are repeated for the attention kernel.
    """
    batch, n, width = shape.batch, shape.tokens, config.hidden_size
    masked = shape.extra.get("masked", True)
    ids = tape.input(batch, n, dtype="int64")
    given = tape.input(batch, n, dtype="int64") if masked else None
    embedded = tape.embedding(config.vocab_size, width, (batch, n), "embed_tokens")
    positions = tape.empty((n,), "int64")
    mask = tape.empty((batch, 1, n, n), "bool") if masked else None
    samples = batch if config.rotary_per_sample else 1
    rotary = tape.empty((samples, n, config.d_head)), tape.empty((samples, n, config.d_head))

    # outputs of all layers but the last, which is the one on the tape
    outputs = [tape.empty((batch, n, width)) for _ in range(config.num_hidden_layers - 1)]
    hidden = outputs[-1] if outputs else embedded
    with tape.repeat("layers", config.num_hidden_layers):
        hidden = layer(tape, config, hidden, rotary, mask)
    out = rms_norm(tape, hidden, "norm")
    del ids, given, embedded, positions, mask, outputs
    return out


def rms_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """RMS norm in float32, back in x's dtype before the weight is applied; the scaled float32 copy stays to the end."""
    wide = tape.cast(x, "fp32")
    square = tape.pointwise("square", (wide,), saved=(wide,))
    variance = tape.pointwise("mean", (square,), (*x.shape[:-1], 1))
    del square
    rstd = tape.scale(variance, "rsqrt")
    scaled = tape.mul(wide, rstd)
    del wide, rstd
    narrow = tape.cast(scaled, x.dtype)
    tape.parameter(name + ".weight", x.shape[-1])
    out = tape.weighted(narrow, x.shape[-1])
    del scaled, narrow, variance
    return out


def layer(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
    """Self-attention and a gated feed-forward, each after an RMS norm and added to its input."""
    hidden = tape.add(x, attention(tape, config, rms_norm(tape, x, "input_layernorm"), rotary, mask))
    return tape.add(hidden, feed_forward(tape, config, rms_norm(tape, hidden, "post_attention_layernorm")))


def attention(tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
    """Causal attention; with a dense mask the key-value heads are copied once per query head."""
    with tape.scope("self_attn"):
        plain_q = heads_of(tape, config, x, config.num_attention_heads, "q")
        plain_k = heads_of(tape, config, x, config.kv_heads, "k")
        v = heads_of(tape, config, x, config.kv_heads, "v")
        q = rotate_halves(tape, plain_q, rotary)
        k = rotate_halves(tape, plain_k, rotary)
        del plain_q, plain_k
        merged = attend(tape, config, q, k, v, mask)
        return tape.linear(merged, config.hidden_size, "o_proj", bias=False)


def heads_of(tape: Tape, config: Config, x: Tensor, heads: Number, kind: str) -> Tensor:
    """A projection of kind "q", "k" or "v" in heads [batch, heads, n, head size], q and k normed where asked."""
    batch, n, _ = x.shape
    projected = tape.linear(x, heads * config.d_head, kind + "_proj", bias=config.qkv_bias)
    if config.head_norm and kind != "v":
        projected = rms_norm(tape, projected.view(batch, n, heads, config.d_head), kind + "_norm")
    return projected.view(batch, heads, n, config.d_head)


def attend(
    tape: Tape, config: Config, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, masked: str = "causal"
) -> Tensor:
    """q[batch, heads, n, d], k and v[batch, key-value heads, n, d] -> [batch, n, heads · d]."""
    batch, heads, n, d_head = q.shape
    every_k, every_v = k, v
    if mask is not None and config.groups != 1:
        every_k = tape.copy(k, *q.shape, name="repeat")
        every_v = tape.copy(v, *q.shape, name="repeat")
    out = tape.attention(q, every_k, every_v, masked=masked)
    return tape.copy(out).view(batch, n, heads * d_head)


def rotate_halves(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by halves in x's dtype: x·cos + (halves swapped, one negated)·sin."""
    *lead, d_head = x.shape
    straight = tape.mul(x, rotary[0])
    half = x.view(*lead, d_head // 2)
    negated = tape.scale(half, "neg")
    swapped = tape.cat((negated, half), *x.shape)
    del negated
    crossed = tape.mul(swapped, rotary[1])
    del swapped
    return tape.add(straight, crossed)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """down(silu(gate(x)) · up(x))."""
    inner = config.intermediate_size
    with tape.scope("mlp"):
        gate = tape.act(tape.linear(x, inner, "gate_proj", bias=False))
        up = tape.linear(x, inner, "up_proj", bias=False)
        product = tape.mul(gate, up)
        del gate, up
        return tape.linear(product, config.hidden_size, "down_proj", bias=False)
