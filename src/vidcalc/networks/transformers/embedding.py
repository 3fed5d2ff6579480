"""Embeddings that most transformer families share: timesteps, projected text."""

from vidcalc.base.number import Number
from vidcalc.tape import Tape, Tensor


def sinusoid(tape: Tape, count: Number, channels: Number) -> Tensor:
    """Sinusoidal features of `count` timesteps -> [count, channels], float32 (diffusers' Timesteps, flipped).

    At its widest sine, cosine and two concatenations are alive; the frequencies are negligible.
    """
    half = channels // 2
    angles = tape.empty((count, half), "fp32")
    scaled = tape.scale(angles)
    del angles
    sine, cosine = tape.scale(scaled, "sin"), tape.scale(scaled, "cos")
    out = tape.cat((sine, cosine), count, channels)
    del sine, cosine, scaled
    return tape.cat((out,), count, channels)


def timestep_mlp(tape: Tape, x: Tensor, width: Number, name: str, *, keep: str = "") -> Tensor:
    """Linear, SiLU, linear: x[..., channels] -> [..., width] (diffusers' TimestepEmbedding)."""
    with tape.scope(name):
        hidden = tape.linear(x, width, "linear_1", keep=keep)
        hidden = tape.act(hidden, "silu")
        return tape.linear(hidden, width, "linear_2", keep=keep)


def text_mlp(tape: Tape, x: Tensor, width: Number, name: str) -> Tensor:
    """Linear, tanh-GELU, linear: x[batch, tokens, d_text] -> [batch, tokens, width] (PixArtAlphaTextProjection)."""
    with tape.scope(name):
        hidden = tape.linear(x, width, "linear_1")
        hidden = tape.act(hidden, "gelu")
        return tape.linear(hidden, width, "linear_2")


def feed_forward(tape: Tape, x: Tensor, inner: Number, width: Number, name: str, *, bias: bool = True) -> Tensor:
    """Linear, GELU, linear: x[..., d] -> [..., width] (diffusers' FeedForward with a plain GELU)."""
    with tape.scope(name):
        hidden = tape.linear(x, inner, "net.0.proj", bias=bias)
        hidden = tape.act(hidden, "gelu")
        return tape.linear(hidden, width, "net.2", bias=bias)
