"""Jobs of a ladder in many ways, each priced once and only as far as somebody asks: memory first, then time.

    jobs = Jobs(rungs)
    jobs.memory(way, rung).verdict
    jobs.seconds(way, rung)

Ways that differ in the places of weights alone share all passes but the last. Over the whole ladder, bytes that a way
needs at least and its seconds are columns: what these rule out is never priced by itself.
"""

from collections.abc import Collection
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from vidcalc.account.memory import host_part, inference_memory
from vidcalc.account.time import Staged, staged, whole_time
from vidcalc.base.number import Column, Condition, Number, maximum, where
from vidcalc.cost import memory
from vidcalc.cost.seconds import Seconds
from vidcalc.cost.verdict import interval
from vidcalc.describe.workload import Stage, Workload
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import after_caching, before_caching, placed
from vidcalc.report.estimate import InferenceMemory
from vidcalc.search.rungs import Ladder
from vidcalc.search.ways import Way

Key: TypeAlias = tuple[int, int]
ALL = -1  # the whole ladder, as a column
ROUNDING = 1 - 1e-9  # of a bound in float64, beside the same in whole numbers
BY_LAYER = "group-leaf"  # a way of offloading that tells every layer from the others


class Bounds(NamedTuple):
    """What a way asks of memory, for the job of each rung.

    least   bytes of an accelerator that it cannot do without: no counter ever shows less [byte]
    beside  whether host memory has room, as far as it is known how much there is
    surely  whether "fits" is not ruled out, by the most that a counter may show or by the host
    asked   more of any being worse: bytes that wait in host memory or pass through it, those that are pinned, whether
            they are more than files mapped into memory; then bytes of weights on an accelerator in each stage, all of
            them and without what gives way. Of ways that are alike only these differ [byte]
    """

    least: Column
    beside: Condition
    surely: Condition
    asked: list[Column]


def holds(needed: InferenceMemory) -> bool:
    """Whether the machine has memory for a job, on its accelerators and, where it is known how much, beside them."""
    return needed.verdict != "too_big"


class Jobs:
    """The jobs of one ladder; ways are told apart by identity, so keep them.

    left_out  stages whose bytes and seconds are not asked for: what is left are bounds from below
    """

    def __init__(self, ladder: Ladder, left_out: Collection[Stage] = ()) -> None:
        self.ladder, self.left_out = ladder, left_out
        self._uncached: dict[tuple[object, ...], Ledger] = {}
        self._shared: dict[tuple[object, ...], Ledger] = {}
        self._ledgers: dict[Key, Ledger] = {}
        self._memory: dict[tuple[object, ...], InferenceMemory] = {}
        self._bounds: dict[tuple[object, ...], Bounds] = {}
        self._seconds: dict[Key, Seconds] = {}
        self._spent: dict[Key, Staged] = {}

    def memory(self, way: Way, rung: int) -> InferenceMemory:
        """What a rung's job needs in that way."""
        key = *way.held, rung
        if key not in self._memory:
            self._memory[key] = inference_memory(self.ledger(way, rung), way.question.hardware)
        return self._memory[key]

    def seconds(self, way: Way, rung: int) -> Seconds:
        """Seconds of one generation of a rung's job in that way."""
        key = id(way), rung
        if key not in self._seconds:
            self._seconds[key] = whole_time(self.spent(way, rung)[0])
        return self._seconds[key]

    def spent(self, way: Way, rung: int) -> Staged:
        """The same by stage, and in each by kind of work."""
        key = id(way), rung
        if key not in self._spent:
            self._spent[key] = staged(self.ledger(way, rung), way.question.hardware)
        return self._spent[key]

    def bounds(self, way: Way) -> Bounds:
        """What the memory of each rung's job is at least in that way."""
        if way.held not in self._bounds:
            self._bounds[way.held] = self._bounded(way)
        return self._bounds[way.held]

    def room(self, way: Way, rung: int) -> bool:
        """Whether an accelerator has room for a rung's job without its weights: if not, no way that is alike holds it,
        wherever these wait."""
        bare = memory.peak(memory.needed(memory.stages(self._unplaced(way, rung))))
        return bool(bare <= way.question.hardware.accelerator.reported)

    def likely(self, way: Way) -> Column:
        """Seconds of each rung's job in that way."""
        return self._column(self.seconds(way, ALL).likely)

    def _bounded(self, way: Way) -> Bounds:
        ledger, hardware = self.ledger(way, ALL), way.question.hardware
        stages, host = memory.stages(ledger), ledger.host
        rows = memory.held(stages, hardware.accelerator.capacity)
        beside = host_part(rows, host, hardware)
        weights = [nbytes for row in stages for nbytes in (row.weights, row.weights - row.yields)]
        waiting = maximum(host.resident, host.loading_peak), host.pinned, not host.mapped
        least = memory.peak(memory.needed(rows))
        word = "fits" if beside is None else beside.verdict
        sure = self._column(interval(least * ROUNDING - 1)[1]) <= hardware.accelerator.reported
        return Bounds(
            least=self._column(least),
            beside=self._column(where(word == "too_big", 0, 1)) > 0,
            surely=sure & (self._column(where(word == "fits", 1, 0)) > 0),
            asked=[self._column(each) for each in (*waiting, *weights)],
        )

    def _column(self, value: Number) -> Column:
        import numpy as np

        return np.broadcast_to(np.asarray(value, dtype=float), (len(self.ladder),))

    def _job(self, rung: int) -> Workload:
        return self.ladder.column() if rung == ALL else self.ladder.job(rung)

    def ledger(self, way: Way, rung: int) -> Ledger:
        """The job after every pass."""
        key = id(way), rung
        if key not in self._ledgers:
            _model, _job, hardware, plan = way.question
            self._ledgers[key] = placed(self._unplaced(way, rung), plan, hardware)
        return self._ledgers[key]

    def _unplaced(self, way: Way, rung: int) -> Ledger:
        """The job after every pass but the last, which ways that are alike share."""
        common = (*way.alike, rung)
        if common not in self._shared:
            model, asked, hardware, plan = way.question
            # every op by its name, which some ways of offloading ask for
            named = plan if plan.guidance_mode == "fitting" else replace(plan, offload=BY_LAYER)
            before = (*way.uncached, rung)
            if before not in self._uncached:
                job = replace(self._job(rung), steps=asked.steps)  # which a way may cut
                self._uncached[before] = before_caching(unroll(model, job, self.left_out), named, hardware)
            self._shared[common] = after_caching(self._uncached[before], named, hardware)
        return self._shared[common]
