"""Building blocks of the Step-Video VAE: norms of single frames, convolutions that large tensors take in four pieces.

x[b, c, t, h, w] lies with its channels innermost in memory; norms turn it around by a copy.
Source: stepfun-ai/Step-Video-T2V stepvideo/vae/vae.py, read November 2026.
"""

from typing import Any

from vidcalc.base.number import maximum, where
from vidcalc.tape import Tape, Tensor

LARGE = 2**30  # elements of an input or output from which a convolution is done in PIECES along time
PIECES = 4
GROUPS = 32


def frame_norm(tape: Tape, x: Tensor, name: str, *, silu: bool) -> Tensor:
    """Group norm of every frame by itself, on a copy with channels first; the result stays channels first."""
    b, c, t, h, w = x.shape
    turned = tape.copy(x, b * t, c, h, w, name="contiguous")
    out = tape.group_norm(turned, GROUPS, name)
    del turned
    if silu:
        out = tape.act(out)
    return out.view(b, c, t, h, w)


def padded_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Norm and SiLU, written behind two empty frames: what the next convolution looks back at."""
    b, c, t, h, w = x.shape
    out = tape.empty((b, c, t + 2, h, w), x.dtype)
    normed = frame_norm(tape, x, name, silu=True)
    tape.traffic("behind", 2 * normed.nbytes)
    return out


def in_pieces(before: Tensor, places: tuple[Any, ...], c_out: Any) -> Any:
    """1 where a convolution is so large that it is done in pieces, else 0."""
    size = before.shape[0] * places[0] * places[1] * places[2]
    return where(maximum(before.elements, size * c_out) >= LARGE, 1, 0)


def convolve(tape: Tape, x: Tensor, c_out: Any, kernel: int, name: str, out: tuple[Any, ...]) -> Tensor:
    """A convolution of what is padded already -> [b, c_out, *out]; in pieces, one piece is alive beside the result."""
    y = tape.convolution(x, c_out, (kernel, kernel, kernel), name, out=out)
    tape.transient(in_pieces(x, out, c_out) * y.nbytes // PIECES)
    return y


def convolve_onto(tape: Tape, x: Tensor, residual: Tensor, kernel: int, name: str) -> None:
    """The memory and work of a convolution that `residual` is added to: in pieces it is written over `residual`.

    The result, of residual's shape, is what the caller allocates once x is gone.
    """
    _, c_out, t, h, w = residual.shape
    pieces = in_pieces(x, (t, h, w), c_out)
    size = t // PIECES
    sides = (kernel, kernel, kernel)
    with tape.again(pieces * (PIECES - 1)):
        piece = tape.convolution(x, c_out, sides, name, out=(maximum(size, 1), h, w))
        del piece
    tape.convolution(x, c_out, sides, name, out=(t - pieces * (PIECES - 1) * size, h, w))


def after_norm_conv(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """A 3x3x3 convolution of what `padded_norm` made, padded in space by the convolution itself."""
    _, _, t, h, w = x.shape
    return convolve(tape, x, c_out, 3, name, (t - 2, h, w))


def padded_conv(tape: Tape, x: Tensor, c_out: Any, kernel: int, name: str, steps: tuple[int, int] = (1, 1)) -> Tensor:
    """x padded in front in time and around in space (a copy), then convolved; steps in time, and in space."""
    b, c, t, h, w = x.shape
    more, (time, space) = kernel - 1, steps
    padded = tape.copy(x, b, c, t + more, h + more, w + more, name="pad")
    out = ((t - 1) // time + 1, h // space, w // space)
    return convolve(tape, padded, c_out, kernel, name, out)


def residual_block(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """norm, SiLU, convolution, twice; a 1x1x1 shortcut where the width changes."""
    b, _, t, h, w = x.shape
    with tape.scope(name):
        hidden = padded_norm(tape, x, "norm1")
        hidden = after_norm_conv(tape, hidden, c_out, "conv1.conv")
        shortcut = x if x.shape[1] == c_out else padded_conv(tape, x, c_out, 1, "nin_shortcut.conv")
        hidden = padded_norm(tape, hidden, "norm2")
        convolve_onto(tape, hidden, shortcut, 3, "conv2.conv")
        del hidden
        return tape.empty((b, c_out, t, h, w), x.dtype)


def attention_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Causal attention over every place of every frame, added to its input."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        normed = frame_norm(tape, x, "norm", silu=False)
        q, k, v = (padded_conv(tape, normed, c, 1, part + ".conv").view(b, 1, t * h * w, c) for part in "qkv")
        attended = tape.attention(q, k, v, masked="causal").view(b, c, t, h, w)
        del normed, q, k, v
        padded = tape.copy(attended, name="pad")
        convolve_onto(tape, padded, x, 1, "proj_out.conv")
        del attended, padded
        return tape.empty(x.shape, x.dtype)


def upsample_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Nearest neighbours to twice the height and width, then a 3x3 convolution of every frame."""
    b, c, t, h, w = x.shape
    enlarged = tape.copy(x, b * t, c, 2 * h, 2 * w, name="upsample")
    return tape.convolution(enlarged, c, (3, 3), name + ".conv").view(b, c, t, 2 * h, 2 * w)


def upsample_all(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Twice the frames, height and width, an eighth of the channels at a time, then two convolutions beside it."""
    b, c, t, h, w = x.shape
    parts = tape.copy(x, b, c, 2 * t, 2 * h, 2 * w, name="upsample")
    enlarged = tape.cat((parts,), *parts.shape)
    del parts
    with tape.scope(name + ".conv3d"):
        hidden = padded_conv(tape, enlarged, c, 3, "conv1.conv")
        hidden = frame_norm(tape, hidden, "norm1", silu=True)
        hidden = padded_conv(tape, hidden, c, 3, "conv2.conv")
        hidden = frame_norm(tape, hidden, "norm2", silu=False)
        tape.traffic("add", 8 * hidden.nbytes, 3)  # input, SiLU and input again, in place
        return hidden


def downsample_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the height and width: padded right and below (a copy), then a 3x3 convolution of stride 2."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b * t, c, h + 1, w + 1, name="pad")
    return tape.convolution(padded, c, (3, 3), name + ".conv", out=(h // 2, w // 2)).view(b, c, t, h // 2, w // 2)


def downsample_all(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the frames, height and width by a convolution of stride 2."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b, c, t + 2, h + 2, w + 2, name="pad")
    out = ((t - 1) // 2 + 1, h // 2, w // 2)
    return tape.convolution(padded, c, (3, 3, 3), name + ".conv.conv", out=out)


def repeat_channels(tape: Tape, x: Tensor, c_out: Any, factor: int) -> Tensor:
    """Channels repeated and unfolded into places; the frames in front that nothing stands for stay in memory."""
    b, _, t, h, w = x.shape
    wide = tape.copy(x, b, c_out * factor**3, t, h, w, name="repeat")
    return wide if factor == 1 else tape.copy(wide, name="unfold")


def average_channels(tape: Tape, x: Tensor, c_out: Any, factor: int) -> Tensor:
    """Places folded into channels, then averaged over groups of channels: the shortcut of a step down."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b, c, t + factor - 1, h, w, name="pad")
    folded = padded if factor == 1 else tape.copy(padded, name="fold")
    del padded
    return tape.pointwise("mean", (folded,), (b, c_out, (t - 1) // factor + 1, h // factor, w // factor))
