"""The largest job that a machine can do within limits: the longest clip, the largest picture, or the most at once.

    report = fit([Base({}, question)], lengths(model, workload), Limits(seconds=1200))

Every way of running every rung of the ladder is a candidate. Listed are the largest jobs of each way that no other job
beats: none is as large, as fast, as sure to fit, as well within what the model was made for and as little cut in
quality, and better in one of these. A rung may fit where a smaller one does not, for the holes of the allocator do not
grow evenly: so a ladder is gone down from the largest rung that nothing rules out, and none is passed over.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from vidcalc.catalog.precisions import precision
from vidcalc.cost.money import price, ranged
from vidcalc.cost.verdict import interval
from vidcalc.describe.hardware import Hardware
from vidcalc.report.fit import FitReport, Limits
from vidcalc.search.fit_report import lacking, made, row
from vidcalc.search.jobs import Jobs
from vidcalc.search.rungs import Ladder
from vidcalc.search.ways import FREE, Base, Way, ways

CLOSE = 1e-9  # share by which a column of seconds may lie off the same seconds alone


class Spot(NamedTuple):
    """One rung in one way that keeps to all limits.

    place  of the way among all;  sure  whether its verdict is "fits";  native  whether the model was made for it
    """

    way: Way
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
    search = Search(every, ladder, limits)
    best = search.best()
    rows = [row(search.jobs, each.way, each.rung) for each in best]
    missing = None if rows else lacking(search.jobs, every, limits)
    bound = search.bound(best[0]) if best else ""
    return made(bases[0].question, ladder, limits, rows, bound, len(every), missing)


class Search:
    """The rungs of a ladder in many ways, against limits."""

    def __init__(self, every: Sequence[Way], ladder: Ladder, limits: Limits) -> None:
        self.every, self.jobs, self.limits = every, Jobs(ladder), limits

    def best(self) -> list[Spot]:
        """The largest jobs of the ways, those that no job beats, the largest first, then the fastest."""
        found = [spot for place in range(len(self.every)) for spot in self._largest(place)]
        kept = [each for each in found if not self._beaten(each, found)]
        return sorted(kept, key=lambda each: (-each.rung, each.seconds, each.place))

    def spot(self, place: int, rung: int) -> Spot | None:
        """A rung in a way; None where it does not keep to the limits."""
        way = self.every[place]
        needed = self.jobs.memory(way, rung)
        most = self.limits.host_ram
        if needed.verdict == "too_big" or (most is not None and needed.host_ram > most):
            return None
        seconds = self.jobs.seconds(way, rung).likely
        if seconds > allowed(self.limits, way.question.hardware):
            return None
        return Spot(way, place, rung, seconds, needed.verdict == "fits", self.jobs.ladder.native[rung])

    def bound(self, spot: Spot) -> str:
        """What keeps a job from being one rung larger in its way."""
        ladder, rung = self.jobs.ladder, spot.rung + 1
        if rung == len(ladder):
            return ladder.ends
        needed, most = self.jobs.memory(spot.way, rung), self.limits.host_ram
        if needed.verdict == "too_big":
            return "memory"
        if most is not None and needed.host_ram > most:
            return "host_ram"
        by_time, by_cost = ends(self.limits, spot.way.question.hardware)
        return "seconds" if by_time <= by_cost else "cost"

    def _largest(self, place: int) -> Iterator[Spot]:
        """The largest rungs of a way: of all, of those that surely fit, of those the model was made for, and of those
        that are both; each once."""
        likely, surely = self._open(place)
        found: set[int] = set()
        for sure in (False, True):
            for native in (False, True):
                rungs = (rung for rung in (surely if sure else likely) if self.jobs.ladder.native[rung] >= native)
                spots = (spot for rung in rungs if (spot := self.spot(place, rung)) and spot.sure >= sure)
                largest = next(spots, None)
                if largest and largest.rung not in found:
                    found.add(largest.rung)
                    yield largest

    def _open(self, place: int) -> tuple[list[int], list[int]]:
        """The rungs that nothing rules out for a way, and those that may surely fit; the largest first."""
        import numpy as np

        way, limits = self.every[place], self.limits
        hardware, least = way.question.hardware, self.jobs.least(way)
        capacity = hardware.accelerator.reported
        likely = least <= capacity
        if limits.host_ram is not None:
            likely &= self.jobs.host(way) <= limits.host_ram
        most = allowed(limits, hardware)
        if np.isfinite(most) and likely.any():
            likely &= self.jobs.likely(way) <= most * (1 + CLOSE)
        surely = likely & (interval(least)[1] <= capacity)
        return [np.flatnonzero(each)[::-1].tolist() for each in (likely, surely)]

    def _beaten(self, spot: Spot, found: list[Spot]) -> bool:
        """Whether some job beats it: another's largest, or one of the same size in another way."""
        if any(beats(other, spot) for other in found):
            return True
        for place, way in enumerate(self.every):
            if place != spot.place and no_worse(way, spot.way):
                other = self.spot(place, spot.rung)
                if other is not None and beats(other, spot):
                    return True
        return False


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
    each = ranged(offer, hardware.total)["likely"]
    return by_time, limits.cost / each if each else float("inf")


def beats(one: Spot, other: Spot) -> bool:
    """Whether a job is as good as another in everything and better in something; of equals the first stands."""
    if one.rung < other.rung or one.seconds > other.seconds or one.sure < other.sure or one.native < other.native:
        return False
    if not no_worse(one.way, other.way):
        return False
    ahead = one.rung > other.rung or one.seconds < other.seconds or one.sure > other.sure or one.native > other.native
    return ahead or not no_worse(other.way, one.way) or one.place < other.place


def no_worse(one: Way, other: Way) -> bool:
    """Whether a way cuts quality no further than another: weights in as many bytes, as many steps, no other cache."""
    mine, theirs = one.question, other.question
    same = mine.plan.step_cache in ("none", theirs.plan.step_cache)
    stored = precision(mine.plan.precision).stored >= precision(theirs.plan.precision).stored
    return same and stored and mine.workload.steps >= theirs.workload.steps
