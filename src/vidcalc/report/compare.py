"""The answer about jobs side by side: what differs between them, what each takes, and where the difference comes from.
Its JSON form is a stable contract (vidcalc.compare/1)."""

from vidcalc.report.estimate import Entry, Relief
from vidcalc.report.units import Bytes, Dollars, Flop, Index, Joule, Seconds, Settings, Share

SCHEMA = "vidcalc.compare/1"


class CompareJob(Entry, frozen=True, kw_only=True, eq=False):
    """One job: what of it the others have otherwise, and its figures.

    differs    settings in which not all jobs agree, by name, and this job's values
    stages     bytes of each stage;  spent  seconds of each stage
    relief     what would make it fit where it does not, the fastest first
    per_second seconds of work for each second of video;  cost  of one generation, None without a price
    """

    model: str
    title: str
    gpu: str
    differs: Settings
    verdict: str
    peak: Bytes
    peak_stage: str
    device: Bytes
    margin: Bytes
    capacity: Bytes
    host_ram: Bytes
    seconds: Seconds
    low: Seconds
    high: Seconds
    per_step: Seconds
    per_second: Share
    cost: Dollars | None
    energy: Joule | None
    flops: Flop
    stages: dict[str, Bytes]
    spent: dict[str, Seconds]
    relief: list[Relief] = []  # noqa: RUF012 (each record has its own)


class Difference(Entry, frozen=True, kw_only=True, eq=False):
    """Why a job takes another time and another peak than the first.

    ratio   of its time to the first's;  stage  that makes most of the difference, of `more` seconds
    calls, work, speed  of the denoiser, each over the first's: calls, FLOPs of a call, FLOPs in a second
    bytes   of the peak beyond the first's;  weights, activations, other  of that, at the stages where the peaks are
    """

    job: Index
    ratio: Share
    stage: str
    more: Seconds
    calls: Share
    work: Share
    speed: Share
    bytes: Bytes
    weights: Bytes
    activations: Bytes
    other: Bytes


class CompareReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer. `alike` are settings that all jobs share; `differences` are of each job but the first."""

    schema: str = SCHEMA
    alike: Settings
    jobs: list[CompareJob]
    differences: list[Difference]
