"""How fast bytes go between host memory and a chip, and how fast the host's processor moves weights and updates them.

Pinned memory is read by the chip itself, at the link's rate. Pageable memory goes through a pinned buffer that one core
of the host fills or empties, and then over the link: the two follow each other. Where weights come back to memory that
the process has not touched before (torch asks for it anew each time), every page is a fault and is zeroed first. Both
are rates of the host's memory, whatever the chip.
"""

from functools import cache

from vidcalc.base.guest import given, named
from vidcalc.base.number import Number, minimum
from vidcalc.base.units import quantity
from vidcalc.catalog.defaults import defaults
from vidcalc.describe.hardware import Accelerator

SOURCE = "data/defaults.toml"
FRESH = "fresh"  # memory that is written to: pages that nobody has touched


def host_rate(chip: Accelerator, kind: str) -> Number:
    """Rate of a copy to or from "pinned", "pageable" or "fresh" host memory; infinite where nothing links them (memory
    shared with the host). Of what precedes it: bytes "gathered" into pinned memory, or read from "disk" [byte/s]."""
    if kind == "disk":
        return _measured(chip, kind) or memory_rate(kind)
    link = _measured(chip, "pinned") or _nominal(chip)
    if not link:
        return float("inf")
    if kind == "pinned":
        return link
    if kind == "gathered":  # the core's part of a copy from pageable memory
        return given("host_memory", memory_rate("pageable"), link, SOURCE, "byte/s", "measured", kind)
    core = given("host_memory", memory_rate(kind), link, SOURCE, "byte/s", "measured", kind)
    # one after the other: the core works on the buffer, the link empties or fills it
    worked = named("host_rate", 1 / (1 / link + 1 / core), "byte/s", note=kind)
    measured = _measured(chip, kind)
    # a host known to be slower is; a bench that copies the same memory again and again says nothing of many gigabytes
    return minimum(worked, measured) if measured else worked


def _measured(chip: Accelerator, kind: str) -> float | None:
    """The best measured rate from that kind of host memory, or to it where it is fresh, where there is one [byte/s]."""
    ways = (copy.to_host if kind == FRESH else copy.to_device for copy in chip.host_copies if copy.kind == kind)
    return max(filter(None, ways), default=None)


def _nominal(chip: Accelerator) -> Number:
    """The usual share of what the link to the host is sold with; 0 without one [byte/s]."""
    share: float = defaults()["host_copy"]["pinned"]["share"]
    return named("host_rate", chip.pcie.rate * share, "byte/s", note="pinned") if chip.pcie else 0


@cache
def memory_rate(kind: str) -> float:
    """What one core of the host reads of "pageable" memory, writes of "fresh" memory, or a process of files on "disk"
    [byte/s]."""
    return quantity(defaults()["host_copy"][kind]["rate"], "B/s")


@cache
def host_calls() -> tuple[float, float, float]:
    """Seconds of one eager call on the host, and such calls for each tensor and for each halt of a hook."""
    law = defaults()["host_copy"]["hooks"]
    return quantity(law["call"], "s"), law["tensor"], law["halt"]


@cache
def update_rate() -> float:
    """Bytes of weights and states that an optimizer on the host's processor works through [byte/s]."""
    return quantity(defaults()["host"]["update"], "B/s")
