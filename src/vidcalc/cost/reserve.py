"""The same peak as three counters show it: allocated, reserved, device.

allocated  bytes of tensors and kernels' workspaces (torch.cuda.max_memory_allocated)
reserved   what the caching allocator holds: transients leave a cache behind (torch.cuda.max_memory_reserved)
device     what the driver shows for the process: reserved and the CUDA context (nvidia-smi)

The cache is a share of the live activations; the allocator gives it back before it gives up, so what is reserved
passes the device's memory only where the tensors themselves do. Share and source: data/validation/reserve.toml.
"""

from typing import Any

import msgspec

from vidcalc.base.number import as_count, maximum, minimum
from vidcalc.catalog.defaults import process
from vidcalc.catalog.load import entry
from vidcalc.cost.memory import Stage


class Counters(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The peak under each counter [byte]."""

    allocated: Any
    reserved: Any
    device: Any


def counters(stages: list[Stage], capacity: Any) -> Counters:
    """The peak of the stages under each counter, on a device of that many bytes [byte]."""
    context, share = process("context"), cache_share()
    allocated: Any = 0
    cached: Any = 0
    for stage in stages:
        allocated = maximum(allocated, stage.total - context)
        cached = maximum(cached, stage.total - context + stage.activations * share)
    reserved = minimum(cached, maximum(capacity - context, allocated))
    reserved = as_count(reserved // 1)  # whole bytes
    return Counters(allocated=allocated, reserved=reserved, device=reserved + context)


def cache_share() -> float:
    """The allocator's cache, as a share of the live activations at the peak."""
    return float(entry("validation", "reserve")["share"])
