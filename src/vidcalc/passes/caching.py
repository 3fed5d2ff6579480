"""Step and block caches: what a network made at one step is used again at the next, instead of being computed.

A step cache leaves out the repeated blocks of a step, or all but the first that decide (FirstBlockCache, DBCache); what
stands outside of them (embeddings, the last projection) runs at every step. A block cache leaves out modules, mostly
attention, each at calls of its own (pyramid attention broadcast, TaylorSeer, FasterCache). Which steps are computed
follows from the method's own rule (`vidcalc.passes.schedules`), which modules from what diffusers hooks
(data/cache_reach.toml). A call is priced as the average one: each op as often as it runs over the steps. What a cache
holds is in `vidcalc.passes.cached`. Without a cache nothing changes.
"""

from typing import NamedTuple

from msgspec.structs import replace

from vidcalc.base.guest import named
from vidcalc.base.number import Number, minimum, of_each, unchanged
from vidcalc.catalog.caches import Cache, law, ratios, read, usual
from vidcalc.catalog.reach import ATTENTION, BLOCKS, Hooked, hooked, module_of
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Op
from vidcalc.passes.cached import held, kept_result
from vidcalc.passes.guidance import turns_per_step
from vidcalc.passes.phases import DENOISER, rewrite
from vidcalc.passes.schedules import Share, broadcast, changed, forced_steps, foreseen, interval, pairs, settled

PLAIN = ("none", "stated")  # no cache, and a share that its user states


class Left(NamedTuple):
    """What a cache leaves of a network's calls, averaged over the steps.

    share    of the steps whose repeated blocks run, or of the calls of the modules;  blocks  that run at the others too
    modules  that it is about, blocks as "*", each with its share; None: the repeated blocks
    rows     share of a call's rows that run at all
    leader   the block that decides, "blocks.*": those before it (a control branch) run at every step; "": the first
    """

    share: Share
    blocks: Number = 0
    modules: dict[str, Number] | None = None
    rows: Number = 1
    leader: str = ""


def averaged(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The denoiser's average call: counts between those of a computed and of a skipped step; and the cached results.

    Nothing after this leaves work out: what is left is what is executed.
    """
    if plan.step_cache == "none":
        return rewrite(ledger, DENOISER, lambda phase: replace(phase, executed=phase.ops))

    def average(phase: Phase) -> Phase:
        left = remaining(ledger, plan, phase)
        counts = _counts(phase.ops, left, left.share.likely)
        ops = tuple(replace(op, count=count) for op, count in zip(phase.ops, counts, strict=True))
        return replace(
            phase,
            ops=ops,
            executed=ops,
            live={**phase.live, "cached": _held(ledger, plan, phase, left)},
            blocks_run=left.share.likely if left.modules is None else 1,
            varies=_varies(phase.ops, left, counts),
        )

    return rewrite(ledger, DENOISER, average)


def remaining(ledger: Ledger, plan: Plan, phase: Phase) -> Left:
    """What the plan's cache leaves of a phase of the denoiser."""
    if plan.step_cache in PLAIN:
        return Left(settled(plan.computed_steps), plan.cached_blocks)
    cache = read(plan.step_cache)
    modules = hooked(cache, phase.call.component.class_, plan.runtime.hooks)
    if not modules:
        return Left(settled(1), modules={})
    return RULES[cache.method.rule](cache, ledger, plan, modules)._replace(leader=modules.get(BLOCKS, ""))


def least(ledger: Ledger, plan: Plan, phase: Phase) -> Number:
    """The share of a phase of the denoiser that the plan's cache leaves of every op at least."""
    if plan.step_cache == "none":
        return 1
    left = remaining(ledger, plan, phase)
    share: Number = 1
    for each in (left.share.likely, *(left.modules or {}).values()):
        share = minimum(share, each)
    return share * left.rows


def _broadcast(cache: Cache, ledger: Ledger, plan: Plan, modules: Hooked) -> Left:
    numbers = cache.parameters
    span = numbers["from"], numbers["to"], turns_per_step(plan), ledger.shift
    kinds = dict.fromkeys(modules.values())
    shares = {kind: of_each(broadcast, ledger.steps, numbers[kind], *span) for kind in kinds}
    return Left(settled(next(iter(shares.values()))), modules={name: shares[kind] for name, kind in modules.items()})


def _pairs(cache: Cache, ledger: Ledger, plan: Plan, modules: Hooked) -> Left:
    numbers = cache.parameters
    stacked = plan.batched_forwards - 1  # both predictions share a call
    asked = (numbers["spatial"], numbers["to"], numbers["unconditional"], numbers["unconditional_to"])

    def part(index: int) -> Number:
        return of_each(lambda *case: pairs(*case)[index], ledger.steps, *asked, stacked, ledger.shift)

    rows = part(0)
    share = part(1) / rows
    return Left(settled(share), modules=dict.fromkeys(modules, share), rows=rows)


def _interval(cache: Cache, ledger: Ledger, plan: Plan, modules: Hooked) -> Left:
    numbers = cache.parameters
    share = of_each(interval, ledger.steps, numbers["interval"], numbers["before"], numbers["after"])
    return Left(settled(share), modules=dict.fromkeys(modules, share))


def _magnitude(cache: Cache, ledger: Ledger, plan: Plan, modules: Hooked) -> Left:
    asked = (cache.parameters["threshold"], cache.parameters["k"], cache.parameters["retention"])
    return Left(foreseen(ledger.steps, ratios(ledger.model), *asked))


def _change(cache: Cache, ledger: Ledger, plan: Plan, modules: Hooked) -> Left:
    middle, known = usual(cache, ledger.model)
    stated = cache.parameters["threshold"] or middle
    facts = law()
    # the more change is allowed, the fewer steps are computed
    share = facts["at_usual"] * (stated / middle) ** facts["power"]
    spread = facts["spread"]["known" if known else "unknown"]
    first, last = cache.number(cache.method.first), cache.number(cache.method.last)
    forced = forced_steps(ledger.steps, first, last)
    found = changed(ledger.steps, forced, share, spread, cache.parameters.get("k", 0))
    named_share = found._replace(likely=named("computed_steps", found.likely))
    return Left(named_share, cache.number(cache.method.blocks))


RULES = {
    "broadcast": _broadcast,
    "pairs": _pairs,
    "interval": _interval,
    "magnitude": _magnitude,
    "change": _change,
}


def _varies(ops: tuple[Op, ...], left: Left, likely: list[Number]) -> tuple[Number, Number]:
    """The least and the most that a call works over what it likely does, as its method leaves open how many steps are
    computed: by the FLOPs that are left."""
    share = left.share
    if share.low is share.likely is share.high:
        return 1, 1
    work = _flops(ops, likely)
    return (
        named("least", _flops(ops, _counts(ops, left, share.low)) / work),
        named("most", _flops(ops, _counts(ops, left, share.high)) / work),
    )


def _flops(ops: tuple[Op, ...], counts: list[Number]) -> Number:
    """FLOPs of ops that run so often."""
    return sum(op.flops * count for op, count in zip(ops, counts, strict=True))


def _counts(ops: tuple[Op, ...], left: Left, share: Number) -> list[Number]:
    """How often each op runs, as the average over the steps of which that share is computed."""
    if left.modules is not None:
        homes = [module(op, left.modules) for op in ops]
        shares = [left.rows * (left.modules.get(home, share) if home else 1) for home in homes]
        return [op.count * share for op, share in zip(ops, shares, strict=True)]
    # the repeated blocks that run first of those that are left out
    first = next((op.place.block for op in ops if op.place.block and _led(op, left.leader)), "")
    counts: list[Number] = []
    begun = False
    for op in ops:
        begun = begun or op.place.block == first
        block = op.place.block if begun else ""
        some = block == first and not unchanged(left.blocks, 0)
        kept = op.count if not block else minimum(left.blocks, op.count) if some else 0
        # computed steps run all of it; skipped ones what is outside of the blocks, and the first that decide
        counts.append(op.count * share + kept * (1 - share))
    return counts


def _led(op: Op, leader: str) -> bool:
    """Whether an op is in the block that decides."""
    return leader in ("", "*") or bool(module_of(op.path, (leader,)))


def module(op: Op, modules: dict[str, Number]) -> str:
    """The cached module of these that an op is in; "" in none."""
    if ATTENTION in modules:
        return op.place.part if op.place.block and op.place.role == "attention" else ""
    return module_of(op.path, modules)


def _held(ledger: Ledger, plan: Plan, phase: Phase, left: Left) -> Number:
    """Bytes of what the plan's cache keeps from step to step, over the ranks of a call."""
    turns = turns_per_step(plan)  # each prediction of a step has a cache of its own, on the rank that makes it
    if plan.step_cache in PLAIN:
        return kept_result(phase.taped, plan.cached_blocks) * turns
    if left.modules == {}:
        return 0
    cache = read(plan.step_cache)
    reached: dict[str, list[Op]] = {}
    for op in phase.taped.ops:
        if home := module(op, left.modules or {}):
            reached.setdefault(home, []).append(op)
    nbytes = held(cache, ledger, phase, reached)
    return nbytes * (turns if cache.method.share_of == "prediction" else 1)
