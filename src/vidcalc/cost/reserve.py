"""The same peak as three counters show it: allocated, reserved, device.

allocated  bytes of tensors and kernels' workspaces (torch.cuda.max_memory_allocated)
reserved   what the caching allocator holds: transients leave a cache behind (torch.cuda.max_memory_reserved)
device     what the driver shows for the process: reserved and the CUDA context (nvidia-smi)

The cache is a share of the live activations; the allocator gives it back before it gives up, so what is reserved
passes the device's memory only where the tensors themselves do. Share and source: data/validation/reserve.toml.
"""

import msgspec

from vidcalc.base.guest import given, named
from vidcalc.base.number import Number, as_count, maximum, minimum
from vidcalc.cost.memory import Stage
from vidcalc.rates.allocator import cache_share, context


class Counters(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The peak under each counter [byte]."""

    allocated: Number
    reserved: Number
    device: Number


def counters(stages: list[Stage], capacity: Number) -> Counters:
    """The peak of the stages under each counter, on a device of that many bytes [byte]."""
    outside = given("context", context(), capacity, "data/defaults.toml", "byte", "assumed")
    share = given("cache_share", cache_share(), capacity, "data/validation/reserve.toml", "", "measured")
    allocated: Number = 0
    cached: Number = 0
    for stage in stages:
        # torch counts no context, the driver does
        inside = named(stage.id, stage.total - outside, "byte")
        allocated = maximum(allocated, inside)
        # freed transients stay in the cache: a share of the live activations
        cached = maximum(cached, named(stage.id, inside + stage.activations * share, "byte"))
    allocated, cached = named("allocated", allocated, "byte"), named("cached", cached, "byte")
    # the cache gives way where memory ends, tensors do not
    reserved = minimum(cached, maximum(capacity - outside, allocated))
    reserved = as_count(reserved // 1)  # whole bytes
    return Counters(allocated=allocated, reserved=reserved, device=reserved + outside)
