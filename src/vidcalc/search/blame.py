"""Where memory ran out: the stage of a generation that a complaint is about, and what fills the device there.

A traceback that names the stage is believed. Else figures are compared with the predicted timeline: somewhere a tensor
of the size that could not be given is made while so much is allocated already; it is the stage in which that comes
nearest. Else it is the first stage, in the order in which they run, that has no room; where nothing was said, the
largest.
"""

from collections.abc import Iterator
from math import log

from vidcalc.base.number import SINGLE
from vidcalc.cost.memory import Stage, stages
from vidcalc.ledger.types import Ledger
from vidcalc.modelfiles.complaint import Complaint
from vidcalc.report.estimate import InferenceMemory, StageRow
from vidcalc.report.fix import Reason

FAR = log(1.5)  # figures that are further off than by this factor tell nothing
SMALL = 64 * 2**20  # byte: a request that every stage makes again and again
MUCH = 0.1  # of a device: less is no reason

Event = tuple[float, float]  # bytes of a new tensor, and bytes alive before it


def stage_of(said: Complaint, memory: InferenceMemory, ledger: Ledger) -> tuple[str, str]:
    """(the stage, how it is known: "trace", "figures", "order" or "peak")."""
    there = [row.id for row in memory.stages]
    if said.stage in there:
        return said.stage, "trace"
    if said.asked is not None and said.allocated is not None and said.asked >= SMALL:
        name, distance = nearest(said.asked, said.allocated, stages(ledger))
        if distance <= FAR:
            return name, "figures"
    short = [row.id for row in memory.stages if row.missing > 0 and said.kind != "none"]
    # a whole network that does not even arrive is found before anything runs
    return (short[0], "order") if short else (memory.peak_stage, "peak")


def nearest(asked: int, allocated: int, rows: list[Stage]) -> tuple[str, float]:
    """The stage in which a tensor of that size beside so many bytes comes nearest, and how far off that is: the sum of
    the logarithms of both ratios."""
    best, least = "", float("inf")
    for row in rows:
        outside = row.total - row.weights - row.activations - row.workspace
        for nbytes, alive in events(row):
            held = max(row.total - row.activations - row.workspace - outside + alive, 1.0)
            distance = abs(log(nbytes / asked)) + abs(log(held / max(allocated, 1)))
            if distance < least:
                best, least = row.id, distance
    return best, least


def events(row: Stage) -> Iterator[Event]:
    """The large tensors of a stage's call in the order in which they are made; nothing of a call without a log."""
    if row.trace is None:
        return
    held: dict[int, float] = {}
    alive = 0.0
    for number, nbytes in row.trace.history.entries():
        if not isinstance(nbytes, SINGLE) or number < 0:
            continue
        if number == 0:  # a kernel's workspace, there for the moment
            if nbytes >= SMALL:
                yield float(nbytes), alive
        elif nbytes < 0:
            alive -= held.pop(number, 0.0)
        else:
            if nbytes >= SMALL:
                yield float(nbytes), alive
            held[number] = float(nbytes)
            alive += float(nbytes)


def reasons(row: StageRow, memory: InferenceMemory, running: tuple[str, ...], said: Complaint) -> list[Reason]:
    """What fills the device in a stage, the most first: weights that run, weights that only stay, activations, what
    kernels take beside their tensors, and what the allocator holds in pieces.

    running  ids of the components that run in that stage
    """
    own = sum(nbytes for name, nbytes in row.resident.items() if name in running or name == "gathered")
    idle = {name: nbytes for name, nbytes in row.resident.items() if name not in running and name != "gathered"}
    stay = max(idle, key=lambda name: idle[name], default="")
    pieces = said.unallocated if said.unallocated is not None else memory.reserved - memory.allocated
    found = [
        Reason(id="running", bytes=own, component=", ".join(name for name in running if row.resident.get(name))),
        Reason(id="idle", bytes=sum(idle.values()), component=stay),
        Reason(id="activations", bytes=row.activations),
        Reason(id="workspace", bytes=row.workspace),
        Reason(id="pieces", bytes=pieces),
    ]
    kept = [each for each in found if each.bytes >= MUCH * min(memory.capacity, row.total)]
    return sorted(kept, key=lambda each: -each.bytes)
