"""Ranks that see samples of different sizes in one step: all of them wait for the slowest.

A data loader either gives all ranks of a step the same bucket, or lets every data-parallel rank draw its own, as
Open-Sora's does (opensora/datasets/sampler.py: one bucket per replica and step). Draws are independent, each bucket as
often as its micro-batches are. With several micro-batches an update every one is waited for, as where gradients are
sharded and summed after each.
"""

from vidcalc.base.guest import named
from vidcalc.base.number import Number, maximum, where
from vidcalc.cost.seconds import NOTHING, Seconds

LEAST = 1e-300  # keeps a bucket that no step works on from dividing by nothing


def imbalance(steps: list[Seconds], counts: list[Number], ranks: Number, way: str) -> Seconds:
    """What a step takes longer than its mean because the slowest of `ranks` is waited for.

    steps   of each bucket;  counts  how many of the run's steps work on it
    way     "ranks": every rank draws a bucket of its own; "steps": all see the same one, so nothing is waited for
    """
    if way == "steps":
        return NOTHING
    by_rate = ([getattr(one, name) for one in steps] for name in ("low", "likely", "high"))
    low, likely, high = (
        named("slowest", slowest(values, counts, ranks), "s") - named("mean", mean(values, counts), "s")
        for values in by_rate
    )
    return Seconds(maximum(low, 0), maximum(likely, 0), maximum(high, 0), "assumed").called("imbalance")


def mean(values: list[Number], weights: list[Number]) -> Number:
    """Their mean by weight."""
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def slowest(values: list[Number], weights: list[Number], draws: Number) -> Number:
    """The expected largest of `draws` independent draws, each value as often as its weight.

    P(largest ≤ v) is P(v or less) to the power of `draws`; a value's share is what the power gains there, equal values
    sharing it by weight.
    """
    whole = named("all", sum(weights))
    expected: Number = 0
    for value, weight in zip(values, weights, strict=True):
        below = sum(where(other < value, 1, 0) * times for other, times in zip(values, weights, strict=True)) / whole
        equal = sum(where(other == value, 1, 0) * times for other, times in zip(values, weights, strict=True)) / whole
        below, equal = named("below", below), named("equal", equal)
        gained = (below + equal) ** draws - below**draws
        expected = expected + value * gained * (weight / whole) / maximum(equal, LEAST)
    return expected
