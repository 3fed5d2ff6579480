"""Seconds that a job with something cut cannot stay below, from those of the same job uncut, which was priced already.

Fewer steps take their share of the denoising, a cache leaves at least so much of every op, fewer bits change products
alone: attention, convolutions and elementwise work stay. Copies, launches and exchanges, which hide behind work, count
for nothing.
"""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec.structs import replace

from vidcalc.passes.caching import least
from vidcalc.search.jobs import Jobs
from vidcalc.search.ways import Way

WORK = ("attention", "convolution", "pointwise")  # what number formats of weights leave as it is
PRODUCTS = "matmul"
CUTS = ("precision", "step_cache", "steps")
ROUNDING = 1 - 1e-9  # a bound on a sum of floats, in another order than the sum itself
Key: TypeAlias = tuple[object, ...]


class Floors:
    """Ways that were priced, and what they say of those that cut something beside."""

    def __init__(self) -> None:
        self._priced: dict[Key, tuple[Jobs, Way]] = {}

    def add(self, jobs: Jobs, every: Iterable[Way]) -> None:
        """Remember ways whose one job is priced."""
        self._priced.update({_key(way): (jobs, way) for way in every})

    def seconds(self, way: Way) -> float:
        """Seconds that a way is not below; 0 where nothing is known of it uncut."""
        known = self._priced.get(_key(way))
        if known is None:
            return 0.0
        jobs, uncut = known
        asked, plain = way.question, uncut.question
        stages, kinds = jobs.spent(uncut, 0)
        beside = sum(float(each.likely) for name, each in stages.items() if name != "denoise")
        if plain.plan.step_cache != "none":
            return beside * ROUNDING
        spent = kinds["denoise"]
        work = sum(float(spent.get(kind, 0)) for kind in WORK)
        if asked.plan.precision == plain.plan.precision:
            work += float(spent.get(PRODUCTS, 0))
        ledger = replace(jobs.ledger(uncut, 0), steps=asked.workload.steps)
        own = (phase for phase in ledger.phases if phase.id == "denoise" and phase.own)
        share = min(float(least(ledger, asked.plan, phase)) for phase in own)
        # seconds of all steps x the share of them that there are x the share of each that runs
        return (beside + work * float(asked.workload.steps / plain.workload.steps) * share) * ROUNDING


def _key(way: Way) -> Key:
    """What a way has in common with itself uncut: the machine, the sharing, the tiles, the place of weights."""
    model, _job, hardware, plan = way.question
    kept = sorted((name, value) for name, value in way.changes.items() if name not in CUTS)
    return model.name, hardware.accelerator.id, hardware.total, plan.vae_tiling, plan.offload, *kept
