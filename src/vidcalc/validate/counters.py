"""What a memory measurement counted, and what a prediction is under the same counter.

allocated, reserved, device  as in `vidcalc.cost.reserve`
resident   what stays on the device between runs: weights and context
unknown    the source does not say: tensors and the context, without the allocator's cache
card       the size of a card it ran on, not a measurement; the device total stands beside it
"""

from functools import cache

import msgspec

from vidcalc.base.number import Number
from vidcalc.catalog import load
from vidcalc.cost import reserve
from vidcalc.cost.memory import Stage
from vidcalc.describe.hardware import Accelerator
from vidcalc.rates.allocator import context
from vidcalc.validate import text

GIB = 2**30


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """data/validation/reserve.toml: the allocator's cache as a share of live activations."""

    share: float
    fitted: tuple[str, ...]
    source: str


@cache
def facts() -> Facts:
    """The facts of the counters."""
    return msgspec.convert(load.entry("validation", "reserve"), Facts)


def counted(stages: list[Stage], counter: str, chip: Accelerator, allocator: str = "caching") -> Number:
    """The peak of the stages as the counter shows it on that device [byte]."""
    shown = reserve.counters(stages, chip, allocator)
    if counter == "resident":
        return max(stage.weights for stage in stages) + context(chip)
    if counter == "unknown":
        return shown.allocated + context(chip)
    return {"allocated": shown.allocated, "reserved": shown.reserved}.get(counter, shown.device)


def of(note: str, framework: str) -> str:
    """The counter that a note names, else the one that the program prints as its peak."""
    stated = str(text.first("counter", note).get("counter", "unknown"))
    printed = text.first("printed", framework) if stated == "unknown" and framework else {}
    return str(printed.get("counter", stated))
