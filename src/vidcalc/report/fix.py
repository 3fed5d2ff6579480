"""The answer about a job that ran out of memory: where, why, what to change and what does not help.
Its JSON form is a stable contract (vidcalc.fix/1)."""

from vidcalc.report.estimate import Entry, HardwarePart, HostRoom, ModelPart, StageRow, Warning_
from vidcalc.report.units import Bytes, JobSettings, Seconds, Settings

SCHEMA = "vidcalc.fix/1"


class Said(Entry, frozen=True, kw_only=True, eq=False):
    """What the program said, in bytes; None where nothing was (`vidcalc.modelfiles.complaint`)."""

    kind: str
    asked: Bytes | None
    allocated: Bytes | None
    capacity: Bytes | None
    free: Bytes | None
    in_use: Bytes | None
    unallocated: Bytes | None
    shared: Bytes | None
    stage: str


class Reason(Entry, frozen=True, kw_only=True, eq=False):
    """What fills the device where memory runs out, in bytes.

    id         "running" (weights of the network that works), "idle" (weights that only stay there), "activations",
               "workspace" (of kernels), "pieces" (held by the allocator in pieces), "states" (gradients and optimizer)
    component  of weights: whose they are, or whose most of them are
    """

    id: str
    bytes: Bytes
    component: str = ""


class Remedy(Entry, frozen=True, kw_only=True, eq=False):
    """Changes with which the job fits: fields of plan, workload or training plan and their new values.

    peak and margin in bytes, `verdict` "fits" or "tight"; seconds of one generation, or of a training step, `slower`
    beyond the job as asked
    touches  what of the result is no longer the same: "seams", "weights", "clip", "batch", "adapters", "optimizer"
    """

    changes: Settings
    peak: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    seconds: Seconds
    slower: Seconds
    touches: list[str]


class Useless(Entry, frozen=True, kw_only=True, eq=False):
    """A change that people try and that does not make room: what the peak is with it [byte]."""

    changes: Settings
    peak: Bytes


class FixReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer.

    job      "generate" or "train"
    stage    where it ran out; known by "trace", "figures" (of the message against the predicted timeline), "order" (the
             first without room) or "peak"
    memory   "device" or "host": which ran out, or would
    verdict  of the job as predicted;  seconds  of a generation or a step
    reasons  what fills the device there, the most first
    ways     what to change, the best first;  useless  what does not help
    """

    schema: str = SCHEMA
    job: str
    model: ModelPart
    workload: JobSettings
    hardware: HardwarePart
    said: Said
    memory: str
    stage: str
    known_by: str
    stages: list[StageRow]
    capacity: Bytes
    peak: Bytes
    device: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    host_room: HostRoom | None
    seconds: Seconds
    reasons: list[Reason]
    ways: list[Remedy]
    useless: list[Useless]
    warnings: list[Warning_]
