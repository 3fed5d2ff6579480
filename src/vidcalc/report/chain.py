"""The answer about jobs that make one video in a row: each job's own report, and what they come to together.
Its JSON form is a stable contract (vidcalc.chain/1)."""

from vidcalc.report.estimate import Entry, HardwarePart, HostRoom, Report, Warning_
from vidcalc.report.units import Bytes, Dollars, GpuHours, Index, Joule, Seconds

SCHEMA = "vidcalc.chain/1"


class ChainJob(Entry, frozen=True, kw_only=True, eq=False):
    """One job of the row.

    report    the job by itself, without the stages that another makes
    takes     what it takes up: "" (the prompt), "latent" or "pixels" of the job before
    left_out  stages that another job makes
    beside    weights of the other jobs that stay on the accelerator meanwhile
    arrival   seconds in which its weights come from host memory, where those of the job before left
    """

    report: Report
    takes: str
    left_out: list[str]
    beside: Bytes
    arrival: Seconds


class ChainMemory(Entry, frozen=True, kw_only=True, eq=False):
    """Bytes on one accelerator over all jobs: the largest job's figures, with what stays beside it.

    between  "stay": all networks are on the accelerator throughout; "leave": a job's networks wait in host memory
             while another runs
    peak_job the job that needs most
    """

    between: str
    peak: Bytes
    peak_job: Index
    device: Bytes
    low: Bytes
    high: Bytes
    capacity: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    unsized: list[str]
    host_room: HostRoom | None = None


class ChainTime(Entry, frozen=True, kw_only=True, eq=False):
    """Seconds of one video through all jobs, arrivals included; `low` and `high` bound the total."""

    total: Seconds
    low: Seconds
    high: Seconds
    arrivals: Seconds
    gpu_hours: GpuHours


class ChainReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer. `cost` is of one call of all jobs, low, likely and high, at the prices of `provider`."""

    schema: str = SCHEMA
    hardware: HardwarePart
    jobs: list[ChainJob]
    memory: ChainMemory
    time: ChainTime
    cost: dict[str, Dollars]
    provider: str
    energy: dict[str, Joule]
    warnings: list[Warning_]
