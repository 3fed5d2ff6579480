"""Building blocks of Open-Sora Plan's VAE: convolutions behind a repeated first frame, norms over channels, resampling.

Source: PKU-YuanGroup/Open-Sora-Plan opensora/models/causalvideovae/model/modules (conv.py, resnet_block.py,
attention.py, updownsample.py) and branch mindspeed_mmdit, mindspeed_mm/models/common, read November 2026.
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.tape import Tape, Tensor


def causal_conv(
    tape: Tape, x: Tensor, c_out: Any, kernel: int, name: str, out: tuple[Any, ...] | None = None
) -> Tensor:
    """x[b, c, t, h, w] behind its first frame kernel − 1 times (two copies), then convolved."""
    b, c, t, h, w = x.shape
    more = kernel - 1
    first = tape.copy(x, b, c, more * minimum(t, 1), h, w, name="repeat")
    joined = tape.cat((first, x), b, c, t + more, h, w)
    result = tape.convolution(joined, c_out, (kernel, kernel, kernel), name + ".conv", out=out or (t, h, w))
    del first
    return result


def frame_conv(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """A 3x3 convolution of every frame; several samples are copied first."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * minimum((b - 1) * (t - 1), 1), c, h, w, name="reshape")
    out = tape.convolution(x.view(b * t, c, h, w), c_out, (3, 3), name)
    del copied
    return out.view(b, c_out, t, h, w)


def channel_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Layer norm over channels."""
    b, c, *places = x.shape
    return tape.layer_norm(x.view(b, *places, c), name + ".norm").view(*x.shape)


def nonlinearity(tape: Tape, x: Tensor, fused: bool) -> Tensor:
    """SiLU: one kernel, or the sigmoid first and then the product."""
    return tape.act(x) if fused else tape.mul(x, tape.act(x, "sigmoid"))


def residual_block(tape: Tape, x: Tensor, c_out: Any, name: str, fused: bool, *, images: bool = False) -> Tensor:
    """norm, SiLU, convolution, twice; a shortcut where the width changes. images: every frame by itself."""
    b, c, t, h, w = x.shape

    def convolve(hidden: Tensor, part: str) -> Tensor:
        if not images:
            return causal_conv(tape, hidden, c_out, 3, part)
        return tape.convolution(hidden.view(b * t, hidden.shape[1], h, w), c_out, (3, 3), part).view(b, c_out, t, h, w)

    with tape.scope(name):
        hidden = channel_norm(tape, x, "norm1")
        hidden = nonlinearity(tape, hidden, fused)
        hidden = convolve(hidden, "conv1")
        hidden = channel_norm(tape, hidden, "norm2")
        hidden = nonlinearity(tape, hidden, fused)
        hidden = convolve(hidden, "conv2")
        shortcut = x if c == c_out else causal_conv(tape, x, c_out, 1, "nin_shortcut")
        return tape.add(shortcut, hidden)


def attention_block(tape: Tape, x: Tensor, name: str, *, fused: bool) -> Tensor:
    """Single-head attention over the places of each frame, added to its input."""
    b, c, t, h, w = x.shape
    n = h * w
    with tape.scope(name):
        normed = channel_norm(tape, x, "norm")
        q, k, v = (causal_conv(tape, normed, c, 1, part) for part in "qkv")
        q, k, v = (tape.copy(part, b * t, 1, n, c, name="contiguous") for part in (q, k, v))
        attended = tape.attention(q, k, v) if fused else spelled_out(tape, q, k, v)
        hidden = causal_conv(tape, attended.view(b, c, t, h, w), c, 1, "proj_out")
        out = tape.add(x, hidden)
        del normed, q, k, v, attended
        return out


def spelled_out(tape: Tape, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention with its scores in memory: product, scale, an empty bias added in place, softmax, product."""
    images, _, n, c = q.shape
    scores = tape.scale(tape.matmul(q, k.view(images, 1, c, n), "scores"))
    bias = tape.scale(scores, "zeros")
    tape.traffic("add", 3 * scores.nbytes)
    weights = tape.softmax(scores)
    del scores
    dropped = tape.scale(weights, "dropout")
    out = tape.matmul(dropped, v, "values")
    del bias, weights, dropped
    return out


def shrink(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the height and width, and the frames after the first: padded right and below, stride 2."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        padded = tape.copy(x, b, c, t, h + 1, w + 1, name="pad")
        return causal_conv(tape, padded, c, 3, "conv", ((t - 1) // 2 + 1, h // 2, w // 2))


def shrink_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the height and width of every frame."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b * t, c, h + 1, w + 1, name="pad")
    return tape.convolution(padded, c, (3, 3), name + ".conv", out=(h // 2, w // 2)).view(b, c, t, h // 2, w // 2)


def stretch(tape: Tape, x: Tensor, name: str, *, wide: bool) -> Tensor:
    """Twice the height and width, and the frames after the first; `wide` interpolates in float32."""
    b, c, t, h, w = x.shape
    frames = 2 * t - 1
    source = tape.cast(x, "fp32") if wide else x
    later = tape.copy(source, b, c, frames - 1, h, w, name="upsample")
    later = tape.copy(later, b, c, frames - 1, 2 * h, 2 * w, name="upsample")
    first = tape.copy(source, b, c, 1, 2 * h, 2 * w, name="upsample")
    del source
    joined = tape.cat((first, later), b, c, frames, 2 * h, 2 * w)
    del first
    if wide:
        joined = tape.cast(joined, x.dtype)
    out = causal_conv(tape, joined, c, 3, name + ".conv")
    del later
    return out


def stretch_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Twice the height and width of every frame: nearest neighbours, then a 3x3 convolution."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * minimum((b - 1) * (t - 1), 1), c, h, w, name="reshape")
    enlarged = tape.copy(x, b * t, c, 2 * h, 2 * w, name="upsample")
    out = tape.convolution(enlarged, c, (3, 3), name + ".conv").view(b, c, t, 2 * h, 2 * w)
    del copied
    return out
