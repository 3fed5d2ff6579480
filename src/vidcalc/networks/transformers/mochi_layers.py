"""Layers of the Mochi transformer: norms in float32, rotary pairs, SwiGLU, attention pooling of the text.

Source: diffusers 0.42.1 models/transformers/transformer_mochi.py, models/normalization.py, models/embeddings.py.
"""

from typing import Any

from vidcalc.tape import Tape, Tensor

POOL_HEADS = 8  # attention heads of the text pooler (MochiCombinedTimestepCaptionEmbedding)


def wide_rms_norm(tape: Tape, x: Tensor) -> Tensor:
    """RMS norm of a float32 x over the last dimension, without weights."""
    square = tape.act(x, "square")
    rstd = tape.empty((*x.shape[:-1], 1), "fp32", square.node)
    del square
    return tape.mul(x, rstd)


def modulated_norm(tape: Tape, x: Tensor, scale: Tensor) -> Tensor:
    """norm(x) · scale in float32, in x's dtype again (MochiModulatedRMSNorm)."""
    wide = tape.cast(x, "fp32")
    wide = wide_rms_norm(tape, wide)
    wide = tape.mul(wide, scale)
    return tape.cast(wide, x.dtype)


def one_plus(tape: Tape, scale: Tensor) -> Tensor:
    """1 + scale in float32."""
    return tape.scale(tape.cast(scale, "fp32"))


def zero_norm(tape: Tape, x: Tensor, temb: Tensor, width: Any, name: str) -> tuple[Tensor, Tensor]:
    """norm(x) · (1 + scale), and the four vectors of the timestep: scale, gate, scale, gate (MochiRMSNormZero)."""
    vectors = tape.linear(tape.act(temb), 4 * width, name + ".linear")
    scale = vectors.view(x.shape[0], 1, width)
    wide = tape.mul(wide_rms_norm(tape, tape.cast(x, "fp32")), one_plus(tape, scale))
    return tape.cast(wide, x.dtype), vectors


def head_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """RMS norm over the head size, weighted in float32 (MochiRMSNorm)."""
    square = tape.act(tape.cast(x, "fp32"), "square")
    rstd = tape.empty((*x.shape[:-1], 1), "fp32", square.node)
    del square
    wide = tape.mul(x, rstd)
    tape.parameter(name + ".weight", x.shape[-1])
    wide = tape.weighted(wide, x.shape[-1])
    return tape.cast(wide, x.dtype)


def rotate(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding by pairs: x[batch, n, heads, head size], even and odd halves in float32."""
    *lead, d_head = x.shape
    half = x.view(*lead, d_head // 2)
    even, odd = tape.cast(half, "fp32"), tape.cast(half, "fp32")
    cosine, sine = rotary
    first = tape.cast(tape.add(tape.mul(even, cosine), tape.mul(odd, sine)), x.dtype)
    second = tape.cast(tape.add(tape.mul(even, sine), tape.mul(odd, cosine)), x.dtype)
    return tape.cat((first, second), *x.shape)


def feed_forward(tape: Tape, x: Tensor, width: Any, name: str) -> Tensor:
    """Linear, value · SiLU(gate), linear; the inner size is two thirds of four times the width. No biases."""
    inner = 4 * width * 2 // 3
    with tape.scope(name):
        gated = swiglu(tape, x, inner)
        return tape.linear(gated, width, "net.2", bias=False)


def swiglu(tape: Tape, x: Tensor, inner: Any) -> Tensor:
    """Value · SiLU(gate), both from one linear layer."""
    both = tape.linear(x, 2 * inner, "net.0.proj", bias=False)
    half = both.view(*x.shape[:-1], inner)
    return tape.mul(half, tape.act(half))


def pool_text(tape: Tape, text: Tensor, width: Any, name: str) -> Tensor:
    """text[batch, tokens, d] -> [batch, width]: the mean token attends to all tokens (MochiAttentionPool)."""
    batch, n, d = text.shape
    d_head = d // POOL_HEADS
    with tape.scope(name):
        padded = tape.empty((batch, 1, 1, n + 1), "bool")
        mean = mean_token(tape, text)
        joined = tape.cat((mean, text), batch, n + 1, d)
        kv = tape.linear(joined, 2 * d, "to_kv").view(batch, POOL_HEADS, n + 1, d_head)
        q = tape.linear(joined.view(batch, d), d, "to_q").view(batch, POOL_HEADS, 1, d_head)
        del joined
        out = tape.attention(q, kv, kv, masked="dense")
        del padded
        return tape.linear(out.view(batch, d), width, "to_out")


def mean_token(tape: Tape, text: Tensor) -> Tensor:
    """The mean of the tokens that are not padding [batch, 1, d]."""
    batch, n, d = text.shape
    weights = tape.scale(tape.empty((batch, n, 1), text.dtype))
    weighted = tape.mul(text, weights)
    return tape.pointwise("mean", (weighted,), (batch, 1, d))
