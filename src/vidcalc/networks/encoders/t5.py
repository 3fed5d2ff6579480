"""T5 text encoder (T5 v1.1 XXL, ByT5, T5-11B): bidirectional self-attention with a learned relative position bias.

The bias and the padding mask are joined into one dense additive mask [batch, heads, tokens, tokens] in every layer,
which sets the memory peak of long prompts. UMT5 (`umt5`) is the same network with a bias of its own in every layer.
Source: arXiv 1910.10683; transformers 5.23.0 models/t5/modeling_t5.py, integrations/sdpa_attention.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.encoders.activation import gelu_new
from vidcalc.tape import Tape, Tensor

CLASSES = ("T5EncoderModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one encoder, under transformers' names."""

    vocab_size: Number = 32128
    d_model: Number = 512
    d_kv: Number = 64
    d_ff: Number = 2048
    num_layers: Number = 6
    num_heads: Number = 8
    relative_attention_num_buckets: Number = 32
    feed_forward_proj: str = "relu"

    @property
    def gated(self) -> bool:
        """Whether the feed-forward has a gate ("gated-gelu")."""
        return self.feed_forward_proj.startswith("gated")


def encode(tape: Tape, config: Config, shape: Shape, *, bias_in_every_layer: bool = False) -> Tensor:
    """token ids[batch, tokens] -> [batch, tokens, d_model].

    shape.extra["masked"] (default true) says whether the pipeline hands over a padding mask.
    """
    batch, n = shape.batch, shape.tokens
    ids = tape.input(batch, n, dtype="int64")
    masked = shape.extra.get("masked", True)
    given = tape.input(batch, n, dtype="int64") if masked else None
    embedded = tape.embedding(config.vocab_size, config.d_model, (batch, n), "shared")
    mask = tape.empty((batch, 1, n, n), "bool") if masked else None

    with tape.scope("encoder"):
        with tape.scope("block.0"):
            hidden, shared = block(tape, config, embedded, mask, None, share=not bias_in_every_layer)
        with tape.repeat("block", config.num_layers - 1):
            hidden, shared = block(tape, config, hidden, mask, shared, share=not bias_in_every_layer)
        del shared
        out = tape.rms_norm_narrow(hidden, "final_layer_norm")
    del ids, given
    return out


def block(
    tape: Tape, config: Config, x: Tensor, mask: Tensor | None, bias: Tensor | None, *, share: bool
) -> tuple[Tensor, Tensor | None]:
    """Self-attention, feed-forward -> hidden, and the position bias[1, heads, n, n] for the next layer to share."""
    with tape.scope("layer.0"):
        normed = tape.rms_norm_narrow(x, "layer_norm")
        attended, used = attention(tape, config, normed, mask, bias)
        shared = used if share else None
        del used
        hidden = clamped(tape, tape.add(x, attended))
        del normed, attended
    with tape.scope("layer.1"):
        mixed = feed_forward(tape, config, tape.rms_norm_narrow(hidden, "layer_norm"))
        return clamped(tape, tape.add(hidden, mixed)), shared


def clamped(tape: Tape, x: Tensor) -> Tensor:
    """In float16 infinities are clamped away."""
    return tape.scale(x, "clamp") if x.dtype == "fp16" else x


def attention(tape: Tape, config: Config, x: Tensor, mask: Tensor | None, bias: Tensor | None) -> tuple[Tensor, Tensor]:
    """Multi-head attention with a dense additive mask made of position bias and padding mask."""
    batch, n, _ = x.shape
    heads, d_head = config.num_heads, config.d_kv
    with tape.scope("SelfAttention"):
        q = tape.linear(x, heads * d_head, "q", bias=False).view(batch, heads, n, d_head)
        k = tape.linear(x, heads * d_head, "k", bias=False).view(batch, heads, n, d_head)
        v = tape.linear(x, heads * d_head, "v", bias=False).view(batch, heads, n, d_head)
        used = position_bias(tape, config, n) if bias is None else bias
        additive = additive_mask(tape, used, mask)
        out = tape.attention(q, k, v, masked="dense")
        merged = tape.copy(out).view(batch, n, heads * d_head)
        del out, additive
        return tape.linear(merged, config.d_model, "o", bias=False), used


def position_bias(tape: Tape, config: Config, n: Number) -> Tensor:
    """One learned number per head and distance bucket, looked up for each pair of tokens -> [1, heads, n, n]."""
    distance = tape.empty((n, n), "int64")
    tape.transient(n * n * (5 * 8 + 1))  # six int64 grids and a bool one at the widest moment of the bucketing
    bucket = tape.empty((n, n), "int64")
    tape.traffic("bucket", 20 * distance.nbytes, 16)
    values = tape.embedding(config.relative_attention_num_buckets, config.num_heads, (n, n), "relative_attention_bias")
    del distance, bucket
    return values.view(1, config.num_heads, n, n)


def additive_mask(tape: Tape, bias: Tensor, mask: Tensor | None) -> Tensor:
    """The bias where attention is allowed, a very negative number elsewhere; always a contiguous copy."""
    if mask is None:
        return tape.copy(bias)
    batch, _, queries, keys = mask.shape
    chosen = tape.pointwise("where", (bias, mask), (batch, bias.shape[1], queries, keys))
    return tape.copy(chosen)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Gated (gelu(x·w0) · x·w1)·wo, or plain relu. In float16 the last projection stays in float32."""
    with tape.scope("DenseReluDense"):
        keep = "fp32" if tape.dtype == "fp16" else ""
        if config.gated:
            gate = gelu_new(tape, tape.linear(x, config.d_ff, "wi_0", bias=False))
            linear = tape.linear(x, config.d_ff, "wi_1", bias=False)
            hidden = tape.mul(gate, linear)
        else:
            inner = tape.linear(x, config.d_ff, "wi", bias=False)
            hidden = tape.act(inner, "relu")
            del inner
        wide = tape.cast(hidden, keep or hidden.dtype)
        del hidden
        return tape.linear(wide, config.d_model, "wo", bias=False, keep=keep)
