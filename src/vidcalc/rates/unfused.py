"""Which attentions no fused kernel takes on a chip, so that torch spells them out with every score in memory.

* a chip whose only kernel is `math`, or `math` asked for;
* bf16 on NVIDIA chips before compute capability 8.0: FlashAttention and cuDNN need 8.0, the memory-efficient kernel
  takes float32 and fp16 there (aten/src/ATen/native/transformers/cuda/sdp_utils.cpp);
* a mask of all pairs where cuDNN's attention comes first: on an H200, torch 2.11, HunyuanVideo-1.5's ran out of 140 GB
  at 51,275 tokens (data/measured/networks.csv). Elsewhere the memory-efficient kernel takes such a mask.
Instead of torch's, a framework may have a fused kernel of its own, or hold a slice of the scores at a time ("split").
"""

from vidcalc.base.guest import plain
from vidcalc.base.memo import once
from vidcalc.base.number import Number, maximum
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.allocator import process_bytes
from vidcalc.rates.curves import curves
from vidcalc.rates.utilisation import CHOSEN, resolve_attention

SLICE = 1 / 4  # of free memory, for a slice of the scores: ComfyUI comfy/ldm/modules/attention.py attention_sub_quad
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


def instead(word: str, unfused: str, chip: Accelerator, kernel: str = "sdpa") -> str:
    """What a framework makes of attention that torch would spell out with every score: that word, "split" or "none".

    unfused  "scores" (as torch), "split" (slices; on NVIDIA chips as torch), or "fused" (a kernel of its own)
    kernel   that was asked for: one by its own name is taken as it is
    """
    if word != "all" or kernel not in CHOSEN or (unfused == "split" and chip.vendor == "NVIDIA"):
        return word
    return {"scores": "all", "split": "split", "fused": "none"}[unfused]


def slice_room(chip: Accelerator, weights: Number) -> Number:
    """Bytes that a slice of the scores may take beside so many of weights [byte]."""
    taken: Number = plain(process_bytes(1, chip)) + plain(weights)
    return SLICE * maximum(chip.capacity - taken, 0)
