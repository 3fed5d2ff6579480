"""Offloading: which weights wait in host memory, and the copies that bring them. "none" keeps all on the device.

Each way says for whom it is and how a network comes: from this one table follow what is on the device in every stage,
what waits in host memory, and what each call copies, so that nothing which is away can come for free.

model       the network that runs, alone (diffusers enable_model_cpu_offload)
sequential  the module that runs, alone (diffusers enable_sequential_cpu_offload)
group       the running network's blocks come and go one ahead of use; what is outside its blocks stays while it runs,
            and so do `resident_blocks` (diffusers enable_group_offload, block level, with a stream: two blocks at a
            time; layerwise offload of SGLang, FastVideo, vLLM-Omni; budgets of mmgp)
group-leaf  as "group", module by module: two modules at a time (diffusers, leaf level, with a stream)
group-wait  as "group" without a stream: `blocks_per_group` at a time, and the work waits for them
encoders    text and image encoders leave once they have run; the rest stays
encoders-streamed  as "encoders", and while an encoder runs its blocks come and go (FSDP with CPU offload)
block-swap  as "model", and the last `swapped_blocks` of the denoiser wait in host memory, with two of them on their
            way (musubi-tuner, ComfyUI wrappers); of two experts one is there at a time
partial     as "model", and of a network that is larger than what its stage leaves free the rest comes at each call,
            module by module beside the work (ComfyUI, stable-diffusion.cpp with --stream-layers)
by-card     whichever of these the framework takes on a card of that size
dynamic-swap  as "partial", from memory that is not pinned, and the work waits (FramePack; DiffSynth's vram_limit)
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import Number, largest, maximum, minimum, nearest
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Host, Ledger, Phase
from vidcalc.ledger.weights import Network, Weights
from vidcalc.ops import Copy
from vidcalc.passes.copies import KEPT, back, copies
from vidcalc.passes.room import room

IN_FLIGHT = 2  # blocks, or modules, on the device at once while they stream: the one that runs and the next
ENCODING = ("text_encode", "image_encode")
ENCODERS = ("text_encoder", "image_encoder")
EVERYONE = (*ENCODERS, "denoiser", "vae", "other")


class Asked(NamedTuple):
    """What sizes depend on beside the weights: blocks swapped, blocks that stay, blocks of a group, and the bytes that
    a stage leaves for the weights of the network that runs [byte]."""

    swapped: Number = 0
    staying: Number = 0
    group: Number = 1
    room: Number = 0


Size = Callable[[Weights, Asked], Number]


def _nothing(own: Weights, asked: Asked) -> Number:
    return 0


def _all(own: Weights, asked: Asked) -> Number:
    return own.total


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """How a network's weights come to the device; sizes are functions of its weights and of what is asked [byte].

    present  on the device while it runs;  copied  at each of its calls;  once  once a generation
    waiting  in host memory;  pinned  of that in pinned memory
    memory   "pinned" or "pageable": where what is copied at each call comes from;  arrives  the same of `once`
    hidden   1 where copies run beside the work
    hooks    how they are brought: a word of `vidcalc.passes.copies`
    yields   what of `present` gives way to the work instead of being needed
    """

    present: Size
    copied: Size = _nothing
    once: Size = _nothing
    waiting: Size = _all
    pinned: Size = _all
    memory: str = "pinned"
    arrives: str = "pinned"
    hidden: int = 1
    hooks: str = "stream"
    yields: Size = _nothing


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way of offloading.

    coming   how networks come, by role; those of other roles stay on the device
    alone    whether networks are on the device only while they run
    remaining  roles whose part on the device stays there while others run, even so
    leaving  whether encoders leave once they have run, not to be needed again
    """

    coming: dict[str, Coming] = {}
    alone: bool = True
    remaining: tuple[str, ...] = ()
    leaving: bool = False


def _staying(own: Weights, asked: Asked) -> Number:
    """Bytes of the blocks that stay while their network runs."""
    return own.blocks - own.last(own.count - minimum(asked.staying, own.count))


def _swapped(own: Weights, asked: Asked) -> Number:
    """Bytes of the blocks that wait in host memory; none of weights that cannot leave the device."""
    return own.last(asked.swapped) * own.movable


def _in_flight(own: Weights, asked: Asked) -> Number:
    return minimum(_swapped(own, asked), IN_FLIGHT * own.block)


def _missing(own: Weights, asked: Asked) -> Number:
    """Bytes of a network that its stage has no room for."""
    return own.copy - minimum(own.copy, maximum(asked.room, _buffers(own, asked)))


def _buffers(own: Weights, asked: Asked) -> Number:
    """Bytes of the modules in flight."""
    return minimum(own.copy, IN_FLIGHT * own.module)


def _streamed(own: Weights, asked: Asked) -> Number:
    """Bytes that come at each call: what is missing, and what gives its room to the modules in flight."""
    missing = _missing(own, asked)
    return minimum(own.copy, missing + minimum(missing, IN_FLIGHT * own.module))


def _each(own: Weights, nbytes: Number) -> Number:
    """Bytes of one copy, of all copies."""
    return nearest(nbytes * own.total / maximum(own.copy, 1))


WHOLE = Coming(
    present=lambda own, _: own.copy,
    once=_all,
    pinned=_nothing,
    memory="pageable",
    arrives="pageable",
    hidden=0,
    hooks="whole",
)
MODULES = Coming(
    present=lambda own, _: own.module,
    copied=lambda own, _: own.copy,
    pinned=_nothing,
    memory="pageable",
    hidden=0,
    hooks="modules",
)
BLOCKS = Coming(
    # what is outside of the blocks, the blocks that stay, and of the others those in flight
    present=lambda own, asked: (
        own.copy - own.blocks + _staying(own, asked) + minimum(own.blocks - _staying(own, asked), IN_FLIGHT * own.block)
    ),
    # what is outside of the blocks leaves with the last of them
    copied=lambda own, asked: own.copy - _staying(own, asked),
    once=lambda own, asked: _each(own, _staying(own, asked)),
    hooks="blocks",
)
GROUPS = Coming(
    present=lambda own, asked: own.copy - own.blocks + minimum(own.blocks, asked.group * own.block),
    copied=lambda own, _: own.copy,
    pinned=_nothing,
    memory="pageable",
    hidden=0,
    hooks="groups",
)
LEAVES = Coming(
    # of modules of many sizes the largest is the one that counts
    present=lambda own, _: minimum(IN_FLIGHT * own.module, own.copy),
    copied=lambda own, _: own.copy,
    hooks="leaves",
)
SWAPPED = Coming(
    # all but the blocks that wait, of which those in flight take room all the same
    present=lambda own, asked: own.copy - _swapped(own, asked) + _in_flight(own, asked),
    copied=_swapped,
    once=lambda own, asked: _each(own, own.copy - _swapped(own, asked)),
    pinned=lambda own, asked: _each(own, _swapped(own, asked)),
    arrives="pageable",
)
STREAMED = Coming(
    present=lambda own, asked: own.copy - _missing(own, asked),
    copied=_streamed,
    once=lambda own, asked: _each(own, own.copy - _streamed(own, asked)),
    # all but the modules in flight gives way to the work
    yields=lambda own, asked: own.copy - _missing(own, asked) - _buffers(own, asked),
)
FETCHED = msgspec.structs.replace(STREAMED, pinned=_nothing, memory="pageable", arrives="pageable", hidden=0)

WAYS = {
    "none": Way(alone=False),
    "model": Way(coming=dict.fromkeys(EVERYONE, WHOLE)),
    "sequential": Way(coming=dict.fromkeys(EVERYONE, MODULES)),
    "group": Way(coming=dict.fromkeys(EVERYONE, BLOCKS)),
    "group-leaf": Way(coming=dict.fromkeys(EVERYONE, LEAVES)),
    "group-wait": Way(coming=dict.fromkeys(EVERYONE, GROUPS)),
    "encoders": Way(alone=False, leaving=True),
    "encoders-streamed": Way(coming=dict.fromkeys(ENCODERS, BLOCKS), leaving=True),
    "block-swap": Way(coming={**dict.fromkeys(EVERYONE, WHOLE), "denoiser": SWAPPED}),
    "partial": Way(coming=dict.fromkeys(EVERYONE, STREAMED)),
    "by-card": Way(alone=False),  # of a framework that leaves it open
    "dynamic-swap": Way(coming={**dict.fromkeys(EVERYONE, WHOLE), "denoiser": FETCHED}),
}


def chosen(plan: Plan, name: str, network: str, chip: Accelerator) -> str:
    """The word of the plan's way of offloading: that of the card's size, for a model or else its denoiser's path."""
    if plan.offload != "by-card":
        return plan.offload
    ways = plan.runtime.by_card
    rows = ways.get(name) or ways.get(network) or ways.get("", ())
    return next((word for least, word in rows if chip.capacity >= least), "none")


def way_of(plan: Plan, name: str, network: str, chip: Accelerator) -> Way:
    """The plan's way of offloading, as its framework has it, for a model by name and its denoiser's path."""
    way, runtime = WAYS[chosen(plan, name, network, chip)], plan.runtime
    coming = {role: each for role, each in way.coming.items() if role not in runtime.staying}
    coming |= {role: WHOLE for role in coming if role in runtime.whole}
    if runtime.kept:
        coming = {role: _kept(each) for role, each in coming.items()}
    return replace(way, coming=coming, remaining=runtime.remaining)


def _kept(each: Coming) -> Coming:
    """The same from pinned copies that stay in host memory, so that nothing is taken back."""
    hooks = KEPT.get(each.hooks, each.hooks)
    return replace(each, hooks=hooks, arrives="pinned", pinned=each.waiting) if hooks != each.hooks else each


def placed(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Weights on the device in every phase, what waits in host memory, and the copies of each call."""
    denoiser = next(each.component for each in ledger.weights.values() if each.role == "denoiser")
    way = way_of(plan, ledger.model, denoiser.network, hardware.accelerator)
    blocks = Asked(plan.swapped_blocks, plan.resident_blocks, plan.blocks_per_group)

    def place(phase: Phase, before: str, after: str) -> Phase:
        own = ledger.weights[phase.component.id]
        coming = way.coming.get(own.role) if own.stored.movable else None
        there = dict(phase.resident)
        if coming is None:
            moved = _moves(ledger.weights, (), own.component.id, before, after, way)
            return replace(phase, resident={**resident(phase, ledger.weights, way, blocks), **there}, once=moved)
        asked = blocks._replace(room=room(ledger, phase, plan.runtime, hardware))
        each: tuple[Copy, ...] = ()
        if coming.copied is not _nothing:
            nbytes = coming.copied(own.stored, asked)
            each = copies(own, phase, coming.hooks, nbytes, coming.memory, coming.hidden, plan.blocks_per_group)
        return replace(
            phase,
            resident={**resident(phase, ledger.weights, way, asked), **there},
            yields=coming.yields(own.stored, asked),
            fills=coming.yields is not _nothing,
            ops=(*phase.ops, *each),
            once=_moves(ledger.weights, _arrival(own, coming, asked), own.component.id, before, after, way),
        )

    order = [phase.component.id for phase in ledger.phases]
    return replace(
        ledger,
        phases=tuple(map(place, ledger.phases, ("", *order), (*order[1:], ""))),
        loaded={**loaded(ledger.weights, way, blocks), **ledger.loaded},
        host=host(ledger.weights, way, blocks),
    )


def _arrival(own: Network, coming: Coming, asked: Asked) -> tuple[Copy, ...]:
    """The copy that comes once, which has no work yet to hide behind; none where nothing comes that way."""
    if coming.once is _nothing:
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
    for name, each in networks.items():
        own, coming = each.stored, way.coming.get(each.role)
        runs = name == phase.component.id
        gone = way.leaving and each.role in ENCODERS and phase.id not in ENCODING and own.movable
        if coming is None:
            there |= {} if gone else {name: own.total}
        elif runs and way.alone:
            there[name] = coming.present(own, asked) if own.movable else own.total
        elif not way.alone or each.role in way.remaining:
            there[name] = coming.present(own, asked)
        elif not own.movable:
            there[name] = own.total
    return there


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


def host(networks: dict[str, Network], way: Way, asked: Asked) -> Host:
    """Host memory: offloaded weights wait in it, the largest network passes through it while loading [byte]."""
    waiting: Number = 0
    pinned: Number = 0
    for each in networks.values():
        coming = way.coming.get(each.role)
        if coming is not None and each.weights.movable:
            waiting = waiting + coming.waiting(each.weights, asked)
            pinned = pinned + coming.pinned(each.weights, asked)
    return Host(resident=waiting, pinned=pinned, loading_peak=largest(each.weights.copy for each in networks.values()))
