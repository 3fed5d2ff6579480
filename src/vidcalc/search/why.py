"""Why a plan wins: what bounds it, and what the plans beside it, one change away, lose.

A neighbour differs in one thing; data parallelism takes up the ranks that are left over, shards stay spread as far as
they were, and the micro-batch shrinks where the global batch asks for it.
"""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict, replace

from vidcalc.base.number import Number
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.sharing import SHARDING
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes import legal
from vidcalc.passes.degrees import context, replicas, world
from vidcalc.report.plan import Alternative, Why
from vidcalc.report.training import TrainingReport
from vidcalc.search import price
from vidcalc.search.exhaustive import Candidate, Search, place_of, search
from vidcalc.search.plans import Place, Space, factors

NOTICED = 0.01  # of the run's time: a faster plan beyond the memory's limit is worth telling from here on
EXCHANGE = ("communication", "transfer")
IDLE = ("bubble", "launch", "imbalance")
WHOLE = {"ulysses_degree": 1, "ring_degree": 1, "gather_degree": 1}

Change = tuple[str, str, dict[str, Any]]  # id, value, fields of the training plan


def why(request: Search, hardware: Hardware, winner: Candidate, report: TrainingReport) -> Why:
    """Why that plan, whose report is given, comes first in time."""
    free = replace(request, capacity=float("inf"), winner=True, by="time")
    (unlimited,) = search(free, {winner.world: hardware})
    shares = _shares(report)
    # share of the time that memory costs: against the best plan on endless memory
    gained = 1 - unlimited.best[0].seconds / winner.seconds
    return Why(
        bound="memory" if gained > NOTICED else max(shares, key=lambda name: shares[name]),
        shares=shares,
        unlimited=unlimited.best[0].seconds,
        alternatives=alternatives(request, hardware, winner),
    )


def _shares(report: TrainingReport) -> dict[str, float]:
    """Where the time of the run goes."""
    whole, parts = report.time.total, report.time.parts
    # seconds of a step's part x steps / seconds of the run
    share = report.run.steps / whole
    exchange = sum(parts[name] for name in EXCHANGE) * share
    idle = sum(parts[name] for name in IDLE) * share + report.time.validation / whole
    # the rest is work
    return {"compute": 1 - exchange - idle, "exchange": exchange, "idle": idle}


def alternatives(request: Search, hardware: Hardware, winner: Candidate) -> list[Alternative]:
    """The winner's neighbours, priced."""
    place = place_of(request, winner.world, hardware)
    capacity = hardware.accelerator.reported if request.capacity is None else request.capacity
    rows = []
    for name, value, changes in neighbours(winner, place, request.space):
        factor = changes.pop("factor", winner.factor)
        shaped = settled(replace(winner.training, **changes), winner, factor, place, request.space)
        if shaped is None:
            continue
        training, factor = shaped
        if factor == winner.factor and asdict(training) == asdict(winner.training):
            continue  # what followed from the change took it back
        one = price.block(request.run._replace(hardware=hardware), training, factor)
        peak, spent = price.peaks(one, training), price.seconds(one, training)
        rows.append(
            Alternative(
                id=name,
                value=value,
                peak=peak,
                # bytes beyond the device, 0 where it fits
                missing=max(peak - capacity, 0),
                slower=spent / winner.seconds - 1,
            )
        )
    return rows


def neighbours(winner: Candidate, place: Place, space: Space) -> Iterator[Change]:
    """Plans one change away, in the order they are told; some are not legal."""
    plan = winner.training
    tokens = context(plan)
    if tokens > 1:
        yield "no_context", "1", dict(WHOLE)
    else:
        yield "context", "2", {**WHOLE, "ulysses_degree": 2}
    at = SHARDING.index(plan.sharding)
    for word in SHARDING[max(at - 1, 0) : at] + SHARDING[at + 1 : at + 2]:
        yield "sharding", word, {"sharding": word, "reshard": "on"}
    if plan.sharding == "zero3":
        other = "off" if plan.reshard == "on" else "on"
        yield "reshard", other, {"reshard": other}
    if plan.sharding != "none" and replicas(plan) > place.node:
        other_shards = place.node if plan.shard_degree > place.node else replicas(plan)
        yield "shard_degree", str(other_shards), {"shard_degree": other_shards}
    for word in ("none", "full"):
        if word != plan.checkpointing and word in space.words.get("checkpointing", ()):
            yield "checkpointing", word, {"checkpointing": word}
    for name in ("tensor_degree", "pipeline_degree"):
        now = getattr(plan, name)
        for degree in dict.fromkeys((1, 2 * now)):
            if degree != now:
                yield f"no_{name}" if degree == 1 else name, str(degree), {name: degree}
    for factor in (winner.factor // 2, winner.factor * 2):
        if factor in factors(space):
            yield "micro_batch", str(factor), {"factor": factor}


def settled(
    plan: TrainingPlan, winner: Candidate, factor: int, place: Place, space: Space
) -> tuple[TrainingPlan, int] | None:
    """A neighbour with what follows from its change; None where that cannot be, or is against what was stated."""
    # ranks of one replica: data parallelism takes up the others
    inner = world(replace(plan, data_degree=1))
    across = "tensor_degree" not in space.degrees and place.node % plan.tensor_degree
    if winner.world % inner or across:
        return None
    plan = replace(plan, data_degree=winner.world // inner)
    # the micro-batch is halved until whole ones fill the global batch
    while space.units and space.units % (factor * plan.data_degree):
        if factor == 1:
            return None
        factor //= 2
    if space.units:
        plan = replace(plan, grad_accum=space.units // (factor * plan.data_degree))
    plan = replace(plan, shard_degree=_shards(plan, winner.training))
    stated = any(getattr(plan, name) != degree for name, degree in space.degrees.items())
    unsharded = plan.sharding != "none" and plan.shard_degree == 1
    if stated or unsharded or (plan.sharding, plan.reshard) not in space.shardings:
        return None
    return (plan, factor) if legal.legal(place.heads, place.depth, place.tokens, plan) else None


def _shards(plan: TrainingPlan, winner: TrainingPlan) -> Number:
    """As many shards as stated, as the winner's where they were not all replicas, else all."""
    copies = replicas(plan)
    if plan.sharding == "none":
        return 1
    if plan.shard_degree != winner.shard_degree and copies % plan.shard_degree == 0:
        return plan.shard_degree
    partly = winner.shard_degree not in (1, replicas(winner))
    return winner.shard_degree if partly and copies % winner.shard_degree == 0 else copies
