"""The best of all legal plans of a training run: every one is looked at, or proven not to be wanted.

    outcomes = search(request, machines)

Two proofs spare work. Where the least that any plan of a block can need does not fit, larger micro-batches under the
same words do not either. Where only the winner is wanted, a block whose work alone takes longer than the best plan
found so far is left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import Places
from vidcalc.calculate import workload_of
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.unroll import unroll
from vidcalc.passes.legal import depth
from vidcalc.search import front, plans, price
from vidcalc.search.plans import Columns, Place, Space

ORDERS = ("time", "cost", "memory")
MOST = 8  # plans kept that come first

Told = Callable[[int, int], None]  # blocks done, of all


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One plan that fits: on how many ranks, its words and degrees, times the stated micro-batch; bytes and seconds."""

    world: int
    training: TrainingPlan
    factor: int
    peak: float
    seconds: float

    def score(self, by: str) -> tuple[float, float]:
        """What it is ordered by; smaller is better."""
        keys = {
            "time": (self.seconds, self.peak),
            "cost": (self.seconds * self.world, self.peak),
            "memory": (self.peak, self.seconds),
        }
        return keys[by]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found on one number of ranks.

    legal     plans that there are;  priced  those whose memory was reckoned;  fitting  of those, what fits (where only
              the winner is wanted: of what was looked at)
    best      the first ones in the order asked for;  front  those that none beats in time and memory at once
    smallest  the least memory that any plan priced needs [byte], and that plan; None where no plan is legal
    """

    world: int
    legal: int
    priced: int
    fitting: int
    best: tuple[Candidate, ...]
    front: tuple[Candidate, ...]
    smallest: Candidate | None


class Search(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is asked: a run whose plan is open, what may be chosen, and in which order plans come.

    run       on one accelerator; a search is told on how many
    capacity  bytes that a plan may need; None: those of the accelerator
    winner    only the first plan is wanted
    pruned    False looks at every plan, to prove that leaving some out changes nothing
    """

    run: Run
    space: Space
    by: str = "time"
    capacity: float | None = None
    winner: bool = False
    pruned: bool = True


def search(request: Search, machines: Mapping[int, Hardware], progress: Told | None = None) -> list[Found]:
    """The best plans on each number of ranks, whose hardware `machines` has.

    progress  is called after every block with how many are done and how many there are
    """
    words, sizes = plans.worded(request.space, request.run.plan.training), plans.factors(request.space)
    whole, done = len(machines) * len(words) * len(sizes), 0
    outcomes = []
    for world, hardware in machines.items():
        walk = Walk(request, world, hardware)
        for training in words:
            for factor in sizes:
                done += 1
                more = walk.look(training, factor)
                if progress is not None:
                    progress(done, whole)
                if not more:  # what does not fit now fits less with larger micro-batches
                    # blocks that are left out count as done
                    done += len([size for size in sizes if size > factor])
                    break
        outcomes.append(walk.outcome())
    return outcomes


def place_of(request: Search, world: int, hardware: Hardware) -> Place:
    """Where plans on that many ranks must go."""
    model = request.run.model
    sizes = (workload_of(model, size) for size in request.run.data.buckets)
    tokens = min(int(unroll(model, size).video_tokens) for size in sizes)
    node = int(hardware.count)
    return Place(world=world, node=node, heads=model.denoiser.heads, depth=depth(model), tokens=tokens)


class Walk:
    """The way through all blocks on one number of ranks, and the best plans met on it."""

    def __init__(self, request: Search, world: int, hardware: Hardware) -> None:
        self.request, self.world, self.hardware = request, world, hardware
        self.capacity = hardware.accelerator.reported if request.capacity is None else request.capacity
        place, space = place_of(request, world, hardware), request.space
        self.tables: dict[tuple[int, tuple[str, str]], Columns] = {
            (factor, sharding): plans.grid(place, space, sharding, factor, request.run.plan.training)
            for factor in plans.factors(space)
            for sharding in space.shardings
        }
        wanted = [table for table in self.tables.values() if plans.size(table)]
        self.shapes = price.Shapes(wanted) if wanted else None
        self.blocks = len(plans.worded(space, request.run.plan.training))
        self.memo: dict[Any, Any] = {}
        self.priced = self.fitting = 0
        self.best: list[Candidate] = []
        self.front: list[Candidate] = []
        self.smallest: Candidate | None = None

    def look(self, training: TrainingPlan, factor: int) -> bool:
        """Price a block; whether larger micro-batches under the same words may fit."""
        tables = {key[1]: table for key, table in self.tables.items() if key[0] == factor and plans.size(table)}
        if not tables:
            return True
        one = price.block(self.request.run._replace(hardware=self.hardware), training, factor)
        one = replace(one, shapes=self.shapes, memo=self.memo)
        if self._beaten(one):
            return True
        fits = False
        for sharding, table in tables.items():
            fits |= self._table(one, sharding, table)
        return fits or not self.request.pruned or not self._hopeless(one)

    def _beaten(self, one: price.Block) -> bool:
        """Whether no plan of the block can come before the best one."""
        if not (self.request.winner and self.request.pruned and self.best) or self.request.by == "memory":
            return False
        # its work alone, evenly spread, is longer than the best whole run
        return price.bound(one, self.world) > self.best[0].seconds

    def _hopeless(self, one: price.Block) -> bool:
        """Whether the least that any plan of the block can need does not fit, whatever is accumulated."""
        import numpy as np

        smallest = min(factor for factor, _sharding in self.tables)  # its degrees are those of all sizes and more
        for sharding in self.request.space.shardings:
            table = self.tables[smallest, sharding]
            free = {name: column for name, column in table.items() if name != "grad_accum"}
            if plans.size(table) and np.any(price.floor(one, price.training_of(one, sharding, free)) <= self.capacity):
                return False
        return True

    def _table(self, one: price.Block, sharding: tuple[str, str], table: Columns) -> bool:
        """Price the plans of one way of sharding; whether any fits."""
        import numpy as np

        plan = price.training_of(one, sharding, table)
        needed = np.asarray(price.peaks(one, plan))
        short = np.broadcast_to(price.short_of_host(one, plan), needed.shape)
        self.priced += needed.size
        # the least of those that host memory holds, where it holds any
        least = int(np.where(short & ~short.all(), np.inf, needed).argmin())
        if self.smallest is None or needed[least] < self.smallest.peak:
            self.smallest = self._candidate(one, sharding, table, least, float(needed[least]), float("nan"))
        rows = np.flatnonzero((needed <= self.capacity) & ~short)
        self.fitting += rows.size
        if not rows.size:
            return False
        places = self.shapes.places[id(table)][rows] if self.shapes else None
        table, needed = {name: column[rows] for name, column in table.items()}, needed[rows]
        spent = np.asarray(price.seconds(one, price.training_of(one, sharding, table), places))
        first, second = (needed, spent) if self.request.by == "memory" else (spent, needed)
        kept = 1 if self.request.winner else MOST

        def met(rows: Places) -> list[Candidate]:
            figures = ((int(row), float(needed[row]), float(spent[row])) for row in rows)
            return [self._candidate(one, sharding, table, *each) for each in figures]

        more = (*self.best, *met(front.best(first, second, kept)))
        self.best = sorted(more, key=lambda each: each.score(self.request.by))[:kept]
        if not self.request.winner:
            self.front = _merged(self.front, met(front.front(spent, needed)))
        return True

    def _candidate(
        self, one: price.Block, sharding: tuple[str, str], table: Columns, place: int, peak: float, seconds: float
    ) -> Candidate:
        training = price.training_of(one, sharding, plans.row(table, place))
        return Candidate(world=self.world, training=training, factor=one.factor, peak=peak, seconds=seconds)

    def outcome(self) -> Found:
        """What the walk has met."""
        return Found(
            world=self.world,
            # each set of words has every row of the tables
            legal=self.blocks * sum(map(plans.size, self.tables.values())),
            priced=self.priced,
            fitting=self.fitting,
            best=tuple(self.best),
            front=tuple(self.front),
            smallest=self.smallest,
        )


def _merged(best: list[Candidate], more: list[Candidate]) -> list[Candidate]:
    """The front of two fronts."""
    import numpy as np

    every = [*best, *more]
    spent, needed = np.array([each.seconds for each in every]), np.array([each.peak for each in every])
    return [every[place] for place in front.front(spent, needed)]
