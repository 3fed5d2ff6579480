"""What a machine's memory holds beside a job, and how much of it may be pinned: data/defaults.toml [host_memory]."""

from functools import cache

from vidcalc.base.units import quantity
from vidcalc.catalog.defaults import defaults


@cache
def beside() -> int:
    """Bytes of the system and of the program itself [byte]."""
    return int(quantity(defaults()["host_memory"]["beside"], "B"))


@cache
def windows_pinned() -> float:
    """Share of all memory that may be pinned under Windows."""
    return float(defaults()["host_memory"]["windows_pinned"])


@cache
def windows_share() -> float:
    """Share of all memory that Windows lends to the GPU as shared memory."""
    return float(defaults()["host_memory"]["windows_share"])
