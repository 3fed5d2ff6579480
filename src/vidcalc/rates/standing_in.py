"""Which attention kernel runs where an accelerator has not got the one that was asked for."""

from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.utilisation import attention_kernels

STANDING_IN = ("cudnn", "flash2", "sdpa")  # tried in turn


def runnable(chip: Accelerator, kernel: str) -> str:
    """That kernel, or what stands in for it on an accelerator that has not got it. "by-card" the framework settles."""
    if kernel == "by-card":
        return kernel
    here = attention_kernels(chip)
    return next(name for name in (kernel, *STANDING_IN) if name in here)
