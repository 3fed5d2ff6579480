"""Offloading: which weights wait in host memory, and the copies that bring them. "none" keeps all on the device.

Each way says for whom it is and how a network comes: from this one table follow what is on the device in every stage,
what waits in host memory, and what each call copies, so that nothing which is away can come for free.

model       the network that runs, alone (diffusers enable_model_cpu_offload)
sequential  the module that runs, alone (diffusers enable_sequential_cpu_offload)
group       the running network's blocks come and go one ahead of use; what is outside its blocks stays while it runs
            (diffusers enable_group_offload, block level, with a stream: two blocks at a time)
group-leaf  as "group", module by module: two modules at a time (diffusers, leaf level, with a stream)
encoders    text and image encoders leave once they have run; the rest stays
encoders-streamed  as "encoders", and while an encoder runs its blocks come and go (FSDP with CPU offload)
block-swap  as "encoders", and `swapped_blocks` of the denoiser wait in host memory, with two of them on their way
            (musubi-tuner, ComfyUI wrappers)
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import Number, largest, maximum, minimum
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Host, Ledger, Phase
from vidcalc.ledger.weights import Network, Weights
from vidcalc.ops import Copy

IN_FLIGHT = 2  # blocks, or modules, on the device at once while they stream: the one that runs and the next
ENCODING = ("text_encode", "image_encode")
ENCODERS = ("text_encoder", "image_encoder")
EVERYONE = (*ENCODERS, "denoiser", "vae", "other")


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """How a network's weights come to the device; sizes are functions of its weights and the blocks swapped [byte].

    present  on the device while it runs;  copied  at each of its calls, or `once` a generation
    modules  how many modules come at a time, where it comes so: they are there beside what the layer that runs holds
    waiting  in host memory;  memory  "pinned" or "pageable";  hidden  1 where copies run beside the work
    """

    present: Callable[[Weights, Number], Number]
    copied: Callable[[Weights, Number], Number]
    waiting: Callable[[Weights, Number], Number] = lambda own, _: own.total
    once: bool = False
    modules: int = 0
    memory: str = "pinned"
    hidden: int = 1


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way of offloading.

    coming   how networks come, by role; those of other roles stay on the device
    alone    whether networks are on the device only while they run
    leaving  whether encoders leave once they have run, not to be needed again
    """

    coming: dict[str, Coming] = {}
    alone: bool = True
    leaving: bool = False


WHOLE = Coming(present=lambda own, _: own.copy, copied=lambda own, _: own.total, once=True, memory="pageable", hidden=0)
MODULES = Coming(
    present=lambda own, _: own.module, copied=lambda own, _: own.copy, modules=1, memory="pageable", hidden=0
)
BLOCKS = Coming(
    # what is outside of the blocks, and the blocks in flight
    present=lambda own, _: own.copy - own.blocks + minimum(own.count, IN_FLIGHT) * own.block,
    copied=lambda own, _: own.copy,  # what is outside of the blocks leaves with the last of them
)
LEAVES = Coming(
    # of modules of many sizes the largest is the one that counts
    present=lambda own, _: minimum(IN_FLIGHT * own.module, own.copy),
    copied=lambda own, _: own.copy,
    modules=IN_FLIGHT,
)


def _away(own: Weights, swapped: Number) -> Number:
    """Blocks that wait in host memory; none of weights that cannot leave the device."""
    return minimum(swapped, own.count) * own.movable


SWAPPED = Coming(
    # all but the blocks that wait, of which those in flight take room all the same
    present=lambda own, swapped: (
        own.total - (_away(own, swapped) - minimum(_away(own, swapped), IN_FLIGHT)) * own.block
    ),
    copied=lambda own, swapped: minimum(swapped, own.count) * own.block,
    waiting=lambda own, swapped: minimum(swapped, own.count) * own.block,
)

WAYS = {
    "none": Way(alone=False),
    "model": Way(coming=dict.fromkeys(EVERYONE, WHOLE)),
    "sequential": Way(coming=dict.fromkeys(EVERYONE, MODULES)),
    "group": Way(coming=dict.fromkeys(EVERYONE, BLOCKS)),
    "group-leaf": Way(coming=dict.fromkeys(EVERYONE, LEAVES)),
    "encoders": Way(alone=False, leaving=True),
    "encoders-streamed": Way(coming=dict.fromkeys(ENCODERS, BLOCKS), leaving=True),
    "block-swap": Way(coming={"denoiser": SWAPPED}, alone=False, leaving=True),
}


def placed(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Weights on the device in every phase, what waits in host memory, and the copies of each call."""
    way, swapped = WAYS[plan.offload], plan.swapped_blocks

    def place(phase: Phase, before: str) -> Phase:
        own = ledger.weights[phase.component.id]
        copies = _copies(own, way, swapped, phase.blocks_run)  # blocks that a step cache skips stay where they are
        once = way.coming[own.role].once if copies else False
        return replace(
            phase,
            resident={**resident(phase, ledger.weights, way, swapped), **phase.resident},
            ops=phase.ops if once else (*phase.ops, *copies),
            once=copies if once and own.component.id != before else (),  # it is there, if it ran just before
        )

    before = ("", *(phase.component.id for phase in ledger.phases))
    return replace(
        ledger,
        phases=tuple(map(place, ledger.phases, before)),
        loaded=loaded(ledger.weights, way, swapped),
        host=host(ledger.weights, way, swapped),
    )


def _copies(own: Network, way: Way, swapped: Number, run: Number) -> tuple[Copy, ...]:
    """What a call of a network copies to the device; nothing where all of it stays there."""
    coming = way.coming.get(own.role)
    if coming is None or not own.stored.movable:
        return ()
    # `run` is the share of the calls that run the blocks: those that are skipped copy none
    nbytes = coming.copied(own.stored, swapped) * (1 if coming.once else run)
    return (Copy(own.component.id, 1, own.precision, nbytes, coming.memory, coming.hidden),)


def resident(phase: Phase, networks: dict[str, Network], way: Way, swapped: Number) -> dict[str, Number]:
    """Bytes of weights on the device during a phase, by component id; what is not there is absent [byte]."""
    there: dict[str, Number] = {}
    for name, each in networks.items():
        own, coming = each.stored, way.coming.get(each.role)
        runs = name == phase.component.id
        gone = way.leaving and each.role in ENCODERS and phase.id not in ENCODING and own.movable
        if coming is None:
            there |= {} if gone else {name: own.total}
        elif runs and way.alone:
            there[name] = _passing(phase, coming, coming.present(own, swapped)) if own.movable else own.total
        elif not way.alone:
            there[name] = coming.present(own, swapped)
        elif not own.movable:
            there[name] = own.total
    return there


def _passing(phase: Phase, coming: Coming, present: Number) -> Number:
    """Bytes of a running network's weights beside the peak of its tensors: modules come one by one, and the largest is
    not there where the peak is."""
    if not coming.modules or phase.trace is None:
        return present
    # what a rank's share lowers the peak of tensors by may be a module's again
    lowered = maximum(phase.taped.peak - phase.live.get("network", 0), 0)
    return minimum(present, phase.taped.streamed[coming.modules - 1] + lowered)


def loaded(networks: dict[str, Network], way: Way, swapped: Number) -> dict[str, Number]:
    """Bytes of weights on the device once they have arrived and before anything runs, by component id [byte]."""
    there: dict[str, Number] = {}
    for name, each in networks.items():
        own, coming = each.stored, way.coming.get(each.role)
        if coming is None or (way.alone and not own.movable):
            there[name] = own.total
        elif not way.alone:
            there[name] = coming.present(own, swapped)
    return there


def host(networks: dict[str, Network], way: Way, swapped: Number) -> Host:
    """Host memory: offloaded weights wait in it, the largest network passes through it while loading [byte]."""
    waiting: Number = 0
    pinned: Number = 0
    for each in networks.values():
        coming = way.coming.get(each.role)
        if coming is not None and each.weights.movable:
            nbytes = coming.waiting(each.weights, swapped)
            waiting = waiting + nbytes
            pinned = pinned + nbytes * (coming.memory == "pinned")
    return Host(resident=waiting, pinned=pinned, loading_peak=largest(each.weights.copy for each in networks.values()))
