"""Whether host memory holds what a job has in it: what waits there, pinned or not, and what passes through to load.

    room(waiting, hardware, together)  ->  what is needed, what there is, and the reason where it is not enough

Pinned memory stays in place, so no swap file makes room for it, and Windows lets a driver pin no more than half of all
memory. What waits unpinned, or passes through while loading, the system may write to its swap file: the job then runs,
but at the pace of the disk, and is not said to fit. A program that pins what it can, and has the rest in files mapped
into memory, runs with less: that is tight. Every rank of a machine is a process of its own.

An accelerator that shares its memory with the host has no other: what waits in "host memory" lies beside what runs, and
is counted once, with it.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum, where
from vidcalc.describe.hardware import Hardware
from vidcalc.ledger.types import Host
from vidcalc.rates.host_memory import beside, windows_pinned

WORST = ("fits", "tight", "at_least", "too_big")


class Room(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Host memory of one machine [byte].

    needed    by all its processes, with the system and the program itself
    capacity  what there is
    verdict   "fits", "too_big", or "tight" where Windows would not pin as much, or files are read again and again
    limit     what decides: what waits "pinned", "resident" or in "files", what passes through while "loading", or what
              is "shared" with the accelerator
    """

    needed: Number
    capacity: Number
    verdict: str
    limit: str


def room(host: Host, hardware: Hardware, together: Number) -> Room | None:
    """Whether the machine holds it; None where nobody said how much memory it has.

    together  bytes on one accelerator and of the weights that wait beside it meanwhile, at the most: of memory that it
              shares with the host
    """
    if hardware.accelerator.unified_memory:
        return _shared(hardware, together)
    if hardware.host_ram is None:
        return None
    # all processes of a machine wait and load at the same time
    resident, loading, pinned = (each * hardware.count for each in (host.resident, host.loading_peak, host.pinned))
    needed, capacity = maximum(resident, loading) + beside(), hardware.host_ram
    short, held = needed > capacity, pinned > windows_pinned() * capacity
    mostly = where(2 * pinned > resident, "pinned", "resident")
    if host.mapped:  # it runs, at the pace of the disk
        return Room(needed=needed, capacity=capacity, verdict=where(short, "tight", "fits"), limit="files")
    return Room(
        needed=needed,
        capacity=capacity,
        verdict=where(short, "too_big", where(held, "tight", "fits")),
        # what does not fit for more than one reason does not for that which waits the whole time
        limit=where(loading > resident, where(short, "loading", mostly), mostly),
    )


def _shared(hardware: Hardware, together: Number) -> Room:
    """Of an accelerator without memory of its own. Loading reads tensor by tensor: what is on its way is not twice
    there."""
    needed = together * hardware.count + beside()
    marketed = hardware.accelerator.memory_marketed
    capacity = marketed if hardware.host_ram is None else minimum(marketed, hardware.host_ram)
    return Room(needed=needed, capacity=capacity, verdict=where(needed > capacity, "too_big", "fits"), limit="shared")


def beside_others(verdict: str, limit: str, margin: Number) -> str:
    """A job's verdict once others wait in the same memory and leave it a margin [byte]: files are read anew."""
    return worse(verdict, where(margin < 0, "tight" if limit == "files" else "too_big", "fits"))


def worse(one: str, other: str) -> str:
    """The worse of two verdicts, elementwise."""
    out = one
    for place, word in enumerate(WORST):
        for better in WORST[:place]:
            out = where((out == better) & (other == word), word, out)
    return out
