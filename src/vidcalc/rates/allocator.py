"""What counters of memory show beside tensors: the context and the allocator's cache.

Figures: data/validation/reserve.toml and data/defaults.toml.
"""

from functools import cache

from vidcalc.base.guest import given, named
from vidcalc.base.number import Number
from vidcalc.base.units import quantity
from vidcalc.catalog.defaults import context_facts, nccl, process
from vidcalc.catalog.load import entry
from vidcalc.describe.hardware import Accelerator


def context(chip: Accelerator) -> int:
    """Bytes of the context on a chip [byte]."""
    return int(quantity(context_facts(chip.compute_capability)["likely"], "B"))


LARGER_WORKSPACE = (9, 10, 12)  # major compute capabilities


def workspace(chip: Accelerator) -> int:
    """Bytes of the workspace that products take for themselves on a chip [byte]."""
    if chip.vendor == "AMD":
        return process("rocm")
    major = int(float(chip.compute_capability or 0))
    return process("cuda_9_10_12" if major in LARGER_WORKSPACE else "cuda")


def allocator(asked: str, chip: Accelerator) -> str:
    """The allocator that a program which asks for one gets on a chip: the driver's pool ("async") is NVIDIA's."""
    return asked if chip.vendor == "NVIDIA" else "caching"


def process_bytes(ranks: Number, chip: Accelerator) -> Number:
    """Bytes before the first tensor: context, cuBLAS workspace, and the communicators among so many ranks [byte]."""
    file = "data/defaults.toml"
    nbytes: Number = (
        given("context", context(chip), ranks, file, "byte", context_facts(chip.compute_capability)["provenance"])
        + given("cublas_workspace", workspace(chip), ranks, file, "byte", "assumed")
        + given("communicators", nccl(ranks), ranks, file, "byte", "assumed")
    )
    return named("process", nbytes, "byte")


@cache
def cache_share() -> float:
    """The allocator's cache, as a share of the live activations at the peak."""
    return float(entry("validation", "reserve")["share"])
