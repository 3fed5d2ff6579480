"""The ways of offloading: for whom each is, how a network comes, and so what is where.

From this one table follow what is on the device in every stage, what waits in host memory, and what each call copies,
so that nothing which is away can come for free.

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
            way (musubi-tuner), or moved there and back one by one while the work waits (ComfyUI-WanVideoWrapper); of
            two experts one is there at a time
partial     as "model", and of a network that is larger than what its stage leaves free the rest comes at each call,
            module by module beside the work (ComfyUI, stable-diffusion.cpp with --stream-layers)
by-card     whichever of these the framework takes on a card of that size
dynamic-swap  as "partial", from memory that is not pinned, and the work waits (FramePack; DiffSynth's vram_limit)

Networks of one step (the denoiser and what steers it) come and go together: what of one comes once stays while the
others of the step run (diffusers 0.42.1 keeps a network that is not in a pipeline's chain of offloading until the end;
ComfyUI loads a model with its control networks).
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import Number, maximum, minimum, nearest
from vidcalc.ledger.weights import Weights

IN_FLIGHT = 2  # blocks, or modules, on the device at once while they stream: the one that runs and the next
ENCODERS = ("text_encoder", "image_encoder")
STEP = ("denoiser", "control")  # networks that every step runs
EVERYONE = (*ENCODERS, *STEP, "vae", "other")


class Asked(NamedTuple):
    """What sizes depend on beside the weights: blocks swapped, blocks that stay, blocks of a group, and the bytes that
    a stage leaves for the weights of the network that runs [byte]."""

    swapped: Number = 0
    staying: Number = 0
    group: Number = 1
    room: Number = 0


Size = Callable[[Weights, Asked], Number]


def nothing(own: Weights, asked: Asked) -> Number:
    """No bytes."""
    return 0


def _all(own: Weights, asked: Asked) -> Number:
    return own.total


def _block(own: Weights, asked: Asked) -> Number:
    return own.block


def _as_it_is(own: Weights) -> Number:
    return 1


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """How a network's weights come to the device; sizes are functions of its weights and of what is asked [byte].

    present  on the device while it runs;  copied  at each of its calls;  once  once a generation
    waiting  in host memory;  pinned  of that in pinned memory
    memory   "pinned" or "pageable": where what is copied at each call comes from;  arrives  the same of `once`
    hidden   1 where copies run beside the work
    hooks    how they are brought: a word of `vidcalc.passes.copies`
    keeps    where it waits: "pinned", "pageable" (pinned as it goes) or "disk";  grown  times the bytes that its pinned
             copies take where each tensor is one;  staged  of it in pinned memory on its way, where it waits elsewhere
    modules  how many modules come at a time, where it comes so: they are there beside what the layer that runs holds
    fills    whether as much comes as there is room for
    yields   what of `present` gives way to the work instead of being needed
    """

    present: Size
    copied: Size = nothing
    once: Size = nothing
    waiting: Size = _all
    pinned: Size = _all
    memory: str = "pinned"
    arrives: str = "pinned"
    hidden: int = 1
    hooks: str = "stream"
    modules: int = 0
    fills: bool = False
    yields: Size = nothing
    keeps: str = "pinned"
    grown: Callable[[Weights], Number] = _as_it_is
    staged: Size = _block


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
    return nearest(nbytes * (own.total / maximum(own.copy, 1)))


WHOLE = Coming(
    present=lambda own, _: own.copy,
    once=_all,
    pinned=nothing,
    memory="pageable",
    arrives="pageable",
    hidden=0,
    hooks="whole",
)
MODULES = Coming(
    present=lambda own, _: own.module,
    copied=lambda own, _: own.copy,
    pinned=nothing,
    memory="pageable",
    hidden=0,
    hooks="modules",
    modules=1,
)
BLOCKS = Coming(
    # what is outside of the blocks, the blocks that stay, and of the others those in flight
    present=lambda own, asked: (
        own.copy - own.blocks + _staying(own, asked) + minimum(own.blocks - _staying(own, asked), IN_FLIGHT * own.block)
    ),
    # what is outside of the blocks leaves with the last of them
    copied=lambda own, asked: own.copy - _staying(own, asked),
    once=lambda own, asked: _each(own, _staying(own, asked)),
    # what is outside of the blocks waits in pageable memory
    pinned=lambda own, _: _each(own, own.blocks),
    hooks="blocks",
    grown=lambda own: own.pinned_blocks,
)
GROUPS = Coming(
    present=lambda own, asked: own.copy - own.blocks + minimum(own.blocks, asked.group * own.block),
    copied=lambda own, _: own.copy,
    pinned=nothing,
    memory="pageable",
    hidden=0,
    hooks="groups",
)
LEAVES = Coming(
    # of modules of many sizes the largest is the one that counts
    present=lambda own, _: minimum(IN_FLIGHT * own.module, own.copy),
    copied=lambda own, _: own.copy,
    hooks="leaves",
    modules=IN_FLIGHT,
    grown=lambda own: own.pinned,
    staged=lambda own, _: own.module,
)
SWAPPED = Coming(
    # all but the blocks that wait, of which those in flight take room all the same
    present=lambda own, asked: own.copy - _swapped(own, asked) + _in_flight(own, asked),
    copied=_swapped,
    once=lambda own, asked: _each(own, own.copy - _swapped(own, asked)),
    pinned=lambda own, asked: _each(own, _swapped(own, asked)),
    arrives="pageable",
)
MOVED = replace(
    SWAPPED,
    # one block at a time comes before it runs and goes back after it
    present=lambda own, asked: own.copy - _swapped(own, asked) + minimum(_swapped(own, asked), own.block),
    pinned=nothing,
    memory="pageable",
    hidden=0,
    hooks="moved",
)
STREAMED = Coming(
    present=lambda own, asked: own.copy - _missing(own, asked),
    fills=True,
    copied=_streamed,
    once=lambda own, asked: _each(own, own.copy - _streamed(own, asked)),
    # all but the modules in flight gives way to the work
    yields=lambda own, asked: own.copy - _missing(own, asked) - _buffers(own, asked),
)
FETCHED = replace(STREAMED, pinned=nothing, memory="pageable", arrives="pageable", hidden=0)

# The same, by `hooks`, in a framework whose copies in host memory stay there: nothing goes back. They are pinned, but
# those of the roles that its profile names.
KEPT = {
    "whole": replace(WHOLE, hooks="kept", pinned=_all, arrives="pinned"),
    # its own loop over the blocks: what is outside of them stays while the network runs
    "blocks": replace(
        BLOCKS,
        hooks="stream",
        pinned=_all,
        copied=lambda own, asked: own.blocks - _staying(own, asked),
        once=lambda own, asked: _each(own, own.copy - own.blocks + _staying(own, asked)),
    ),
    "groups": replace(
        GROUPS,
        hooks="stream",
        copied=lambda own, _: own.blocks,
        once=lambda own, _: _each(own, own.copy - own.blocks),
        pinned=_all,
        memory="pinned",
    ),
    "leaves": replace(LEAVES, hooks="stream"),
}

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
    "partial": Way(coming={**dict.fromkeys(EVERYONE, STREAMED), "control": WHOLE}),
    "by-card": Way(alone=False),  # of a framework that leaves it open
    "dynamic-swap": Way(coming={**dict.fromkeys(EVERYONE, FETCHED), "control": WHOLE}),
}
