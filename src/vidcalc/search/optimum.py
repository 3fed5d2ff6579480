"""The size and data that a scaling law holds best for a budget, with FLOPs and seconds of a real network of that size.

Laws count FLOPs of short sequences. A video's attention costs more, so a size is best where a network of that size, on
the tape and on the hardware, spends the whole budget on just the tokens that the law wants for it. Networks are those
that `vidcalc.catalog.generic` makes of a count.
"""

from functools import cache
from math import exp, log

import msgspec

from vidcalc.account import samples
from vidcalc.account.run import dense
from vidcalc.base.number import Number
from vidcalc.calculate import bucket
from vidcalc.catalog import models
from vidcalc.catalog.generic import generic
from vidcalc.catalog.scaling import PER_TOKEN, Law, law
from vidcalc.cost.memory import peak
from vidcalc.cost.seconds import spread, total
from vidcalc.describe.question import Run
from vidcalc.describe.training import ADAPTED
from vidcalc.ledger.taping import sequence
from vidcalc.passes.degrees import world
from vidcalc.report.budget import Funds, Near, Optimum
from vidcalc.report.estimate import Warning_
from vidcalc.search.batch import judged

SMALLEST, LARGEST = 20_000_000, 10**13  # parameters looked among
CLOSE = 0.005  # of the logarithm of a size
NEAREST = 3  # models named


class Rate(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A network's sample on average over the buckets: tokens, model FLOPs [FLOP], accelerator-seconds with their band,
    and the most bytes on one accelerator."""

    tokens: float
    flops: float
    low: float
    likely: float
    high: float
    peak: int


def rated(params: int, question: Run) -> Rate:
    """The generic network of that size, trained as is asked of another."""
    _model, data, hardware, plan = question
    model = generic(params)
    sums: dict[str, Number] = {"tokens": 0.0, "flops": 0.0, "low": 0.0, "likely": 0.0, "high": 0.0}
    top = 0
    for size in data.buckets:
        cost = bucket(model, size, hardware, plan)
        spent = spread(total(cost.seconds), "step")
        # a sample's part of a step is 1 / global batch
        each = size.share / samples.global_batch(plan.training, size.batch)  # steps of a sample
        # accelerator-seconds: ranks x seconds of a step x steps of a sample
        ways = world(plan.training) * each
        sums["tokens"] += size.share * sequence(cost.ledger)
        # FLOP of a micro-batch x how often each sample is trained on / samples
        flops = cost.step.flops.model * cost.step.auxiliary.passes / size.batch
        sums["flops"] += size.share * flops
        sums["low"] += spent.low * ways
        sums["likely"] += spent.likely * ways
        sums["high"] += spent.high * ways
        top = max(top, int(peak(cost.stages)))
    return Rate(**{name: float(value) for name, value in sums.items()}, peak=top)


def optimum(name: str, spend: Funds, question: Run) -> Optimum | None:
    """What the law of that name says; None where the best size lies outside of all sizes looked among.

    Raises InputError("law", …).
    """
    chosen = law(name)
    rate = cache(lambda params: rated(params, question))

    def best(seconds: float, pace: str) -> int | None:
        """Where the tokens that the budget pays for are those that the law wants: fewer for larger networks."""

        def paid(params: int) -> bool:
            each = rate(params)
            # budget / accelerator-seconds of a sample x its tokens
            tokens = seconds / getattr(each, pace) * each.tokens
            return bool(tokens >= chosen.tokens(params, each.flops / each.tokens))

        # sizes lie apart by factors: halved in the logarithm
        low, high = log(SMALLEST), log(LARGEST)
        if not paid(SMALLEST) or paid(LARGEST):
            return None
        while high - low > CLOSE:
            middle = (low + high) / 2
            low, high = (middle, high) if paid(round(exp(middle))) else (low, middle)
        return round(exp(low))

    params = best(spend.gpu_seconds, "likely")
    if params is None:
        return None
    # the least money at the slowest pace, the most at the fastest
    few, many = best(spend.gpu_seconds_low, "high"), best(spend.gpu_seconds_high, "low")
    return _figures(chosen, params, (few or SMALLEST, many or LARGEST), rate(params), spend, question)


def _figures(chosen: Law, params: int, band: tuple[int, int], each: Rate, spend: Funds, question: Run) -> Optimum:
    """The best size in figures."""
    able = dense(question.hardware, question.plan.training)
    # samples that the budget lasts for
    seen = spend.gpu_seconds / each.likely
    tokens, flops = seen * each.tokens, seen * each.flops
    counted = flops if chosen.counting == "network" else PER_TOKEN * params * tokens
    # the size that the law itself gives for these FLOPs
    plain = chosen.params(flops)
    return Optimum(
        law=chosen.id,
        title=chosen.title,
        data=chosen.data,
        source=chosen.source,
        date=chosen.date,
        params=params,
        params_low=band[0],
        params_high=band[1],
        tokens=tokens,
        samples=seen,
        flops=flops,
        flops_6nd=PER_TOKEN * params * tokens,
        params_6nd=plain,
        tokens_6nd=flops / (PER_TOKEN * plain),
        fitted=list(chosen.fitted),
        checked=chosen.checked,
        beyond=counted / chosen.checked,
        mfu=flops / (spend.gpu_seconds * able),
        peak=each.peak,
        verdict=judged(each.peak, question.hardware),
        nearest=near(params),
    )


def near(params: int) -> list[Near]:
    """The catalogue's video transformers of about that size, the nearest first; none whose size is an estimate."""
    sizes = [
        Near(name=row["name"], params=row["params"])
        for row in models.summaries()
        if row["params"] and row["provenance"] == "exact" and row["kind"] != "unet" and row["frames"] > 1
    ]
    return sorted(sizes, key=lambda row: abs(log(row.params / params)))[:NEAREST]


def warnings(optima: list[Optimum], mode: str) -> list[Warning_]:
    """What to know about a law's answer: data of another kind, a budget far beyond those it was fitted on, adapters
    trained in the place of all weights."""
    cautions = []
    for each in optima:
        if mode in ADAPTED:
            cautions.append(Warning_(id="law_of_all_weights", values={"law": each.title}))
        if each.data != "video":
            cautions.append(Warning_(id="law_of_other_data", values={"law": each.title}))
        if each.beyond > 1:
            cautions.append(Warning_(id="law_extrapolated", values={"law": each.title, "times": round(each.beyond)}))
    return cautions
