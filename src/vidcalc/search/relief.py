"""What to change so that a generation fits: single settings and small combinations of them, the fastest first.

Every change is one that people make by hand: the VAE in tiles, weights that wait in host memory, weights in fewer
bits, guidance in two calls. Where the video itself may shrink, one smaller clip is offered as the last way.
A combination is listed only where no part of it is enough.
"""

from collections.abc import Iterator
from itertools import product
from math import ceil
from typing import Any

from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.account.time import inference_time
from vidcalc.catalog.offered import ORDER
from vidcalc.catalog.precisions import precision
from vidcalc.describe.geometry import snap
from vidcalc.describe.question import Question
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import first_step, rewritten
from vidcalc.passes.formats import of_a_chip
from vidcalc.passes.legal import depth
from vidcalc.report.estimate import InferenceMemory, Relief, Report
from vidcalc.tape.trace import tiles

MOST = 4  # ways listed
PRICED = 10  # ways whose time is worth predicting: those of the fewest changes
SAME = 0.005  # of the time of a generation
BY_ROOM = ("partial", "dynamic-swap")  # what has no room comes: tried where the framework is known to do so
USUAL = ("encoders", "model", "group", "group-leaf", "sequential")  # of a framework of which nothing is known
APART = ("none", "encoders-streamed", "group-wait", *BY_ROOM)  # what a slower one, or one with a stream, does as well
SWAPS = (1 / 4, 1 / 2, 3 / 4, 1)  # of the denoiser's blocks
FEWER_BITS = ("fp8", "nf4")
SMALLER = (3 / 4, 2 / 3, 1 / 2, 1 / 3, 1 / 4)  # of the frames, or of each side

Changes = dict[str, Any]


def relief(question: Question, seconds: float, most: int = MOST) -> list[Relief]:
    """Ways in which the job fits, the fastest first; empty where none of those tried does. Plain numbers only.

    seconds  of one generation as asked
    """
    whole = unroll(question.model, question.workload)
    ways = [
        _way(changes, needed, _seconds(changed, whole, ledger), seconds)
        for changes, needed, ledger, changed in _minimal(question, whole)[:PRICED]
    ]
    # what differs by less than can be told apart counts as equally fast; then what keeps the weights as they are
    # rounded to what is told apart: differences in steps of SAME of the time
    ways.sort(key=lambda way: (round(way.slower / (SAME * seconds)), "precision" in way.changes, way.seconds))
    if len(ways) >= most:
        return ways[:most]
    return [*ways, *_smaller(question, seconds)][:most]


def advised(report: Report, question: Question) -> Report:
    """The report with the ways out in `memory.inference.relief`."""
    ways = relief(of_a_chip(question), report.time.inference.total)
    memory_part = replace(report.memory, inference=replace(report.memory.inference, relief=ways))
    return replace(report, memory=memory_part)


Way = tuple[Changes, InferenceMemory, Ledger, Question]


def _minimal(question: Question, whole: Ledger) -> list[Way]:
    """Combinations that fit and of which no part does, those of the fewest changes first."""
    ways: list[Way] = []
    sized: dict[str, Ledger] = {}  # by the denoiser's format: weights depend on nothing else that changes here
    for changes in combinations(question):
        if any(_enough(part, changes) for part, *_rest in ways):
            continue
        changed = question._replace(plan=replace(question.plan, **changes))
        name = changed.plan.precision
        if name not in sized:
            sized[name] = rewritten(whole, replace(question.plan, precision=name), question.hardware)
        base = replace(whole, weights=sized[name].weights, encode=None)
        try:
            ledger = rewritten(base, changed.plan, question.hardware)
        except ArithmeticError:  # weights beyond what a number holds: no way out either
            continue
        needed = inference_memory(ledger, question.hardware)
        if needed.margin >= 0:
            ways.append((changes, needed, ledger, changed))
    return ways


def _seconds(question: Question, whole: Ledger, ledger: Ledger) -> float:
    """Seconds of one generation whose rewritten ledger is at hand."""
    first = first_step(replace(whole, weights=ledger.weights), question.hardware, question.plan)
    seconds: float = inference_time(ledger, first, question.hardware).total
    return seconds


def combinations(question: Question) -> Iterator[Changes]:
    """Sets of changed plan fields, the smallest first; what the plan does already is no change."""
    model, plan = question.model, question.plan
    choices: list[list[Changes]] = []
    if plan.vae_tiling in ("none", "by-card") and model.vae.network and tiles(model.vae):
        choices.append([{"vae_tiling": "default"}])
    offloads = list(_offloads(question))
    if offloads:
        choices.append(offloads)
    if plan.guidance_mode in ("batched", "fitting"):
        choices.append([{"guidance_mode": "sequential", "batched_forwards": 1}])
    chosen = precision(plan.precision)
    if chosen.covers == "all":
        fewer = [name for name in FEWER_BITS if precision(name).compute == chosen.compute]
        choices.append([{"precision": name} for name in fewer])
    # of each kind of change one or none
    sets = [[one for one in picked if one] for picked in product(*([{}, *options] for options in choices))]
    for picked in sorted(sets, key=len):
        if picked:
            yield {name: value for one in picked for name, value in one.items()}


def _offloads(question: Question) -> Iterator[Changes]:
    """Ways of the plan's framework that leave less on the device than the plan's own does."""
    plan = question.plan
    own, has = plan.offload, plan.runtime.offers.get("offload", USUAL)
    ordered = [way for way in ORDER if way in has and way not in APART]
    if own == "none":
        yield from ({"offload": way} for way in BY_ROOM if way in has)
    # of a way that is not advised itself (by the card's size, by groups that wait) any other may help
    for way in ordered[ordered.index(own) + 1 if own in ordered else 0 :]:
        if way != "block-swap":
            yield {"offload": way}
    if "block-swap" in ordered:
        counts = {ceil(depth(question.model) * share) for share in SWAPS}
        for count in sorted(count for count in counts if count > plan.swapped_blocks):
            yield {"offload": "block-swap", "swapped_blocks": count}


def _enough(part: Changes, changes: Changes) -> bool:
    """Whether some changes do all that others do, or swap more blocks."""
    swaps = part.get("swapped_blocks", 0) <= changes.get("swapped_blocks", 0)
    return swaps and all(changes.get(name) == value for name, value in part.items() if name != "swapped_blocks")


def _smaller(question: Question, seconds: float) -> list[Relief]:
    """The largest smaller clip that fits: fewer frames, else a smaller picture, of sizes the model takes."""

    def tried(changes: Changes) -> tuple[Ledger, Ledger, InferenceMemory]:
        whole = unroll(question.model, replace(question.workload, **changes))
        ledger = rewritten(whole, question.plan, question.hardware)
        return whole, ledger, inference_memory(ledger, question.hardware)

    # frames go before the picture shrinks
    for shorter in (True, False):
        clips = [clip for clip in (_clip(question, share, shorter) for share in SMALLER) if clip]
        first, last, best = 0, len(clips) - 1, -1
        while first <= last:  # a smaller clip never needs more
            middle = (first + last) // 2
            if tried(clips[middle])[-1].margin >= 0:
                best, last = middle, middle - 1
            else:
                first = middle + 1
        if best >= 0:
            whole, ledger, needed = tried(clips[best])
            return [_way(clips[best], needed, _seconds(question, whole, ledger), seconds)]
    return []


def _clip(question: Question, share: float, shorter: bool) -> Changes:
    """What changes in a clip of that share of the frames, or of each side, at sizes the model takes."""
    workload = question.workload
    side, length = (1, share) if shorter else (share, 1)
    sizes = int(workload.width * side), int(workload.height * side), int(workload.frames * length)
    named = dict(zip(("width", "height", "frames"), map(int, snap(question.model, *sizes)), strict=True))
    if not any(value < getattr(workload, name) for name, value in named.items()):
        return {}
    return {"frames": named["frames"]} if shorter else {"width": named["width"], "height": named["height"]}


def _way(changes: Changes, needed: InferenceMemory, spent: float, question: float) -> Relief:
    words = {name: value for name, value in changes.items() if name != "batched_forwards"}
    return Relief(
        changes=words,
        peak=needed.peak,
        margin=needed.margin,
        host_ram=needed.host_ram,
        seconds=spent,
        slower=spent - question,
    )
