"""Which attentions no fused kernel takes on a chip, so that torch spells them out with every score in memory.

* a chip whose only kernel is `math`, or `math` asked for;
* bf16 on NVIDIA chips before compute capability 8.0: FlashAttention and cuDNN need 8.0, the memory-efficient kernel
  takes float32 and fp16 there (aten/src/ATen/native/transformers/cuda/sdp_utils.cpp);
* a mask of all pairs where cuDNN's attention comes first: on an H200, torch 2.11, HunyuanVideo-1.5's ran out of 140 GB
  at 51,275 tokens (data/measured/networks.csv). Elsewhere the memory-efficient kernel takes such a mask.
"""

from vidcalc.base.memo import once
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.curves import curves
from vidcalc.rates.utilisation import CHOSEN, resolve_attention

BF16_FUSED = 8.0  # the first compute capability with fused kernels for bf16


@once
def spelled(chip: Accelerator, kernel: str, dtype: str, stack: str) -> str:
    """ "none", "pairs" (those with a mask of all pairs of tokens) or "all", of a kernel asked for in a dtype.

    Raises InputError("attention", ...) for a kernel the chip has not.
    """
    old = chip.vendor == "NVIDIA" and float(chip.compute_capability or 0) < BF16_FUSED
    if resolve_attention(chip, kernel, stack) == "math" or (old and dtype == "bf16" and kernel in CHOSEN):
        return "all"
    return "pairs" if kernel == "sdpa" and curves(chip)["masked"][stack]["kernel"] == "cudnn" else "none"
