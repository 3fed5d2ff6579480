"""The answer about the largest job that fits: ids and numbers in SI base units. Its JSON form is vidcalc.fit/1."""

from vidcalc.report.estimate import Entry, HostRoom, Warning_
from vidcalc.report.units import (
    Bytes,
    Dollars,
    Frames,
    JobSettings,
    Pixels,
    Samples,
    Seconds,
    Settings,
    Share,
    WholeCount,
    WholeGpus,
)

SCHEMA = "vidcalc.fit/1"


class Limits(Entry, frozen=True, kw_only=True, eq=False):
    """What a job may take; None: any amount.

    seconds, cost  of one video [s, USD];  host_ram  of a machine [byte]
    """

    seconds: Seconds | None = None
    cost: Dollars | None = None
    host_ram: Bytes | None = None


class FitRow(Entry, frozen=True, kw_only=True, eq=False):
    """One job that fits, and how it is run.

    changes   settings beside those asked for: fields of the plan or of the workload
    video     seconds that the clip lasts;  seconds  of one generation, likely, with their interval
    per_video seconds and cost [USD, None without a price] of one video of the batch
    peak      bytes of an accelerator at the largest stage;  device  what its driver shows then
    verdict   "fits", "tight", or "at_least" where bytes of some network are unknown
    host_ram  bytes of a machine;  host_room  with the system and the program, where it is known how much there is
    native    whether the model was made for clips of that length, or pictures of that size
    stored    bytes of a weight of the denoiser;  cache  the step cache, "none" without one
    command   what asks for that job alone, in that way
    """

    frames: Frames
    width: Pixels
    height: Pixels
    batch: Samples
    video: Seconds
    changes: Settings
    seconds: Seconds
    low: Seconds
    high: Seconds
    per_video: Seconds
    cost: Dollars | None
    peak: Bytes
    device: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    host_room: HostRoom | None
    native: bool
    precision: str
    stored: Share
    cache: str
    steps: WholeCount
    command: str = ""


class Lacking(Entry, frozen=True, kw_only=True, eq=False):
    """Why nothing fits: the smallest job, in the way that takes least of what none keeps to.

    at  "memory", "host_ram", "seconds" or "cost"
    """

    at: str
    row: FitRow


class FitReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer.

    largest   what is as large as it may be: "frames", "size" or "batch"
    workload  the job asked for, whose other numbers all rows have
    rows      jobs that no other beats, the largest first; empty where nothing fits
    bound     what keeps the first row from being larger: "memory", "host_ram", "seconds", "cost", "model", "search"
    ways, rungs  how many plans and how many sizes of the job were looked at
    native    the largest number of frames that the model was made for in one pass; 0: not published
    lacking   where nothing fits
    """

    model: str
    title: str
    accelerator: str
    name: str
    gpus: WholeGpus
    framework: str
    capacity: Bytes
    largest: str
    workload: JobSettings
    limits: Limits
    rows: list[FitRow]
    bound: str
    ways: WholeCount
    rungs: WholeCount
    native: Frames
    lacking: Lacking | None
    warnings: list[Warning_]
    schema: str = SCHEMA
