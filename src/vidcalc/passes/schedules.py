"""Which steps a cache computes: the rules of the methods, as shares of all steps.

What counts step by step takes the number of steps as a plain number: `of_each` asks it for each of a sweep.
Sources: data/caches.toml, by method.
"""

from typing import NamedTuple

from vidcalc.base.number import Number, maximum, minimum, of_each
from vidcalc.catalog.caches import Ratios

TIMES = 1000  # timesteps of training, on which ranges of timesteps are stated


class Share(NamedTuple):
    """Share of the steps that are computed, and where it lies where that is not settled beforehand."""

    likely: Number
    low: Number
    high: Number


def settled(share: Number) -> Share:
    """A share that the method's parameters settle."""
    return Share(share, share, share)


def timesteps(steps: int, shift: float) -> list[float]:
    """The timesteps of a sampler: evenly spaced, then shifted towards noise as flow matching does."""
    even = (1 - step / steps for step in range(steps))
    # sigma' = s sigma / (1 + (s - 1) sigma)
    return [TIMES * shift * sigma / (1 + (shift - 1) * sigma) for sigma in even]


def broadcast(steps: float, every: float, low: float, high: float, calls: float, shift: float) -> float:
    """Share of an attention's calls that compute it: all outside of the range of timesteps, one of `every` within.

    calls  of a step: the counter counts these, whichever prediction they make
    """
    if every < 1:
        return 1.0
    times = timesteps(int(steps), shift)
    counted = [(time, number) for number, time in enumerate(time for time in times for _ in range(int(calls)))]
    computed = sum(number == 0 or not low < time < high or number % every == 0 for time, number in counted)
    return computed / len(counted)


def pairs(
    steps: float, every: float, below: float, alone: float, alone_below: float, guided: float, shift: float
) -> tuple[float, float]:
    """(share of a step's rows that run, share of them that run attention), of FasterCache.

    guided  1 where both predictions of a step share a call: below a timestep the second runs every `alone` steps, and
    attention is left out only where it does not; 0: attention every `every` steps.
    """
    run = attended = 0.0
    for step, time in enumerate(timesteps(int(steps), shift)):
        single = bool(guided) and step > 0 and time < alone_below and step % alone != 0
        skips = time < below and not (step > 0 and step % every == 0) and (single or not guided) and step > 0
        rows = 0.5 if single else 1.0
        run += rows
        attended += 0.0 if skips else rows
    return run / int(steps), attended / int(steps)


def interval(steps: float, every: float, before: float, after: float) -> float:
    """Share of the steps that TaylorSeer computes: the first ones, then one of `every`; all from step `after` on."""
    computed = sum(
        step < before or (step - before - 1) % every == 0 or bool(after and step >= after) for step in range(int(steps))
    )
    return computed / int(steps)


def magnitude(steps: float, curve: Ratios, threshold: float, longest: float, retention: float) -> float:
    """Share of the steps that MagCache computes: a step is skipped while the error that the ratios foretell stays below
    the threshold, and for no longer than `longest` steps."""
    count = int(steps)
    last = len(curve.steps) - 1
    computed, ratio, error, run = 0, 1.0, 0.0, 0
    for step in range(count):
        if step == 0 or step < int(retention * count + 0.5):
            computed += 1
            continue
        now = curve.steps[round(step * last / max(count - 1, 1))]
        ratio, run = ratio * now, run + 1
        error += abs(1 - ratio)
        if error > threshold or run > longest or (curve.jump and abs(1 - now) > curve.jump):
            computed, ratio, error, run = computed + 1, 1.0, 0.0, 0
    return computed / count


def foreseen(steps: Number, curves: tuple[Ratios, ...], threshold: float, longest: float, retention: float) -> Share:
    """MagCache's share by a model's own ratios; by those of other models it lies anywhere between the longest runs of
    skipped steps and none, and most likely in their middle."""

    def middle(count: float) -> float:
        found = sorted(magnitude(count, curve, threshold, longest, retention) for curve in curves)
        half = len(found) // 2
        return (found[half] + found[-half - 1]) / 2  # their median

    likely = of_each(middle, steps)
    return settled(likely) if len(curves) == 1 else Share(likely, retention + (1 - retention) / (longest + 1), 1.0)


def changed(steps: Number, forced: Number, share: float, spread: float, longest: float) -> Share:
    """Share of the steps that a cache computes which measures the change while it runs.

    forced  steps that are computed anyway;  share  of the others, by the law;  longest  run of skipped steps (0: any)
    """
    least = 1 / (longest + 1) if longest else 0.0

    def of(kept: float) -> Number:
        free = maximum(steps - forced, 0)
        return (steps - free + free * min(max(kept, least), 1.0)) / maximum(steps, 1)

    return Share(of(share), of(share / spread), of(share * spread))


def forced_steps(steps: Number, first: float, last: float) -> Number:
    """Steps at both ends that are always computed; numbers below 1 are shares of the steps."""
    ends: Number = 0
    for end in (first, last):
        ends = ends + (end * steps if end < 1 else end)
    return minimum(ends, steps)
