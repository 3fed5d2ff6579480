"""The largest job that a machine can do within limits: the longest clip, the largest picture, or the most at once.

    report = fit([Base({}, question)], lengths(model, workload), Limits(seconds=1200))

Every way of running every rung of the ladder is looked at. Of each way come the largest job, the largest that the model
was made for, and those that surely fit, for which the ladder is gone down in steps of an eighth of the largest job.
Listed are those that no other beats, neither another of these nor one of the same size in another way: as large, as
fast, as sure to fit, as well within what the model was made for, as little cut in quality, and better in one of these.

A rung may fit where a smaller one does not, for the holes of the allocator do not grow evenly: so a ladder is gone down
from the largest rung that nothing rules out, and none is passed over.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args

from vidcalc.catalog.precisions import precision
from vidcalc.cost.money import price, ranged
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.workload import Stage
from vidcalc.report.fit import FitReport, Limits
from vidcalc.search.fit_report import lacking, made, row
from vidcalc.search.jobs import Jobs, holds
from vidcalc.search.rungs import Ladder
from vidcalc.search.short import short_of
from vidcalc.search.ways import FREE, Base, Way, ways

if TYPE_CHECKING:
    import numpy as np

    Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
else:
    Flags: TypeAlias = Any
STEPS = 8  # of the largest job, in which surely fitting ones are looked for
SHORT, STRIDE = 64, 4 / 3  # rungs of a ladder that is not cut; how far apart rungs are looked at to cut a longer one
LEAST = 1 / 8  # of the largest job: a smaller one is not listed
BESIDE = tuple(stage for stage in get_args(Stage) if stage != "denoise")  # no bound of a long ladder needs them
CLOSE = 1e-9  # share by which a column of seconds may lie off the same seconds alone


class Spot(NamedTuple):
    """One rung in one way that keeps to all limits.

    place  of the way among all;  sure  whether its verdict is "fits";  native  whether the model was made for it
    """

    place: int
    rung: int
    seconds: float
    sure: bool
    native: bool


def fit(bases: Sequence[Base], ladder: Ladder, limits: Limits, free: Collection[str] = FREE) -> FitReport:
    """The largest jobs within the limits. Plain numbers only.

    bases  what was asked, first, and what may be tried instead;  free  settings that nobody stated
    """
    every = [way for base in bases for way in ways(base, free)]
    search = Search(every, shortened(every, ladder), limits)
    best = search.best()
    rows = [row(search.jobs, every[each.place], each.rung) for each in best]
    missing = None if rows else lacking(search.jobs, every, limits)
    bound = search.bound(best[0]) if best else ""
    return made(bases[0].question, ladder, limits, rows, bound, len(every), missing)


def shortened(every: Sequence[Way], ladder: Ladder) -> Ladder:
    """A long ladder up to two strides beyond the last rung at which some way may have room for the job."""
    if len(ladder) <= SHORT:
        return ladder
    places, size = [0], 1.0
    while places[-1] < len(ladder) - 1:
        size = max(size * STRIDE, size + 1)
        places.append(min(int(size), len(ladder) - 1))
    jobs = Jobs(ladder.only(places), BESIDE)
    rooms = [jobs.bounds(way).least <= way.question.hardware.accelerator.reported for way in every]
    last = max((int(room.nonzero()[0][-1]) for room in rooms if room.any()), default=0)
    return ladder.only(range(places[min(last + 2, len(places) - 1)] + 1))


def possible(bases: Sequence[Base], ladder: Ladder, limits: Limits, free: Collection[str] = FREE) -> bool:
    """Whether the smallest job keeps to the limits in some way."""
    search = Search([way for base in bases for way in ways(base, free)], ladder, limits)
    return any(search.spot(place, 0) for place in range(len(search.every)))


class Search:
    """The rungs of a ladder in many ways, against limits."""

    def __init__(self, every: Sequence[Way], ladder: Ladder, limits: Limits) -> None:
        self.every, self.jobs, self.limits = every, Jobs(ladder), limits

    def best(self) -> list[Spot]:
        """The largest jobs of the ways, those that no job beats, the largest first, then the fastest."""
        self.open = [self._open(way) for way in self.every]
        self.worth = self._worth()
        places, native = list(self.worth), self.jobs.ladder.native
        # the largest first: it says which are too small to be listed
        places.sort(key=lambda place: -int(self.open[place].nonzero()[0][-1]))
        found: list[Spot] = []
        for place in places:
            found += self._largest(place, self._down(self._least(found)))
        least = self._least(found)
        step = max(1, (1 + max((each.rung for each in found), default=0)) // STEPS)
        ends = [rung for rung, (here, further) in enumerate(pairwise((*native, native[-1]))) if here and not further]
        coarse = [rung for rung in self._down(least) if rung % step == 0 or rung in ends]
        for place in places:
            found += self._largest(place, coarse, sure=True)
        kept = [each for each in dict.fromkeys(found) if each.rung >= least and not self._beaten(each, found)]
        return sorted(kept, key=lambda each: (-each.rung, each.seconds, each.place))

    def spot(self, place: int, rung: int) -> Spot | None:
        """A rung in a way; None where it does not keep to the limits."""
        way = self.every[place]
        needed = self.jobs.memory(way, rung)
        if not holds(needed):
            return None
        seconds = float(self.jobs.seconds(way, rung).likely)
        if seconds > allowed(self.limits, way.question.hardware):
            return None
        return Spot(place, rung, seconds, needed.verdict == "fits", self.jobs.ladder.native[rung])

    def bound(self, spot: Spot) -> str:
        """What keeps a job from being one rung larger in its way."""
        ladder, rung, way = self.jobs.ladder, spot.rung + 1, self.every[spot.place]
        if rung == len(ladder):
            return ladder.ends
        short = short_of(self.jobs.memory(way, rung))
        if short:
            return short
        by_time, by_cost = ends(self.limits, way.question.hardware)
        return "seconds" if by_time <= by_cost else "cost"

    def _down(self, least: int) -> range:
        """The rungs from the top down to `least`."""
        return range(len(self.jobs.ladder) - 1, least - 1, -1)

    def _least(self, found: Sequence[Spot]) -> int:
        """The smallest rung that is worth listing beside the largest of these."""
        ladder = self.jobs.ladder
        most = max((ladder.measure(each.rung) for each in found), default=0)
        return next(rung for rung in range(len(ladder)) if ladder.measure(rung) >= LEAST * most)

    def _largest(self, place: int, rungs: Sequence[int], *, sure: bool = False) -> Iterator[Spot]:
        """The first of those rungs that keeps to the limits in a way, and the first that the model was made for."""
        native = self.jobs.ladder.native
        rooms = self.open[place] & self.jobs.bounds(self.every[place]).surely if sure else self.open[place]
        left = [rung for rung in rungs if rooms[rung]]
        for fully in (False, True):
            spots = (self.spot(place, rung) for rung in left if native[rung] >= fully)
            largest = next((spot for spot in spots if spot and spot.sure >= sure), None)
            if largest is None:
                return
            yield largest
            if largest.native:
                return

    def _open(self, way: Way) -> Flags:
        """Which rungs nothing rules out for a way."""
        hardware, limits = way.question.hardware, self.limits
        bounds = self.jobs.bounds(way)
        left = (bounds.least <= hardware.accelerator.reported) & bounds.beside
        most = allowed(limits, hardware)
        if most != float("inf") and left.any():
            left &= self.jobs.likely(way) <= most * (1 + CLOSE)
        return left

    def _worth(self) -> list[int]:
        """The ways that any rung is left of, without those that another beats on every rung whatever that needs."""
        left = [place for place, rungs in enumerate(self.open) if rungs.any()]
        kept: list[int] = []
        for place in sorted(left, key=lambda place: float(self.jobs.likely(self.every[place])[0])):
            if not any(self._outdone(place, other) for other in kept):
                kept.append(place)
        return kept

    def _outdone(self, place: int, other: int) -> bool:
        """Whether a way is nowhere faster than another that is alike but for less on the device and the host."""
        one, two, jobs = self.every[place], self.every[other], self.jobs
        if one.alike != two.alike:
            return False
        mine = jobs.likely(one), *jobs.bounds(one).asked
        theirs = jobs.likely(two), *jobs.bounds(two).asked
        return all(bool((less <= more).all()) for less, more in zip(theirs, mine, strict=True))

    def _beaten(self, spot: Spot, found: Sequence[Spot]) -> bool:
        """Whether some job beats it: one of those found, or one of the same size in another way."""
        if any(self._beats(other, spot) for other in found):
            return True
        mine = self.every[spot.place]
        for place in self.worth:
            way = self.every[place]
            if place == spot.place or not self.open[place][spot.rung] or not no_worse(way, mine):
                continue
            if self.jobs.likely(way)[spot.rung] > spot.seconds * (1 + CLOSE):
                continue
            other = self.spot(place, spot.rung)
            if other is not None and self._beats(other, spot):
                return True
        return False

    def _beats(self, one: Spot, other: Spot) -> bool:
        """Whether a job is as good as another in everything and better in something; of equals the first stands."""
        if one.rung < other.rung or one.seconds > other.seconds or one.sure < other.sure or one.native < other.native:
            return False
        mine, theirs = self.every[one.place], self.every[other.place]
        if not no_worse(mine, theirs):
            return False
        ahead = one.rung > other.rung or one.seconds < other.seconds or one.sure > other.sure
        return ahead or one.native > other.native or not no_worse(theirs, mine) or one.place < other.place


def allowed(limits: Limits, hardware: Hardware) -> float:
    """Seconds that a generation may take, by time and by money."""
    return min(ends(limits, hardware))


def ends(limits: Limits, hardware: Hardware) -> tuple[float, float]:
    """Seconds that a generation may take by time, and by money; a machine without a price costs nothing here."""
    by_time = float("inf") if limits.seconds is None else float(limits.seconds)
    offer = price(hardware.accelerator)
    if limits.cost is None or offer is None:
        return by_time, float("inf")
    # USD / (USD per accelerator-second x accelerators)
    each = float(ranged(offer, hardware.total)["likely"])
    return by_time, float(limits.cost) / each if each else float("inf")


def no_worse(one: Way, other: Way) -> bool:
    """Whether a way cuts quality no further than another: weights in as many bytes, as many steps, no other cache."""
    mine, theirs = one.question, other.question
    same = mine.plan.step_cache in ("none", theirs.plan.step_cache)
    stored = precision(mine.plan.precision).stored >= precision(theirs.plan.precision).stored
    return same and stored and bool(mine.workload.steps >= theirs.workload.steps)
