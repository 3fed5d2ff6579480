"""The answer about plans of a training run: ids and numbers in SI base units. Its JSON form is vidcalc.plan/1."""

from vidcalc.report.estimate import Assumption, Entry, HardwarePart, ModelPart, Warning_
from vidcalc.report.units import Bytes, Dollars, GpuHours, Samples, Seconds, Settings, Share, WholeCount, WholeGpus

SCHEMA = "vidcalc.plan/1"


class PlanRow(Entry, frozen=True, kw_only=True, eq=False):
    """One plan that fits: its words and degrees, what a rank holds, how long the run takes and what it costs.

    words    sharding, reshard, checkpointing, recipe, optimizer, update, offload
    degrees  by field of the training plan;  batches: samples of a micro-batch, by bucket
    peak     bytes of a rank, with the interval of the verdict and what is left of the memory
    seconds  of the run;  per_sample: of one sample;  cost: USD of the run, None without a price
    command  what asks for that plan alone
    """

    gpus: WholeGpus
    words: dict[str, str]
    degrees: dict[str, WholeGpus]
    batches: list[Samples]
    grad_accum: WholeCount
    global_batch: Samples
    peak: Bytes
    low: Bytes
    high: Bytes
    margin: Bytes
    verdict: str
    host_ram: Bytes
    seconds: Seconds
    seconds_per_step: Seconds
    per_sample: Seconds
    gpu_hours: GpuHours
    cost: Dollars | None
    mfu: Share
    parts: dict[str, Seconds]
    command: str = ""


class Alternative(Entry, frozen=True, kw_only=True, eq=False):
    """The winner with one thing different, the rest following from it.

    id       what is different: a field of the training plan, "context" or "micro_batch", or "no_…" of a degree that
             would be 1;  value: what it would be
    missing  bytes that a rank lacks then; 0 where it fits;  slower: share of the run's time more (less: negative)
    """

    id: str
    value: str
    peak: Bytes
    missing: Bytes
    slower: Share


class Why(Entry, frozen=True, kw_only=True, eq=False):
    """Why the winner wins.

    bound      what stands in the way of a faster run: "compute", "exchange", "idle" or "memory"
    shares     of the run's time: "compute", "exchange" (other ranks, host memory), "idle" (pipeline, launches,
               validation)
    unlimited  seconds of the best plan if memory had no limit [second]
    """

    bound: str
    shares: dict[str, Share]
    unlimited: Seconds
    alternatives: list[Alternative]


class CountRow(Entry, frozen=True, kw_only=True, eq=False):
    """What a search on one number of accelerators looked at, and its best plan; None where none fits.

    legal      plans that there are;  priced: those whose memory was reckoned, the others cannot fit
    fitting    plans that fit;  least: bytes of the plan that needs least [byte]; None where no plan is legal
    efficient  whether no other number of accelerators gives a run that is as short and as cheap
    """

    gpus: WholeGpus
    legal: WholeCount
    priced: WholeCount
    fitting: WholeCount
    least: Bytes | None
    efficient: bool
    best: PlanRow | None


class Help(Entry, frozen=True, kw_only=True, eq=False):
    """A change with which something fits, where nothing does: fields of the training plan or "gpus", and the peak."""

    changes: Settings
    peak: Bytes


class PlanReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer. `best` are the first plans in the order `by`, the winner first; empty where nothing fits.

    front  plans of the winner's number of accelerators that none beats in time and memory at once
    why    of the winner in time or cost; None of one that only needs the least memory
    missing, helps  where nothing fits: bytes that the least plan lacks, and changes that would help
    lacking         of which memory: "device", or "host" (the capacity is then a machine's)
    """

    schema: str = SCHEMA
    model: ModelPart
    hardware: HardwarePart
    by: str
    global_batch: Samples
    samples: Samples
    capacity: Bytes
    counts: list[CountRow]
    best: list[PlanRow]
    front: list[PlanRow]
    why: Why | None
    missing: Bytes
    helps: list[Help]
    assumptions: list[Assumption]
    warnings: list[Warning_]
    lacking: str = "device"
