"""Rotary positions of LTX-2: tables from coordinates, and their application by halves ("split") or by pairs.

Source: diffusers 0.42.1 models/transformers/transformer_ltx2.py.
"""

from vidcalc.base.number import Number
from vidcalc.networks.transformers.ltx import rotate as rotate_pairs
from vidcalc.tape import Tape, Tensor


def rotary_table(tape: Tape, kind: str, batch: Number, n: Number, axes: int, width: Number) -> tuple[Tensor, Tensor]:
    """Cosines and sines of n places with 1 or 3 coordinates, in float32.

    kind "split": each [batch, n, width / 2]; "interleaved": each [batch, n, width], every value twice.
    """
    per_axis = width // (2 * axes)
    grid = tape.empty((batch, n, axes), "fp32")
    angles = tape.empty((batch, n, axes, per_axis), "fp32")
    several = axes > 1  # with one axis the angles are flat already
    flat = tape.copy(angles, batch, n, axes * per_axis) if several else angles.view(batch, n, per_axis)
    del angles
    times = 2 if kind == "interleaved" else 1
    cosine = values(tape, flat, times)
    sine = values(tape, flat, times)
    missing = width // 2 * times - axes * per_axis * times
    if missing:
        ones = tape.empty((batch, n, missing), "fp32")
        zeros = tape.empty((batch, n, missing), "fp32")
        cosine = tape.cat((ones, cosine), batch, n, width // 2 * times)
        sine = tape.cat((zeros, sine), batch, n, width // 2 * times)
    del grid
    return cosine, sine


def values(tape: Tape, angles: Tensor, times: int) -> Tensor:
    """Cosines or sines, each `times` times."""
    single = tape.scale(angles, "cos")
    if times == 1:
        return single
    return tape.copy(single, *angles.shape[:2], times * angles.shape[2], name="repeat")


def rotate(tape: Tape, x: Tensor, table: tuple[Tensor, Tensor], kind: str) -> Tensor:
    """x[batch, n, width] turned by its place, in float32."""
    if kind == "interleaved":
        return rotate_pairs(tape, x, table)
    cosine, sine = table
    wide = tape.cast(x, "fp32")
    out = tape.mul(wide, cosine)
    negated = tape.scale(sine, "neg")
    tape.traffic("addcmul", 3 * out.nbytes, 2)
    if tape.training:
        out.node = tape.differentiable((out, wide, negated, sine), (negated, sine), out.nbytes)
    del negated
    return tape.cast(out, x.dtype)
