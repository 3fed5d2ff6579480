"""What to change so that a generation fits: single settings and small combinations of them, the fastest first; of
those about as fast, what leaves the video as it is.

Every change is one that people make by hand: the VAE in tiles, weights that wait in host memory, weights in fewer
bits, guidance in two calls, an allocator whose segments grow, text encoders shared by the GPUs that share the video.
Where the video itself may shrink, one smaller clip is offered as the last way, after a smaller batch.
A combination is listed only where no part of it is enough. What a machine's host memory does not hold is no way out.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import product
from math import ceil, inf

from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.account.time import inference_time
from vidcalc.catalog.offered import ORDER
from vidcalc.catalog.precisions import precision
from vidcalc.describe.question import Question
from vidcalc.describe.workload import Stage
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import first_step, rewritten
from vidcalc.passes.degrees import ranks
from vidcalc.passes.formats import of_a_chip
from vidcalc.passes.legal import depth
from vidcalc.report.estimate import InferenceMemory, Relief, Report
from vidcalc.search.smaller import ALL, Changes, Limit, holds, smaller
from vidcalc.tape.trace import tiles

MOST = 4  # ways listed
PRICED = 10  # ways whose time is worth predicting: those of the fewest changes
CLOSE = 0.05  # of the time of a generation: less is no reason to give up quality
BY_ROOM = ("partial", "dynamic-swap")  # what has no room comes: tried where the framework is known to do so
USUAL = ("encoders", "model", "group", "group-leaf", "sequential")  # of a framework of which nothing is known
APART = ("none", "encoders-streamed", "group-wait", *BY_ROOM)  # what a slower one, or one with a stream, does as well
SWAPS = (1 / 4, 1 / 2, 3 / 4, 1)  # of the denoiser's blocks
FEWER_BITS = ("fp8", "nf4")
MANY = 0.3  # of the device: text encoders of more bytes are worth fewer bits of their own
PIECES = 0.05  # of the device: what the allocator holds in pieces is worth a word from here on

# what a change touches of the result, by the field that it changes; others touch nothing
TOUCHED = {
    "vae_tiling": "seams",
    "precision": "weights",
    "text_encoder_precision": "weights",
    "batch": "batch",
    "frames": "clip",
    "width": "clip",
}


def relief(
    question: Question, seconds: float, most: int = MOST, left_out: Collection[Stage] = (), limit: Limit = ALL
) -> list[Relief]:
    """Ways in which the job fits, the fastest first; empty where none of those tried does. Plain numbers only.

    seconds  of one generation as asked;  left_out  stages that another job makes
    limit    of what a way may need, where that is less than there is
    """
    whole = unroll(question.model, question.workload, left_out)
    found = sorted(_minimal(question, whole, limit), key=lambda way: len(way[0]))[:PRICED]
    ways = [
        _way(changes, needed, _seconds(changed, whole, ledger), seconds) for changes, needed, ledger, changed in found
    ]
    # differences in steps of what is worth giving up quality for
    ways.sort(key=lambda way: (round(way.slower / (CLOSE * seconds)), len(way.touches), way.seconds))
    if len(ways) < most:
        ways += _clip(question, {}, seconds, left_out, limit)
    if not ways:  # neither is enough by itself
        least = _leanest(question, whole)
        ways += _clip(question, least, seconds, left_out, limit) if least else []
    return ways[:most]


def _clip(
    question: Question, beside: Changes, seconds: float, left_out: Collection[Stage], limit: Limit
) -> Iterator[Relief]:
    """A smaller clip, `beside` what else is changed, where there is one that fits."""
    leaner = question._replace(plan=replace(question.plan, **beside))
    found = smaller(leaner, left_out, limit)
    if found is not None:
        spent = _seconds(leaner, found.whole, found.ledger)
        yield _way({**beside, **found.changes}, found.needed, spent, seconds)


def advised(report: Report, question: Question) -> Report:
    """The report with the ways out in `memory.inference.relief`."""
    inference = replace(report.memory.inference, relief=relief(of_a_chip(question), report.time.inference.total))
    return replace(report, memory=replace(report.memory, inference=inference))


Way = tuple[Changes, InferenceMemory, Ledger, Question]


def _minimal(question: Question, whole: Ledger, limit: Limit) -> list[Way]:
    """Combinations that fit and of which no part does, those of the fewest changes first."""
    ways: list[Way] = list(_grown(question, whole, limit))
    sized: dict[str, Ledger] = {}  # by the denoiser's format: weights depend on nothing else that changes here
    for changes in combinations(question):
        if any(_enough(part, changes) for part, *_rest in ways):
            continue
        changed = question._replace(plan=replace(question.plan, **changes))
        bits = {name: getattr(changed.plan, name) for name in ("precision", "text_encoder_precision")}
        name = " ".join(bits.values())
        if name not in sized:
            sized[name] = rewritten(whole, replace(question.plan, **bits), question.hardware)
        base = replace(whole, weights=sized[name].weights, encode=None)
        try:
            ledger = rewritten(base, changed.plan, question.hardware)
        except ArithmeticError:  # weights beyond what a number holds: no way out either
            continue
        needed = inference_memory(ledger, question.hardware)
        if holds(needed, limit):
            ways.append((changes, needed, ledger, changed))
    return ways


def _grown(question: Question, whole: Ledger, limit: Limit) -> Iterator[Way]:
    """Segments that grow, where what the allocator holds in pieces is what has no room."""
    plan, machine = question.plan, question.hardware
    if plan.segments != "fixed" or plan.runtime.allocator != "caching" or machine.accelerator.vendor != "NVIDIA":
        return
    memory = inference_memory(rewritten(whole, plan, machine), machine)
    if memory.reserved - memory.allocated < PIECES * memory.capacity:
        return
    changes = {"segments": "expandable"}
    changed = question._replace(plan=replace(plan, **changes))
    ledger = rewritten(whole, changed.plan, machine)
    needed = inference_memory(ledger, machine)
    if holds(needed, limit):
        yield changes, needed, ledger, changed


def _seconds(question: Question, whole: Ledger, ledger: Ledger) -> float:
    """Seconds of one generation whose rewritten ledger is at hand."""
    first = first_step(replace(whole, weights=ledger.weights), question.hardware, question.plan)
    seconds: float = inference_time(ledger, first, question.hardware).total
    return seconds


def combinations(question: Question) -> Iterator[Changes]:
    """Sets of changed plan fields, the smallest first; what the plan does already is no change."""
    choices = [options for options in (list(kind(question)) for kind in KINDS) if options]
    # of each kind of change one or none
    sets = [[one for one in picked if one] for picked in product(*([{}, *options] for options in choices))]
    for picked in sorted(sets, key=len):
        if picked:
            yield {name: value for one in picked for name, value in one.items()}


def _tiles(question: Question) -> Iterator[Changes]:
    """The VAE in tiles."""
    vae = question.model.vae
    if question.plan.vae_tiling in ("none", "by-card") and vae.network and tiles(vae):
        yield {"vae_tiling": "default"}


def _guidance(question: Question) -> Iterator[Changes]:
    """Predictions of a step one after the other."""
    if question.plan.guidance_mode in ("batched", "fitting"):
        yield {"guidance_mode": "sequential", "batched_forwards": 1}


def _bits(question: Question) -> Iterator[Changes]:
    """The denoiser's weights in fewer bits."""
    chosen = precision(question.plan.precision)
    if chosen.covers == "all":
        yield from ({"precision": name} for name in FEWER_BITS if precision(name).compute == chosen.compute)


def _text_bits(question: Question) -> Iterator[Changes]:
    """Text encoders in fewer bits, where they are large beside the device."""
    chosen = precision(question.plan.text_encoder_precision)
    nbytes = max((each.params * chosen.stored for each in question.model.text_encoders if each.params), default=0)
    if chosen.covers == "all" and nbytes > MANY * question.hardware.accelerator.capacity:
        names = [name for name in FEWER_BITS[:1] if precision(name).compute == chosen.compute]
        yield from ({"text_encoder_precision": name} for name in names)


def _text_ranks(question: Question) -> Iterator[Changes]:
    """Text encoders in slices over the GPUs that share the video."""
    plan = question.plan
    together = int(ranks(plan))
    if together > 1 and plan.text_degree == 1 and "text" in plan.runtime.offers.get("parallel", ()):
        yield {"text_degree": together}


def _offloads(question: Question) -> Iterator[Changes]:
    """Ways of the plan's framework that leave less on the device than the plan's own does."""
    plan = question.plan
    own, has = plan.offload, plan.runtime.offers.get("offload", USUAL)
    ordered = [way for way in ORDER if way in has and way not in APART]
    if own == "none":
        yield from ({"offload": way} for way in BY_ROOM if way in has)
    elif question.hardware.host_ram is not None and "none" in has and own != "block-swap":
        yield {"offload": "none"}  # nothing waits in host memory, where that is what has no room
    # of a way that is not advised itself (by the card's size, by groups that wait) any other may help
    for way in ordered[ordered.index(own) + 1 if own in ordered else 0 :]:
        if way != "block-swap":
            yield {"offload": way}
    if "block-swap" in ordered:
        counts = {ceil(depth(question.model) * share) for share in SWAPS}
        for count in sorted(count for count in counts if count > plan.swapped_blocks):
            yield {"offload": "block-swap", "swapped_blocks": count}


# of each of these one is picked, or none
KINDS: tuple[Callable[[Question], Iterator[Changes]], ...] = (
    _tiles,
    _offloads,
    _guidance,
    _bits,
    _text_bits,
    _text_ranks,
)


def _enough(part: Changes, changes: Changes) -> bool:
    """Whether some changes do all that others do, or swap more blocks."""
    swaps = part.get("swapped_blocks", 0) <= changes.get("swapped_blocks", 0)
    return swaps and all(changes.get(name) == value for name, value in part.items() if name != "swapped_blocks")


def _leanest(question: Question, whole: Ledger) -> Changes:
    """The changes that leave least on the device; none where nothing can be changed."""

    def peak(changes: Changes) -> tuple[bool, float]:
        plan = replace(question.plan, **changes)
        try:
            needed = inference_memory(rewritten(whole, plan, question.hardware), question.hardware)
        except ArithmeticError:  # weights beyond what a number holds
            return True, inf
        room = needed.host_room
        # a smaller clip leaves the weights in host memory as they are
        return room is not None and room.verdict == "too_big", float(needed.peak)

    return min(combinations(question), key=peak, default={})


def _way(changes: Changes, needed: InferenceMemory, spent: float, question: float) -> Relief:
    words = {name: value for name, value in changes.items() if name != "batched_forwards"}
    return Relief(
        changes=words,
        peak=needed.peak,
        margin=needed.margin,
        verdict=needed.verdict,
        host_ram=needed.host_ram,
        seconds=spent,
        slower=spent - question,
        touches=list(dict.fromkeys(TOUCHED[name] for name in words if name in TOUCHED)),
    )
