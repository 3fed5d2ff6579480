"""Building blocks of Cosmos' causal video tokenizer: factored convolutions, attention in space and time, resampling.

Every causal convolution copies its input twice: once to put frames in front, once to pad its sides.
Source: arXiv 2501.03575; diffusers 0.42.1 models/autoencoders/autoencoder_kl_cosmos.py.
"""

from typing import Any

from vidcalc.base.number import minimum, where
from vidcalc.tape import Tape, Tensor


def causal_conv(
    tape: Tape,
    x: Tensor,
    c_out: Any,
    kernel: tuple[int, int, int],
    name: str,
    *,
    padding: int = 0,
    stride: tuple[int, int, int] = (1, 1, 1),
) -> Tensor:
    """x[b, c, t, h, w] with copies of its first frame in front and zeros around, then convolved."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    st, sh, sw = stride
    front = kt - st
    before = tape.copy(x, b, c, front, h, w, name="repeat")
    joined = tape.cat((before, x), b, c, t + front, h, w)
    padded = tape.copy(joined, b, c, t + front, h + 2 * padding, w + 2 * padding, name="pad")
    del joined
    out = ((t + front - kt) // st + 1, (h + 2 * padding - kh) // sh + 1, (w + 2 * padding - kw) // sw + 1)
    return tape.convolution(padded, c_out, kernel, name, out=out)


def projection(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """A convolution over space, then one over time."""
    with tape.scope(name):
        hidden = causal_conv(tape, x, c_out, (1, 3, 3), "conv_s", padding=1)
        return causal_conv(tape, hidden, c_out, (3, 1, 1), "conv_t")


def frame_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Group norm with one group over each frame; where there are several frames they are first copied together."""
    b, c, t, h, w = x.shape
    frames = x.view(b * t, c, h, w)
    moved = tape.copy(frames, b * t * minimum(t - 1, 1), c, h, w)
    normed = tape.group_norm(frames, 1, name + ".norm")
    del moved
    return normed.view(b, c, t, h, w)


def residual_block(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """norm, SiLU, factored convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        shortcut = x if x.shape[1] == c_out else causal_conv(tape, x, c_out, (1, 1, 1), "conv_shortcut")
        hidden = frame_norm(tape, x, "norm1")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, c_out, "conv1")
        hidden = frame_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = projection(tape, hidden, c_out, "conv2")
        return tape.add(hidden, shortcut)


def attention(tape: Tape, x: Tensor, name: str, axis: str) -> Tensor:
    """Single-head attention over the places of a frame (axis "space") or over the frames of a place ("time")."""
    b, c, t, h, w = x.shape
    rows, each = {"space": (b * t, h * w), "time": (b * h * w, t)}[axis]
    with tape.scope(name):
        hidden = frame_norm(tape, x, "norm")
        q = causal_conv(tape, hidden, c, (1, 1, 1), "to_q")
        k = causal_conv(tape, hidden, c, (1, 1, 1), "to_k")
        v = causal_conv(tape, hidden, c, (1, 1, 1), "to_v")
        q = sequences(tape, q, rows, each)
        k = sequences(tape, k, rows, each)
        v = sequences(tape, v, rows, each)
        masked = {"space": "none", "time": "causal"}[axis]
        mixed = tape.attention(q, k, v, masked=masked).view(b, c, t, h, w)
        del hidden
        out = causal_conv(tape, mixed, c, (1, 1, 1), "to_out.0")
        return tape.add(out, x)


def sequences(tape: Tape, x: Tensor, rows: Any, each: Any) -> Tensor:
    """[b, c, t, h, w] -> [rows, 1, each, c]: a view of one clip, a copy (which then stands for x) of several."""
    b, c = x.shape[:2]
    tape.copy(x, rows * minimum(b - 1, 1), 1, each, c)
    return x.view(rows, 1, each, c)


def mid_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Residual block, both attentions, residual block."""
    width, frames = x.shape[1], x.shape[2]
    with tape.scope(name):
        hidden = residual_block(tape, x, width, "resnets.0")
        mask = tape.empty((frames, frames), "bool")
        hidden = attention(tape, hidden, "attentions.0", "space")
        hidden = attention(tape, hidden, "temp_attentions.0", "time")
        out = residual_block(tape, hidden, width, "resnets.1")
        del mask
        return out


def level(tape: Tape, x: Tensor, c_out: Any, blocks: int, name: str, *, attend: bool) -> Tensor:
    """The residual blocks of one resolution, each followed by attention over space and time where `attend`."""
    hidden = x
    with tape.scope(name):
        for i in range(blocks):
            hidden = residual_block(tape, hidden, c_out, f"resnets.{i}")
            if attend:
                hidden = attention(tape, hidden, f"attentions.{i}", "space")
                hidden = attention(tape, hidden, f"temp_attentions.{i}", "time")
    return hidden


def downsample(tape: Tape, x: Tensor, name: str, *, space: bool, time: bool) -> Tensor:
    """Half the height and width, half the frames: a strided convolution plus the average, then a 1×1×1."""
    hidden, convolved, pooled = x, None, None
    b, c, t, h, w = x.shape
    with tape.scope(name):
        if space:
            hidden = tape.copy(x, b, c, t, h + 1, w + 1, name="pad")
            h, w = h // 2, w // 2
            convolved = causal_conv(tape, hidden, c, (1, 3, 3), "conv1", stride=(1, 2, 2))
            pooled = tape.pointwise("average", (hidden,), (b, c, t, h, w))
            hidden = tape.add(convolved, pooled)
        if time:
            hidden = tape.cat((hidden,), b, c, t + 1, h, w)
            convolved = causal_conv(tape, hidden, c, (3, 1, 1), "conv2", stride=(2, 1, 1))
            pooled = tape.pointwise("average", (hidden,), convolved.shape)
            hidden = tape.add(convolved, pooled)
        out = causal_conv(tape, hidden, c, (1, 1, 1), "conv3") if space or time else hidden
        del convolved, pooled
        return out


def upsample(tape: Tape, x: Tensor, name: str, *, space: bool, time: bool) -> Tensor:
    """Twice the frames but the first, twice the height and width: repeats plus their convolution, then a 1×1×1."""
    hidden = x
    b, c, t, h, w = x.shape
    with tape.scope(name):
        if time:
            repeated = tape.copy(x, b, c, where(t > 1, 2 * t, t), h, w, name="repeat_interleave")
            t = 2 * t - 1
            hidden = repeated.view(b, c, t, h, w)
            del repeated
            hidden = tape.add(causal_conv(tape, hidden, c, (3, 1, 1), "conv1"), hidden)
        if space:
            tall = tape.copy(hidden, b, c, t, 2 * h, w, name="repeat_interleave")
            hidden = tape.copy(tall, b, c, t, 2 * h, 2 * w, name="repeat_interleave")
            del tall
            hidden = tape.add(causal_conv(tape, hidden, c, (1, 3, 3), "conv2", padding=1), hidden)
        return causal_conv(tape, hidden, c, (1, 1, 1), "conv3") if space or time else hidden
