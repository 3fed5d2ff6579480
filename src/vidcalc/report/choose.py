"""The answer about which machine to take: ids and numbers in SI base units. Its JSON form is vidcalc.choose/1."""

from vidcalc.report.estimate import Entry, HostRoom
from vidcalc.report.units import (
    Bytes,
    DollarRate,
    Dollars,
    JobSettings,
    Seconds,
    Settings,
    VideoRate,
    WholeCount,
    WholeGpus,
)

SCHEMA = "vidcalc.choose/1"


class Wanted(Entry, frozen=True, kw_only=True, eq=False):
    """What a machine must keep to; None: anything.

    seconds  of one generation;  cost  of it [USD];  rate  videos an hour that machines of its kind make together
    """

    seconds: Seconds | None = None
    cost: Dollars | None = None
    rate: VideoRate | None = None
    host_ram: Bytes | None = None


class Choice(Entry, frozen=True, kw_only=True, eq=False):
    """One machine with the fastest way of running the job that fits on it.

    kind      consumer, workstation, datacenter, soc or asic;  gpus  of one machine
    changes   settings beside those asked for: fields of the plan
    seconds   of one generation, likely, with their interval
    per_hour  price of one machine [USD/hour], by what class of provider;  cost  of one generation [USD]; None without
    peak, device  bytes of an accelerator, and what its driver shows;  verdict  "fits", "tight" or "at_least"
    host_ram  bytes of a machine;  host_room  with the system and the program, where it is known how much there is
    machines  that make the rate asked for, and what they cost [USD/hour]; one where none is asked
    front     whether no other machine is as fast, as cheap and as sure to fit
    command   what asks for that job on that machine
    """

    accelerator: str
    name: str
    kind: str
    gpus: WholeGpus
    changes: Settings
    seconds: Seconds
    low: Seconds
    high: Seconds
    per_hour: DollarRate | None
    provider: str
    as_of: str
    cost: Dollars | None
    peak: Bytes
    device: Bytes
    capacity: Bytes
    verdict: str
    host_ram: Bytes
    host_room: HostRoom | None
    machines: WholeCount
    rate_cost: DollarRate | None
    front: bool
    command: str = ""


class Near(Entry, frozen=True, kw_only=True, eq=False):
    """Where no machine keeps to what is wanted: the one that comes nearest, and what it fails at.

    at  "memory", "host_ram", "seconds" or "cost"
    """

    at: str
    row: Choice


class ChooseReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer.

    rows      machines that keep to what is wanted, the cheapest first, those without a price last, the fastest first
    machines, ways  how many machines and plans were looked at
    unpriced  accelerators that were left out for want of a price
    """

    model: str
    title: str
    framework: str
    workload: JobSettings
    wanted: Wanted
    rows: list[Choice]
    machines: WholeCount
    ways: WholeCount
    unpriced: WholeCount
    near: Near | None
    schema: str = SCHEMA
