"""Haar wavelets of Open-Sora Plan's VAE: one small convolution per band, analysed with a frame repeated in front.

Source: PKU-YuanGroup/Open-Sora-Plan opensora/models/causalvideovae/model/modules/wavelet.py, read November 2026.
"""

from vidcalc.base.number import minimum
from vidcalc.tape import Tape, Tensor

FILTERS_3D = ("h_conv", "g_conv", "hh_conv", "gh_conv", "h_v_conv", "g_v_conv", "hh_v_conv", "gh_v_conv")
FILTERS_2D = 4


def analysis_3d(tape: Tape, x: Tensor, name: str) -> Tensor:
    """x[b, c, t, h, w] -> its eight bands[b, 8·c, (t + 1)/2, h/2, w/2], side by side."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, minimum(b - 1, 1) * b * c, 1, t, h, w, name="reshape")
    out = ((t - 1) // 2 + 1, h // 2, w // 2)
    one = Tensor((b * c, 1, t, h, w), x.dtype, x.storage)
    with tape.scope(name):
        bands = [band(tape, one, filter_name, out) for filter_name in FILTERS_3D]
    joined = tape.cat(tuple(bands), b, len(bands) * c, *out)
    del bands, copied
    return joined


def band(tape: Tape, x: Tensor, name: str, out: tuple[object, ...]) -> Tensor:
    """One band: the first frame once more in front (a copy), then a 2x2x2 convolution of stride 2 without bias."""
    n, _, t, h, w = x.shape
    first = tape.copy(x, n, 1, 1, h, w, name="repeat")
    joined = tape.cat((first, x), n, 1, t + 1, h, w)
    result = tape.convolution(joined, 1, (2, 2, 2), name + ".conv", out=out, bias=False)
    del first
    return result


def analysis_2d(tape: Tape, x: Tensor) -> Tensor:
    """x[b, c, t, h, w] -> the four bands of each frame[b, 4·c, t, h/2, w/2]; its filters are no parameters."""
    b, c, t, h, w = x.shape
    copied = tape.copy(x, b * t * c * minimum(t - 1, 1), 1, h, w, name="reshape")
    images = Tensor((b * t * c, 1, h, w), x.dtype, x.storage)
    bands = [
        tape.convolution(images, 1, (2, 2), f"band{i}", out=(h // 2, w // 2), bias=False, fixed=True)
        for i in range(FILTERS_2D)
    ]
    joined = tape.cat(tuple(bands), b, FILTERS_2D * c, t, h // 2, w // 2)
    del bands, copied
    return joined


def synthesis_3d(tape: Tape, x: Tensor) -> Tensor:
    """Eight bands[b, 8·c, t, h, w] -> [b, c, 2·t − 1, 2·h, 2·w]: each enlarged, then summed one after the other."""
    b, c, t, h, w = x.shape
    channels = c // len(FILTERS_3D)
    one = Tensor((b * channels, 1, t, h, w), x.dtype, x.storage)
    copied = tape.copy(x, x.elements * minimum(b - 1, 1), name="reshape")
    places = (2 * t, 2 * h, 2 * w)
    bands = [tape.transposed_convolution(one, 1, (2, 2, 2), f"{name}", out=places, fixed=True) for name in FILTERS_3D]
    total = bands[0].view(b, channels, 2 * t - 1, 2 * h, 2 * w)
    for each in bands[1:]:
        total = tape.add(total, each.view(*total.shape), total.shape)
    del bands, copied, each
    return total


def synthesis_2d(tape: Tape, x: Tensor) -> Tensor:
    """Four bands of each frame[b, 4·c, t, h, w] -> [b, c, t, 2·h, 2·w]."""
    b, c, t, h, w = x.shape
    channels = c // FILTERS_2D
    one = Tensor((b * t * channels, 1, h, w), x.dtype, x.storage)
    copied = tape.copy(x, x.elements * minimum(t - 1, 1), name="reshape")
    bands = [
        tape.transposed_convolution(one, 1, (2, 2), f"band{i}", out=(2 * h, 2 * w), fixed=True)
        for i in range(FILTERS_2D)
    ]
    total = bands[0]
    for each in bands[1:]:
        total = tape.add(total, each)
    del bands, copied, each
    return total.view(b, channels, t, 2 * h, 2 * w)
