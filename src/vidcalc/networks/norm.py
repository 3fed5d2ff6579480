"""Norms that eager PyTorch spells out in several kernels, where families share them."""

from vidcalc.tape import Tape, Tensor


def mixed_rms_norm(tape: Tape, x: Tensor, name: str = "") -> Tensor:
    """RMS norm over the last dimension: the scaling in float32, then the weight in x's dtype (diffusers' RMSNorm).

    Unlike torch.nn.RMSNorm (`tape.rms_norm`) the float32 copy of x is gone before the scaling.
    """
    square = tape.act(tape.cast(x, "fp32"), "square")
    rstd = tape.empty((*x.shape[:-1], 1), "fp32", square.node)
    del square
    scaled = tape.mul(x, rstd)
    normed = tape.cast(scaled, x.dtype)
    del scaled
    if not name:
        return normed
    tape.parameter(name + ".weight", x.shape[-1])
    return tape.weighted(normed, x.shape[-1])
