"""Which memory a machine is short of for a job, and the way of running it that comes nearest to having room.

The verdict is that of an estimate: what the accelerator's driver would show, and host memory with the system and the
program in it (`vidcalc.cost.host`). Memory that an accelerator shares with the host is the accelerator's.
"""

from collections.abc import Sequence

from vidcalc.report.choose import Choice, Wanted
from vidcalc.report.estimate import HostRoom, InferenceMemory
from vidcalc.report.fit import FitRow, Limits
from vidcalc.search.jobs import Jobs
from vidcalc.search.ways import Way


def short_of(needed: InferenceMemory) -> str:
    """ "memory" of the accelerator, "host_ram", or "" where the machine has room."""
    if needed.verdict != "too_big":
        return ""
    room = needed.host_room
    return "memory" if needed.device > needed.capacity or room is None or room.limit == "shared" else "host_ram"


def nearest(jobs: Jobs, every: Sequence[Way]) -> tuple[str, Way]:
    """Of ways none of which has room for the first rung: what they lack, and the one that takes least of it."""
    held = [way for way in every if jobs.memory(way, 0).device <= jobs.memory(way, 0).capacity]
    if not held:
        return "memory", min(every, key=lambda way: jobs.memory(way, 0).device)

    def beside(way: Way) -> float:
        room = jobs.memory(way, 0).host_room
        return 0 if room is None else room.needed

    least = min(held, key=beside)
    return short_of(jobs.memory(least, 0)), least


def taken(
    at: str, row: FitRow | Choice, capacity: float, cost: float | None, limits: Limits | Wanted
) -> tuple[float, float]:
    """What a job takes of that which it does not keep to, and how much of it may be taken: bytes, seconds or USD.

    capacity  of the accelerator [byte];  cost  of one generation [USD], None where nobody knows
    """
    room: HostRoom | None = row.host_room
    if at == "memory" and (row.device > capacity or room is None):
        return row.device, capacity
    if at in ("memory", "host_ram"):
        assert room is not None
        return room.needed, room.capacity
    if at == "seconds":
        return row.seconds, limits.seconds or 0
    return float("inf") if cost is None else cost, limits.cost or 0
