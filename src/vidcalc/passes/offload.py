"""Offloading: which weights wait in host memory, and the copies that bring them. "none" keeps all on the device.

How each way does it stands in `vidcalc.passes.ways`.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from vidcalc.base.number import Number, is_array, largest, maximum, minimum, nearest, unchanged
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Host, Ledger, Phase
from vidcalc.ledger.weights import Network
from vidcalc.ops import Copy
from vidcalc.passes.copies import back, copies
from vidcalc.passes.degrees import ranks
from vidcalc.passes.loras import waiting
from vidcalc.passes.room import room
from vidcalc.passes.ways import ENCODERS, KEPT, MODULES, MOVED, STEP, SWAPPED, WAYS, WHOLE, Asked, Coming, Way, nothing
from vidcalc.rates.allocator import context

ENCODING = ("text_encode", "image_encode")


def chosen(plan: Plan, ledger: Ledger, chip: Accelerator) -> str:
    """The word of the plan's way of offloading: that of the memory that is free on the card at first, for a model or
    else its denoiser's path.

    A framework may keep everything on a card that has the bytes of all weights several times.
    """
    if plan.offload != "by-card":
        return plan.offload
    runtime = plan.runtime
    if runtime.several and not unchanged(ranks(plan), 1):
        return runtime.several
    whole = sum(each.weights.total for each in ledger.weights.values())
    free = chip.capacity - context(chip)  # before anything is loaded [byte]
    if runtime.all_from and not is_array(whole) and free >= runtime.all_from * whole:
        return "none"
    denoiser = next(each.component.network for each in ledger.weights.values() if each.role == "denoiser")
    rows = next((runtime.by_card[key] for key in (ledger.model, denoiser, "") if key in runtime.by_card), ())
    return next((word for least, word in rows if free >= least), "none")


def way_of(plan: Plan, ledger: Ledger, chip: Accelerator) -> Way:
    """The plan's way of offloading, as its framework has it on that card."""
    way, runtime = WAYS[chosen(plan, ledger, chip)], plan.runtime
    coming = {role: each for role, each in way.coming.items() if role not in runtime.staying}
    coming |= {role: WHOLE for role in coming if role in runtime.whole}
    if plan.offload_to != "pinned":
        coming = {role: replace(each, keeps=plan.offload_to) for role, each in coming.items()}
    coming |= {role: MODULES for role in coming if role in runtime.passing}
    if runtime.swapping == "move":
        coming = {role: MOVED if each is SWAPPED else each for role, each in coming.items()}
    if runtime.kept:
        coming = {role: _kept(each, role in runtime.unpinned) for role, each in coming.items()}
    return replace(way, coming=coming, remaining=runtime.remaining)


def _kept(each: Coming, unpinned: bool) -> Coming:
    """The same from copies that stay in host memory, so that nothing is taken back."""
    kept = KEPT.get(each.hooks, each)
    if kept is each or not unpinned:
        return kept
    # from pages that may move the host copies by itself, and starts nothing meanwhile
    return replace(kept, pinned=nothing, memory="pageable", arrives="pageable", hidden=0)


def placed(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Weights on the device in every phase, what waits in host memory, and the copies of each call."""
    way = way_of(plan, ledger, hardware.accelerator)
    spared = plan.precision in plan.runtime.spared
    swapped = maximum(plan.swapped_blocks - spared, 0)
    blocks = Asked(swapped, plan.resident_blocks, plan.blocks_per_group)

    def place(phase: Phase, before: str, after: str) -> Phase:
        own = ledger.weights[phase.component.id]
        coming = way.coming.get(own.role) if own.stored.movable else None
        there = dict(phase.resident)
        if coming is None:
            moved = _moves(ledger.weights, (), own.component.id, before, after, way)
            return replace(phase, resident={**resident(phase, ledger.weights, way, blocks), **there}, once=moved)
        asked = blocks._replace(room=room(ledger, phase, plan.runtime, hardware) - _steering(ledger, way, phase))
        each: tuple[Copy, ...] = ()
        if coming.copied is not nothing:
            # calls that walk the blocks together share what comes
            nbytes = nearest(coming.copied(own.stored, asked) / phase.together)
            each = copies(own, phase, coming, nbytes, plan.blocks_per_group)
        return replace(
            phase,
            resident={**resident(phase, ledger.weights, way, asked), **there},
            yields=coming.yields(own.stored, asked),
            fills=coming.yields is not nothing,
            ops=(*phase.ops, *each),
            once=_moves(ledger.weights, _arrival(own, coming, asked), own.component.id, before, after, way),
        )

    beside = waiting(ledger, plan.loras, plan.lora_mode, plan.runtime)
    return replace(
        ledger,
        phases=tuple(place(each, *neighbours(ledger.phases, at)) for at, each in enumerate(ledger.phases)),
        loaded={**loaded(ledger.weights, way, blocks), **ledger.loaded},
        host=host(ledger.weights, way, blocks, plan.runtime.pins, beside),
    )


def neighbours(phases: Sequence[Phase], place: int) -> tuple[str, str]:
    """The components that run before and after a phase, "" at both ends; what happens in its stead does not."""
    own = phases[place]

    def first(others: Iterable[Phase]) -> str:
        apart = (each for each in others if each.id != own.id or not is_array(each.happens))
        return next((each.component.id for each in apart), "")

    return first(reversed(phases[:place])), first(phases[place + 1 :])


def _arrival(own: Network, coming: Coming, asked: Asked) -> tuple[Copy, ...]:
    """The copy that comes once, which has no work yet to hide behind; none where nothing comes that way."""
    if coming.once is nothing:
        return ()
    tensors = own.stored.tensors if coming.hooks == "whole" else 0
    nbytes = coming.once(own.stored, asked)
    return (Copy(own.component.id, 1, own.precision, nbytes, coming.arrives, tensors=tensors),)


def _moves(
    networks: dict[str, Network], brought: tuple[Copy, ...], own: str, before: str, after: str, way: Way
) -> tuple[Copy, ...]:
    """What a phase copies once: the network before goes back, its own comes, and goes back where no other follows.

    brought  copies that bring its own;  own, before, after  component ids of this phase and its neighbours
    """
    if own == before:  # it is there, if it ran just before
        brought, before = (), ""
    if networks[own].role in way.remaining:  # it is there from the last generation
        brought = ()
    leaves = (before, *(() if after else (own,)))
    return (
        *brought,
        *(copy for name in leaves if name and _returns(networks[name], way) for copy in back(networks[name])),
    )


def _returns(own: Network, way: Way) -> bool:
    """Whether a network as a whole goes back to the host."""
    coming = way.coming.get(own.role)
    whole = coming is not None and coming.hooks == "whole" and own.stored.movable
    return bool(whole) and own.role not in way.remaining


def resident(phase: Phase, networks: dict[str, Network], way: Way, asked: Asked) -> dict[str, Number]:
    """Bytes of weights on the device during a phase, by component id; what is not there is absent [byte]."""
    there: dict[str, Number] = {}
    step = networks[phase.component.id].role in STEP
    for name, each in networks.items():
        own, coming = each.stored, way.coming.get(each.role)
        runs = name == phase.component.id
        gone = way.leaving and each.role in ENCODERS and phase.id not in ENCODING and own.movable
        if coming is None:
            there |= {} if gone else {name: own.total}
        elif runs and way.alone:
            there[name] = _passing(phase, coming, coming.present(own, asked)) if own.movable else own.total
        elif not way.alone or each.role in way.remaining:
            there[name] = coming.present(own, asked)
        elif not own.movable:
            there[name] = own.total
        elif step and each.role in STEP and not coming.fills:
            # what comes once stays for the whole step
            there[name] = minimum(coming.present(own, asked), coming.once(own, asked))
    return there


def _steering(ledger: Ledger, way: Way, phase: Phase) -> Number:
    """Bytes of control networks that are there beside the denoiser [byte]."""
    if not way.alone or ledger.weights[phase.component.id].role != "denoiser":
        return 0
    return sum(each.stored.copy for each in ledger.weights.values() if each.role == "control")


def _passing(phase: Phase, coming: Coming, present: Number) -> Number:
    """Bytes of a running network's weights beside the peak of its tensors: modules come one by one, and the largest is
    not there where the peak is."""
    if not coming.modules or phase.trace is None:
        return present
    # what a rank's share lowers the peak of tensors by may be a module's again
    tensors = phase.live.get("network", 0) + phase.live.get("kv_cache", 0)
    lowered = maximum(phase.taped.peak - tensors, 0)
    return minimum(present, phase.taped.streamed[coming.modules - 1] + lowered)


def loaded(networks: dict[str, Network], way: Way, asked: Asked) -> dict[str, Number]:
    """Bytes of weights on the device once they have arrived and before anything runs, by component id [byte]."""
    there: dict[str, Number] = {}
    for name, each in networks.items():
        own, coming = each.stored, way.coming.get(each.role)
        if coming is None or (way.alone and not own.movable):
            there[name] = own.total
        elif not way.alone or each.role in way.remaining:
            there[name] = coming.present(own, asked)
    return there


def host(networks: dict[str, Network], way: Way, asked: Asked, pins: str, beside: Number = 0) -> Host:
    """Host memory: offloaded weights wait in it, the largest network passes through it while loading [byte].

    pins    "tensors": torch pins them one by one, and rounds each up
    beside  what waits there whatever is offloaded [byte]
    """
    waiting = beside
    pinned: Number = 0
    for each in networks.values():
        coming, own = way.coming.get(each.role), each.weights
        if coming is None or not own.movable:
            continue
        there, held = coming.waiting(own, asked), coming.pinned(own, asked)
        if coming.keeps != "pinned":  # what is on its way is pinned beside what waits
            held = minimum(held, coming.staged(own, asked))
            there = held if coming.keeps == "disk" else there + held
        rounded = nearest(held * (coming.grown(own) - 1)) if pins == "tensors" else 0
        waiting, pinned = waiting + there + rounded, pinned + held + rounded
    return Host(
        resident=waiting,
        pinned=pinned,
        loading_peak=largest(each.weights.copy for each in networks.values()),
        mapped=pins == "room",
    )
