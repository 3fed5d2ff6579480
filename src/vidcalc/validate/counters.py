"""What a memory measurement counted, and what a prediction is under the same counter.

allocated, reserved, device  as in `vidcalc.cost.reserve`
resident   what stays on the device between runs: weights and context
unknown    the source does not say: tensors and the context, without the allocator's cache
card       the size of a card it ran on, not a measurement; the device total stands beside it
"""

from functools import cache
from typing import Any

import msgspec

from vidcalc.base.number import Number
from vidcalc.catalog import load
from vidcalc.catalog.defaults import process
from vidcalc.cost import reserve
from vidcalc.cost.memory import Stage

GIB = 2**30


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of the prediction by which a counter's readings lie below and above it."""

    below: float
    above: float


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """data/validation/reserve.toml: the allocator's cache as a share of live activations, and bands by counter."""

    share: float
    fitted: tuple[str, ...]
    source: str
    spread: dict[str, Spread]
    verdict: dict[str, Any]


@cache
def facts() -> Facts:
    """The facts of the counters."""
    return msgspec.convert(load.entry("validation", "reserve"), Facts)


def counted(stages: list[Stage], counter: str, capacity: Number) -> Number:
    """The peak of the stages as the counter shows it on a device of that many bytes [byte]."""
    shown = reserve.counters(stages, capacity)
    if counter == "resident":
        return max(stage.weights for stage in stages) + process("context")
    if counter == "unknown":
        return shown.allocated + process("context")
    return {"allocated": shown.allocated, "reserved": shown.reserved}.get(counter, shown.device)


def band(predicted: Number, counter: str) -> tuple[Number, Number]:
    """Low and high of a prediction under a counter [byte]."""
    spread = facts().spread[counter]
    return predicted * (1 - spread.below), predicted * (1 + spread.above)
