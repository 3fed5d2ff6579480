"""Rotary position embedding as diffusers' apply_rotary_emb spells it out: pairs turned in float32."""

from vidcalc.base.number import Number
from vidcalc.tape import Tape, Tensor


def rotary_tables(tape: Tape, n: Number, d_head: Number, axes: int = 3) -> tuple[Tensor, Tensor]:
    """Cosines and sines [n, d_head] in float32, from a grid of positions on `axes` axes: parts by axis, then joined."""
    grid = tape.empty((axes, n), "fp32")
    cosines, sines = tape.empty((n, d_head), "fp32"), tape.empty((n, d_head), "fp32")
    tape.traffic("rope", 2 * cosines.nbytes, 6 * axes)
    cosine = tape.cat((cosines,), n, d_head)
    sine = tape.cat((sines,), n, d_head)
    del grid
    return cosine, sine


def rotate_pairs(tape: Tape, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """x[batch, n, heads, head size] turned by tables[n, head size]; three float32 copies of x at the widest moment."""
    *lead, d_head = x.shape
    negated = tape.scale(x.view(*lead, d_head // 2), "neg")
    turned = tape.cat((negated, x.view(*lead, d_head // 2)), *x.shape)
    del negated
    tables = [table.view(1, lead[-2], 1, d_head) for table in rotary]
    rotated = tape.add(tape.mul(tape.cast(x, "fp32"), tables[0]), tape.mul(tape.cast(turned, "fp32"), tables[1]))
    return tape.cast(rotated, x.dtype)
