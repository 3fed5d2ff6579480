"""Qwen3.5 as a text encoder: three layers of a gated delta rule to one of causal attention, its output gated.

The rule runs in float32 over chunks of tokens, its products here one after another for all chunks.
Source: transformers 5.23.0 models/qwen3_5/modeling_qwen3_5.py (torch_chunk_gated_delta_rule).
"""

import msgspec

from vidcalc.base.number import Number, ceil_div
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders.decoder_only import rms_norm
from vidcalc.tape import Tape, Tensor

CLASSES = ("Qwen3_5TextModel",)
CHUNK = 64  # tokens that the rule takes at once
TURNED = 4  # of a head's channels one in so many has rotary positions
EVERY = 4  # layers to one with attention


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    vocab_size: Number = 248320
    hidden_size: Number = 4096
    intermediate_size: Number = 12288
    num_hidden_layers: int = 32
    num_attention_heads: Number = 16
    num_key_value_heads: Number = 4
    head_dim: Number = 256
    linear_num_key_heads: Number = 16
    linear_num_value_heads: Number = 32
    linear_key_head_dim: Number = 128
    linear_value_head_dim: Number = 128
    linear_conv_kernel_dim: Number = 4


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, hidden_size]; every layer's output is kept until the end."""
    batch, n, width = shape.batch, shape.tokens, config.hidden_size
    ids, given = tape.input(batch, n, dtype="int64"), tape.input(batch, n, dtype="int64")
    embedded = tape.embedding(config.vocab_size, width, (batch, n), "embed_tokens")
    outputs = [tape.empty((batch, n, width)) for _ in range(config.num_hidden_layers - 1)]
    hidden = outputs[-1] if outputs else embedded
    full = config.num_hidden_layers // EVERY
    for name, count in (("linear", config.num_hidden_layers - full), ("full", full)):  # the order changes no number
        with tape.repeat(f"layers.{name}", count):
            normed = rms_norm(tape, hidden, "input_layernorm")
            update = attention(tape, config, normed) if name == "full" else delta(tape, config, normed)
            hidden = tape.add(hidden, update)
            del normed, update
            hidden = tape.add(hidden, mlp(tape, config, rms_norm(tape, hidden, "post_attention_layernorm")))
    out = rms_norm(tape, hidden, "norm")
    del ids, given, embedded, outputs
    return out


def mlp(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """down(silu(gate(x)) · up(x))."""
    with tape.scope("mlp"):
        gate = tape.act(tape.linear(x, config.intermediate_size, "gate_proj", bias=False))
        wide = tape.mul(gate, tape.linear(x, config.intermediate_size, "up_proj", bias=False))
        del gate
        return tape.linear(wide, config.hidden_size, "down_proj", bias=False)


def attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Causal attention; queries come with the gate of the output, and queries and keys are normed per head."""
    batch, n, width = x.shape
    heads, groups, d = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    with tape.scope("self_attn"):
        made = tape.linear(x, 2 * heads * d, "q_proj", bias=False)
        gate = tape.copy(made, batch, n, heads * d, name="gate")
        q = rms_norm(tape, made.view(batch, n, heads, d), "q_norm").view(batch, heads, n, d)
        del made
        k = tape.linear(x, groups * d, "k_proj", bias=False).view(batch, n, groups, d)
        k = rms_norm(tape, k, "k_norm").view(batch, groups, n, d)
        v = tape.linear(x, groups * d, "v_proj", bias=False).view(batch, groups, n, d)
        q, k = turned(tape, q), turned(tape, k)
        out = tape.copy(tape.attention(q, k, v, masked="causal")).view(batch, n, heads * d)
        del q, k, v
        out = tape.mul(out, tape.act(gate, "sigmoid"))
        return tape.linear(out, width, "o_proj", bias=False)


def turned(tape: Tape, x: Tensor) -> Tensor:
    """Rotary positions of a part of each head, joined to the rest of it."""
    batch, heads, n, d = x.shape
    part = x.view(batch, heads, n, d // TURNED)
    rest = x.view(batch, heads, n, d - d // TURNED)
    moved = tape.add(tape.scale(part), tape.mul(tape.copy(part, name="halves"), part))
    return tape.cat((moved, rest), *x.shape)


def delta(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Queries, keys and values through one convolution over tokens, the rule, a norm behind a gate."""
    batch, n, width = x.shape
    heads, d, e = config.linear_num_value_heads, config.linear_key_head_dim, config.linear_value_head_dim
    keys, values = config.linear_num_key_heads * d, heads * e
    with tape.scope("linear_attn"):
        mixed = tape.linear(x, 2 * keys + values, "in_proj_qkv", bias=False).view(batch, 2 * keys + values, n)
        gate = tape.linear(x, values, "in_proj_z", bias=False)
        beta = tape.act(tape.linear(x, heads, "in_proj_b", bias=False), "sigmoid")
        decay = tape.scale(tape.cast(tape.linear(x, heads, "in_proj_a", bias=False), "fp32"))
        tape.parameter("dt_bias", heads)
        tape.parameter("A_log", heads)
        taps = (config.linear_conv_kernel_dim,)
        mixed = tape.act(
            tape.convolution(mixed, 2 * keys + values, taps, "conv1d", groups=2 * keys + values, bias=False)
        )
        out = ruled(tape, mixed, (batch, heads, n, d, e))
        del mixed, beta, decay
        normed = rms_norm(tape, tape.cast(out, x.dtype).view(batch, n, heads, e), "norm").view(batch, n, values)
        del out
        return tape.linear(tape.mul(normed, tape.act(gate)), width, "out_proj", bias=False)


def ruled(tape: Tape, mixed: Tensor, sizes: tuple[Number, Number, Number, Number, Number]) -> Tensor:
    """Within a chunk attention of its tokens to each other, between chunks a state of one head size by the other."""
    batch, heads, n, d, e = sizes
    rows = (batch, heads, ceil_div(n, CHUNK))
    q, k = (tape.scale(tape.cast(mixed.view(*rows, CHUNK, d), "fp32"), "l2norm") for _ in range(2))
    v = tape.scale(tape.cast(mixed.view(*rows, CHUNK, e), "fp32"), "beta")
    k_beta = tape.scale(k, "beta")
    within = tape.scale(tape.matmul(k_beta, k.view(*rows, d, CHUNK), "keys"), "solve")
    fresh = tape.matmul(within, v, "values")
    old = tape.matmul(within, k_beta, "cumdecay")
    del v, k_beta
    state = tape.empty((*rows, d, e), "fp32")
    fresh = tape.add(fresh, tape.matmul(old, state, "recall"))
    del old
    scores = tape.scale(tape.matmul(q, k.view(*rows, d, CHUNK), "queries"))
    out = tape.add(tape.matmul(q, state, "read"), tape.matmul(scores, fresh, "scores"))
    added = tape.matmul(k.view(*rows, d, CHUNK), fresh, "add")
    del q, k, within, fresh, scores, state, added
    return tape.copy(out, batch, n, heads * e)
