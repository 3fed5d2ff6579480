"""The answer about plans of a training run: ids and numbers in SI base units. Its JSON form is vidcalc.plan/1."""

from typing import Any

from vidcalc.report.estimate import Assumption, Entry, HardwarePart, ModelPart, Warning_

SCHEMA = "vidcalc.plan/1"


class PlanRow(Entry, frozen=True, kw_only=True, eq=False):
    """One plan that fits: its words and degrees, what a rank holds, how long the run takes and what it costs.

    words    sharding, reshard, checkpointing, recipe, optimizer, update, offload
    degrees  by field of the training plan;  batches: samples of a micro-batch, by bucket
    peak     bytes of a rank, with the interval of the verdict and what is left of the memory
    seconds  of the run;  per_sample: of one sample;  cost: USD of the run, None without a price
    """

    gpus: int
    words: dict[str, str]
    degrees: dict[str, int]
    batches: list[int | float]
    grad_accum: int
    global_batch: int | float
    peak: int | float
    low: int | float
    high: int | float
    margin: int | float
    verdict: str
    host_ram: int | float
    seconds: float
    seconds_per_step: float
    per_sample: float
    gpu_hours: float
    cost: float | None
    mfu: float
    parts: dict[str, float]


class Alternative(Entry, frozen=True, kw_only=True, eq=False):
    """The winner with one thing different, the rest following from it.

    id       what is different: a field of the training plan, "context" or "micro_batch", or "no_…" of a degree that
             would be 1;  value: what it would be
    missing  bytes that a rank lacks then; 0 where it fits;  slower: share of the run's time more (less: negative)
    """

    id: str
    value: str
    peak: int | float
    missing: int | float
    slower: float


class Why(Entry, frozen=True, kw_only=True, eq=False):
    """Why the winner wins.

    bound      what stands in the way of a faster run: "compute", "exchange", "idle" or "memory"
    shares     of the run's time: "compute", "exchange" (other ranks, host memory), "idle" (pipeline, launches,
               validation)
    unlimited  seconds of the best plan if memory had no limit [second]
    """

    bound: str
    shares: dict[str, float]
    unlimited: float
    alternatives: list[Alternative]


class CountRow(Entry, frozen=True, kw_only=True, eq=False):
    """What a search on one number of accelerators looked at, and its best plan; None where none fits.

    legal      plans that there are;  priced: those whose memory was reckoned, the others cannot fit
    fitting    plans that fit;  least: bytes of the plan that needs least [byte]; None where no plan is legal
    efficient  whether no other number of accelerators gives a run that is as short and as cheap
    """

    gpus: int
    legal: int
    priced: int
    fitting: int
    least: int | float | None
    efficient: bool
    best: PlanRow | None


class Help(Entry, frozen=True, kw_only=True, eq=False):
    """A change with which something fits, where nothing does: fields of the training plan or "gpus", and the peak."""

    changes: dict[str, Any]
    peak: int | float


class PlanReport(Entry, frozen=True, kw_only=True, eq=False):
    """The whole answer. `best` are the first plans in the order `by`, the winner first; empty where nothing fits.

    front  plans of the winner's number of accelerators that none beats in time and memory at once
    why    of the winner in time or cost; None of one that only needs the least memory
    missing, helps  where nothing fits: bytes that the least plan lacks, and changes that would help
    """

    schema: str = SCHEMA
    model: ModelPart
    hardware: HardwarePart
    by: str
    global_batch: int | float
    samples: int | float
    capacity: int | float
    counts: list[CountRow]
    best: list[PlanRow]
    front: list[PlanRow]
    why: Why | None
    missing: int | float
    helps: list[Help]
    assumptions: list[Assumption]
    warnings: list[Warning_]
