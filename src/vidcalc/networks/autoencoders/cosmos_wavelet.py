"""The Haar wavelets that Cosmos' video tokenizer begins and ends with: fixed convolutions, one channel at a time.

Each level splits time, height and width in halves of low and high frequencies, eight parts in all, and back. Every
part stays alive until the level is done.
Source: arXiv 2501.03575; diffusers 0.42.1 models/autoencoders/autoencoder_kl_cosmos.py.
"""

from typing import Any

from vidcalc.base.number import product
from vidcalc.ops.convolution import Convolution
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

TAPS = 2


def patch_embed(tape: Tape, x: Tensor, patch: int) -> Tensor:
    """pixels[b, c, t, h, w] -> [b, c · patch³, (t − 1) / patch + 1, h / patch, w / patch]; repeats the first frame."""
    b, c, t, h, w = x.shape
    first = tape.copy(x, b, c, patch, h, w, name="repeat_interleave")
    hidden = tape.cat((first, x), b, c, t - 1 + patch, h, w)
    del first
    for _ in range(patch.bit_length() - 1):
        hidden = split(tape, hidden)
    return hidden


def split(tape: Tape, x: Tensor) -> Tensor:
    """One level: half the frames, height and width, eight times the channels."""
    b, c, t, h, w = x.shape
    low, high = kernels(tape, c)
    padded = tape.copy(x, b, c, t + 1, h + 1, w + 1, name="pad")
    halves = [filtered(tape, padded, (t // 2, h + 1, w + 1)) for _ in range(2)]
    quarters = [filtered(tape, half, (t // 2, h // 2, w + 1)) for half in halves for _ in range(2)]
    parts = [filtered(tape, quarter, (t // 2, h // 2, w // 2)) for quarter in quarters for _ in range(2)]
    joined = tape.cat(tuple(parts), b, 8 * c, t // 2, h // 2, w // 2)
    del padded
    scaled = tape.scale(joined)
    del low, high
    return scaled


def filtered(tape: Tape, x: Tensor, out: tuple[Any, Any, Any]) -> Tensor:
    """One of the two filters along one axis, every second place kept."""
    channels = x.shape[1]
    return tape.convolution(x, channels, (TAPS,), "wavelet", out=out, groups=channels, bias=False, fixed=True)


def unpatch_embed(tape: Tape, x: Tensor, patch: int) -> Tensor:
    """The way back; the repeats of the first frame are cut off."""
    hidden = x
    for _ in range(patch.bit_length() - 1):
        hidden = joined(tape, hidden)
    b, c, t, h, w = hidden.shape
    return hidden.view(b, c, t - (patch - 1), h, w)


def joined(tape: Tape, x: Tensor) -> Tensor:
    """One level back: eight parts to one, along width, then height, then time."""
    b, c, t, h, w = x.shape
    c = c // 8
    low, high = kernels(tape, c)
    part = x.view(b, c, t, h, w)
    quarters = [doubled(tape, part, part, (t, h, 2 * w)) for _ in range(4)]
    halves = [doubled(tape, quarters[i], quarters[i + 1], (t, 2 * h, 2 * w)) for i in (0, 2)]
    whole = doubled(tape, halves[0], halves[1], (2 * t, 2 * h, 2 * w))
    scaled = tape.scale(whole)
    del low, high
    return scaled


def doubled(tape: Tape, low: Tensor, high: Tensor, out: tuple[Any, Any, Any]) -> Tensor:
    """Two transposed filters along one axis, added."""
    first = spread(tape, low, out)
    return tape.add(spread(tape, high, out), first)


def spread(tape: Tape, x: Tensor, out: tuple[Any, Any, Any]) -> Tensor:
    """A transposed filter: each input place feeds two output places."""
    b, c, *places = x.shape
    width = ELEMENT_BYTES[x.dtype]
    tape.ops.append(
        Convolution(
            tape.prefix + "wavelet", tape.count, x.dtype, b, c, c, product(places), product(out), TAPS, c, width
        )
    )
    return tape.empty((b, c, *out), x.dtype)


def kernels(tape: Tape, channels: Any) -> tuple[Tensor, Tensor]:
    """The low and the high filter, one copy per channel."""
    return tape.empty((channels, TAPS)), tape.empty((channels, TAPS))
