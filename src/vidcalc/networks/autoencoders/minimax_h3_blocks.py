"""Building blocks of the MiniMax-H3 video VAE: padded convolutions of its encoder, transformer blocks of its decoder.

Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_minimax_h3.py.
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.tape import Tape, Tensor


def padded_conv(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """A 3×3×3 convolution, x[b, c, t, h, w] mirrored at its sides, then with zero frames in front: a copy each."""
    b, c, t, h, w = x.shape
    mirrored = tape.copy(x, b, c, t, h + 2, w + 2, name="pad")
    padded = tape.copy(mirrored, b, c, t + 2, h + 2, w + 2, name="pad")
    del mirrored
    return tape.convolution(padded, c_out, (3, 3, 3), name, out=(t, h, w), keep="fp32")


def frame_norm(tape: Tape, x: Tensor, groups: Any, name: str) -> Tensor:
    """Group norm of each frame alone; several frames are copied into rows and back."""
    b, c, t, h, w = x.shape
    several = minimum(t - 1, 1)
    rows = tape.copy(x, b * t * several, c, h, w)
    normed = tape.group_norm(x.view(b * t, c, h, w), groups, name, keep="fp32")
    del rows
    tape.copy(normed, b * t * several, c, h, w)
    return normed.view(b, c, t, h, w)


def residual_block(tape: Tape, x: Tensor, c_out: Any, groups: Any, name: str) -> Tensor:
    """norm, SiLU, convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = tape.act(frame_norm(tape, x, groups, "norm1"))
        hidden = padded_conv(tape, hidden, c_out, "conv1")
        hidden = tape.act(frame_norm(tape, hidden, groups, "norm2"))
        hidden = padded_conv(tape, hidden, c_out, "conv2")
        residual = x
        if x.shape[1] != c_out:
            residual = tape.convolution(x, c_out, (1, 1, 1), "conv_shortcut", keep="fp32")
        return tape.add(residual, hidden)


def down_block(tape: Tape, x: Tensor, c_out: Any, layers: int, groups: Any, *, time: int, space: int) -> Tensor:
    """Residual blocks of one level, then a strided convolution where time or space is reduced."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, c_out, groups, f"resnets.{i}")
    if time * space == 1:
        return hidden
    b, c, t, h, w = hidden.shape
    side = space - 1  # one more row and column where the size is halved
    wide = tape.copy(hidden, b, c, t, h + side, w + side, name="pad") if side else hidden
    padded = tape.copy(wide, b, c, t + 2, h + side, w + side, name="pad")
    out = ((t - 1) // time + 1, h // space, w // space)
    return tape.convolution(padded, c, (3, 3, 3), "downsamplers.0.conv", out=out, keep="fp32")


def rotary_table(tape: Tape, batch: Any, n: Any, channels: Any) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the 3-axis rotary embedding, each [batch, n, 1, channels] in float32."""
    angles = tape.empty((batch, n, channels), "fp32")
    return tape.scale(angles, "cos"), tape.scale(angles, "sin")


def decoder_block(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor], heads: Any, ratio: Any) -> Tensor:
    """Attention and gated feed-forward, each scaled per channel and added to a float32 stream."""
    width = x.shape[-1]
    normed = tape.cast(tape.rms_norm(x, "norm1", keep="fp32"), tape.dtype)
    hidden = tape.add(x, scaled(tape, attention(tape, normed, rotary, heads), "scale1"))
    normed = tape.cast(tape.rms_norm(hidden, "norm2", keep="fp32"), tape.dtype)
    with tape.scope("ff"):
        both = tape.linear(normed, 2 * ratio * width, "net.0.proj")
        half = both.view(*normed.shape[:-1], ratio * width)
        product = tape.mul(half, tape.act(half))
        del both, half
        mixed = tape.linear(product, width, "net.2")
        del product
    update = scaled(tape, mixed, "scale2")
    del mixed
    return tape.add(hidden, update)


def scaled(tape: Tape, x: Tensor, name: str) -> Tensor:
    """x times a float32 weight per channel."""
    tape.parameter(name, x.shape[-1], "fp32")
    return tape.pointwise(name, (x,), dtype="fp32", saved=(x,))


def attention(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor], heads: Any) -> Tensor:
    """Full attention; queries and keys normed in float32 without weights, some of their channels turned."""
    batch, n, width = x.shape
    d = width // heads
    with tape.scope("attn"):
        q = tape.linear(x, width, "to_q").view(batch, heads, n, d)
        k = tape.linear(x, width, "to_k").view(batch, heads, n, d)
        v = tape.linear(x, width, "to_v").view(batch, heads, n, d)
        q = tape.cast(tape.rms_norm(tape.cast(q, "fp32")), q.dtype)
        k = tape.cast(tape.rms_norm(tape.cast(k, "fp32")), k.dtype)
        cosine, sine = tape.cast(rotary[0], x.dtype), tape.cast(rotary[1], x.dtype)
        q_turned = turned(tape, q, cosine)
        k_turned = turned(tape, k, cosine)
        q = joined(tape, q, q_turned, cosine, sine)
        k = joined(tape, k, k_turned, cosine, sine)
        out = tape.attention(q, k, v)
        merged = tape.copy(out).view(batch, n, width)
        del out
        return tape.linear(merged, width, "to_out.0")


def turned(tape: Tape, x: Tensor, cosine: Tensor) -> Tensor:
    """The leading channels of each head with their halves exchanged, one of them negated."""
    channels = cosine.shape[-1]
    half = x.view(*x.shape[:-1], channels // 2)
    return tape.cat((tape.scale(half, "negate"), half), *x.shape[:-1], channels)


def joined(tape: Tape, x: Tensor, other: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Leading channels · cos + exchanged ones · sin, and the rest unchanged."""
    part = x.view(*x.shape[:-1], cosine.shape[-1])
    return tape.cat((tape.add(tape.mul(part, cosine), tape.mul(other, sine)), x), *x.shape)
