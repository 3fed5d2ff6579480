"""What counters of memory show beside tensors: the context and the allocator's cache.

Figures: data/validation/reserve.toml and data/defaults.toml.
"""

from functools import cache

from vidcalc.base.guest import given, named
from vidcalc.base.number import Number
from vidcalc.catalog.defaults import nccl, process
from vidcalc.catalog.load import entry


def context() -> int:
    """Bytes of the CUDA context [byte]."""
    return process("context")


def process_bytes(ranks: Number) -> Number:
    """Bytes before the first tensor: context, cuBLAS workspace, and the communicators among so many ranks [byte]."""
    file = "data/defaults.toml"
    nbytes: Number = (
        given("context", process("context"), ranks, file, "byte", "assumed")
        + given("cublas_workspace", process("workspace"), ranks, file, "byte", "assumed")
        + given("communicators", nccl(ranks), ranks, file, "byte", "assumed")
    )
    return named("process", nbytes, "byte")


@cache
def cache_share() -> float:
    """The allocator's cache, as a share of the live activations at the peak."""
    return float(entry("validation", "reserve")["share"])
