"""Gemma 4 as a text encoder (LTX-2.5): five layers that attend to a window, then one that attends to all tokens.

The two kinds have heads of their own size: a full layer has few, large ones, and its values are its keys where the
model says so. Keys, queries and values are normed, the values without weights; every layer's output is kept to the end.
Source: transformers 5.23.0 models/gemma4_unified/modeling_gemma4_unified.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders import decoder_only
from vidcalc.networks.encoders.decoder_only import attend, feed_forward, rotate_halves
from vidcalc.networks.encoders.gemma import norm, rotary_table, scaled_embedding
from vidcalc.tape import Tape, Tensor

CLASSES = ("Gemma4UnifiedTextModel",)


class Config(decoder_only.Config, frozen=True, kw_only=True):
    """The numbers of one model, under transformers' names."""

    vocab_size: Number = 262144
    hidden_size: Number = 2304
    intermediate_size: Number = 9216
    num_hidden_layers: int = 30
    num_attention_heads: Number = 8
    num_key_value_heads: Number = 4
    head_dim: Number = 256
    global_head_dim: Number = 512
    num_global_key_value_heads: Number | None = None
    attention_k_eq_v: bool = False
    attention_bias: bool = False
    layer_types: tuple[str, ...] | None = None
    sliding_window_pattern: int = 6  # every how many layers one attends to all tokens

    @property
    def whole(self) -> "Config":
        """The same with the heads of a layer that attends to all tokens."""
        heads = self.num_global_key_value_heads if self.attention_k_eq_v else None
        return msgspec.structs.replace(
            self, head_dim=self.global_head_dim, num_key_value_heads=heads or self.num_key_value_heads
        )


def full_layers(config: Config) -> list[int]:
    """Places of the layers that attend to all tokens; the last one always does."""
    last = config.num_hidden_layers - 1
    if config.layer_types is not None:
        return sorted({last, *(i for i, kind in enumerate(config.layer_types) if kind == "full_attention")})
    every = config.sliding_window_pattern
    return sorted({last, *range(every - 1, config.num_hidden_layers, every)})


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
    mask = masks[0] if masks else None
    rotary, whole_rotary = rotary_table(tape, config, n), rotary_table(tape, config.whole, n)

    # outputs of all layers but the last, which is the one on the tape
    outputs = tape.empty(((config.num_hidden_layers - 1) * batch, n, width))
    before = 0
    for place in full_layers(config):
        hidden = outputs.view(batch, n, width)
        with tape.repeat(f"layers.{before}", place - before):
            hidden = layer(tape, config, hidden, rotary, mask)
        hidden = outputs.view(batch, n, width)
        with tape.repeat(f"layers.{place}", 1):
            hidden = layer(tape, config.whole, hidden, whole_rotary, mask, shared=config.attention_k_eq_v)
        before = place + 1
    out = norm(tape, hidden, "norm")
    del ids, given, embedded, positions, masks, outputs
    return out


def layer(
    tape: Tape,
    config: Config,
    x: Tensor,
    rotary: tuple[Tensor, Tensor],
    mask: Tensor | None,
    *,
    shared: bool = False,
) -> Tensor:
    """Self-attention and a gated feed-forward, each between two norms and added to its input, times a number.

    shared  the keys' projection is the values' too
    """
    hidden = norm(tape, x, "input_layernorm")
    hidden = attention(tape, config, hidden, rotary, mask, shared)
    hidden = norm(tape, hidden, "post_attention_layernorm")
    hidden = tape.add(x, hidden)
    mixed = norm(tape, hidden, "pre_feedforward_layernorm")
    mixed = feed_forward(tape, config, mixed)
    mixed = norm(tape, mixed, "post_feedforward_layernorm")
    out = tape.add(hidden, mixed)
    tape.traffic("layer_scalar", 2 * out.nbytes)
    return out


def attention(
    tape: Tape, config: Config, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None, shared: bool
) -> Tensor:
    """Attention with normed queries, keys and values; queries and keys turn before they are cut into heads."""
    bias = config.attention_bias
    batch, n, _ = x.shape
    heads, few, d = config.num_attention_heads, config.kv_heads, config.d_head
    with tape.scope("self_attn"):
        q = tape.linear(x, heads * d, "q_proj", bias=bias).view(batch, n, heads, d)
        q = norm(tape, q, "q_norm")
        q = rotate_halves(tape, q, rotary).view(batch, heads, n, d)
        plain = tape.linear(x, few * d, "k_proj", bias=bias).view(batch, n, few, d)
        v = plain if shared else tape.linear(x, few * d, "v_proj", bias=bias).view(batch, n, few, d)
        k = norm(tape, plain, "k_norm")
        del plain
        k = rotate_halves(tape, k, rotary).view(batch, few, n, d)
        v = bare_norm(tape, v).view(batch, few, n, d)
        merged = attend(tape, config, q, k, v, mask)
        return tape.linear(merged, config.hidden_size, "o_proj", bias=bias)


def bare_norm(tape: Tape, x: Tensor) -> Tensor:
    """RMS norm in float32 without weights, back in x's dtype."""
    wide = tape.cast(x, "fp32")
    square = tape.act(wide, "square")
    mean = tape.pointwise("mean", (square,), (*x.shape[:-1], 1))
    del square
    scaled = tape.mul(wide, tape.scale(tape.scale(mean), "rsqrt"))
    del wide, mean
    return tape.cast(scaled, x.dtype)
