"""What a memory measurement counted, and what a prediction is under the same counter.

allocated  bytes of tensors (torch.cuda.max_memory_allocated): the stages without the CUDA context
reserved   what the caching allocator holds: allocated plus the cache that transients leave behind
device     what the driver shows: reserved plus the context
unknown    the source does not say; between allocated and device: allocated plus the context
resident   what stays on the device between runs: weights and context
card       the size of a card it ran on, not a measurement
"""

from functools import cache
from typing import Any

import msgspec

from vidcalc.arithmetic import minimum
from vidcalc.catalog import load
from vidcalc.catalog.defaults import process
from vidcalc.cost.memory import Stage

GIB = 2**30


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of the prediction by which a counter's readings lie below and above it."""

    below: float
    above: float


class Reserve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cache a caching allocator keeps: `share` of the live activations at the peak; see data/validation/reserve.toml."""

    share: float
    fitted: tuple[str, ...]
    source: str
    spread: dict[str, Spread]


@cache
def reserve() -> Reserve:
    """The model of reserved memory."""
    return msgspec.convert(load.entry("validation", "reserve"), Reserve)


def counted(stages: list[Stage], counter: str, capacity: Any) -> Any:
    """The peak of the stages as the counter shows it [byte]; a card holds no more than its capacity."""
    context = process("context")
    allocated = max(stage.total - context for stage in stages)
    if counter == "allocated":
        return allocated
    if counter == "resident":
        return max(stage.weights for stage in stages) + context
    if counter == "unknown":
        return allocated + context
    cached = max(stage.total - context + reserve().share * stage.activations for stage in stages)
    return minimum(cached, maximum_of(capacity, allocated)) + (context if counter in ("device", "card") else 0)


def maximum_of(capacity: Any, allocated: Any) -> Any:
    """The allocator frees its cache before it gives up: what is reserved never passes the card unless tensors do."""
    return max(capacity, allocated)


def band(predicted: Any, counter: str) -> tuple[Any, Any]:
    """Low and high of a prediction under a counter [byte]."""
    found = reserve().spread[counter]
    return predicted * (1 - found.below), predicted * (1 + found.above)
