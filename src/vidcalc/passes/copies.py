"""The copies that a way of offloading makes: what goes over the link, beside what it may run, how the host halts it.

whole    the network goes to the device before its first call and back when another one comes: every time into memory
         that torch asks for anew
modules  each module's weights before it runs, from pageable memory where they stay (accelerate's hooks)
blocks   a block's weights, pinned, beside the block before; what is outside of them comes and goes with every call
groups   some blocks at a time, from pageable memory, and back to it when the next come (no stream)
moved    some blocks one by one, from pageable memory before they run and back to it after (ComfyUI wrappers)
leaves   a module's weights, pinned, beside the module before it, and beside attention where that stands between them
stream   blocks or modules by a loop of the framework's own that halts for nothing
kept     the network whole, from copies that stay in host memory: what is on the device is dropped, not taken back

Groups may wait in pageable memory instead: a core then gathers them into pinned memory before each copy, while the
device stands still (low_cpu_mem_usage). Or on disk: they are read, gathered and copied, and nothing goes back
(offload_to_disk_path).

Source: diffusers 0.42.1 hooks/group_offloading.py and pipelines/pipeline_utils.py, accelerate 1.15 hooks.py.
"""

from typing import TypeAlias

from msgspec.structs import replace

from vidcalc.base.memo import lately
from vidcalc.base.number import Number, ceil_div, few, maximum, nearest
from vidcalc.describe.model import Component
from vidcalc.ledger.types import Phase
from vidcalc.ledger.weights import Network
from vidcalc.ops import Attention, Convolution, Copy, Matmul, Op
from vidcalc.passes.ways import Coming
from vidcalc.tape.records import some

Layer: TypeAlias = tuple[Op, Number, Number]  # one with weights, its elements, its share of the call's FLOPs
PRODUCTS = (Matmul, Convolution, Attention)


def copies(own: Network, phase: Phase, coming: Coming, nbytes: Number, group: Number = 1) -> tuple[Copy, ...]:
    """What one call of a phase copies to the device for its network, and what the host does before.

    coming  how it comes: by one of the words above, from where it waits;  group  blocks that come at a time
    nbytes  that come, where all blocks run [byte]
    """
    linked = _linked(own, phase, coming, nbytes, group)
    if coming.hooks not in ("blocks", "leaves", "groups") or coming.keeps == "pinned":
        return linked
    name = own.component.id
    # each way once: what comes and goes is copied twice, what hides is pinned first
    whole = sum(op.nbytes * (1 if op.path == name else op.count) for op in linked)
    ahead = sum(op.nbytes * op.count for op in linked if op.hidden)
    gathered = (Copy(name, 1, own.precision, ahead, "gathered"),) if some(ahead) else ()
    if coming.keeps == "pageable":
        return (*linked, *gathered)
    # files stay as they are: nothing goes back
    once = tuple(replace(op, count=1) if op.path == name else op for op in linked)
    return (*once, Copy(name, 1, own.precision, whole, "disk"), *gathered)


def _linked(own: Network, phase: Phase, coming: Coming, nbytes: Number, group: Number) -> tuple[Copy, ...]:
    """What goes over the link."""
    hooks, memory, hidden = coming.hooks, coming.memory, coming.hidden
    name, sizes, run = own.component.id, own.stored, phase.blocks_run  # blocks that a cache skips stay where they are
    if hooks == "modules":
        return (
            Copy(
                name,
                1,
                own.precision,
                nbytes * run,
                "pageable",
                tensors=sizes.tensors * run,
                halts=sizes.modules * run,
            ),
        )
    if hooks == "leaves":
        halted = Copy(name, 1, own.precision, 0, "pinned", tensors=sizes.tensors * run, halts=sizes.modules * run)
        return (*_leaves(own.component, phase.ops, own.precision, nbytes * run), halted)
    if hooks == "groups":
        # there and back, in memory that is small enough to be used again
        halts = ceil_div(sizes.count, group) * run
        return (Copy(name, 2, own.precision, nbytes * run, "pageable", tensors=sizes.tensors * run, halts=halts),)
    if hooks == "moved":
        # blocks that move / all blocks
        share = nbytes / maximum(sizes.blocks, 1) * run
        tensors, halts = sizes.block_tensors * share, sizes.count * share
        return (Copy(name, 2, own.precision, nbytes * run, "pageable", tensors=tensors, halts=halts),)
    if hooks == "blocks":
        # what is outside comes and goes, in memory that is small enough to be used again
        outside = sizes.copy - sizes.blocks
        # blocks that come / all blocks
        share = (nbytes - outside) / maximum(sizes.blocks, 1) * run
        tensors, halts = sizes.block_tensors * share, sizes.count * share
        moving = (nbytes - outside) * run
        return (
            Copy(name, 2, own.precision, outside, "pageable"),
            Copy(name, 1, own.precision, moving, "pinned", 1, tensors=tensors, halts=halts),
        )
    return (Copy(name, 1, own.precision, nbytes * run, memory, hidden),)


def back(own: Network) -> tuple[Copy, ...]:
    """A whole network's way back to the host."""
    sizes = own.stored
    return (Copy(own.component.id, 1, own.precision, sizes.total, "fresh", tensors=sizes.tensors),)


def _few(layers: tuple[Layer, ...]) -> bool:
    """Whether these are layers of few jobs, and not a sweep's."""
    return all(few(number) for op, *sizes in layers for number in (op.count, *sizes))


@lately(_few)
def _layers(component: Component, ops: tuple[Op, ...]) -> tuple[Layer, ...]:
    """Layers with weights: the elements of each, and the share of the call's FLOPs since the layer before.

    Kept with the component: a search asks for the same call with weights in many formats.
    """
    # all that has FLOPs or weights
    work = tuple(op for op in ops if isinstance(op, PRODUCTS))
    scored = maximum(sum(op.flops * op.count for op in work), 1)
    layers = [(op, weights) for op in work if some(weights := op.weights)]
    return tuple((op, weights, spent / scored) for (op, weights), spent in zip(layers, before(work), strict=True))


def _known(made: tuple[Copy, ...]) -> bool:
    """Whether these are copies of few jobs, and not a sweep's."""
    return all(few(number) for op in made for number in (op.count, op.nbytes, op.share))


@lately(_known)
def _leaves(component: Component, ops: tuple[Op, ...], precision: str, nbytes: Number) -> tuple[Copy, ...]:
    """A copy for every layer with weights, which hides behind the layer before it."""
    layers = _layers(component, ops)
    if not layers:  # a network known by its work alone
        return (Copy(component.id, 1, precision, nbytes, "pinned", 1),)
    elements, whole = sum(weights * op.count for op, weights, _ in layers), nearest(nbytes)
    return tuple(
        # norms and biases are shared out among the layers [byte]
        Copy(op.path, op.count, precision, ceil_div(weights * whole, elements), "pinned", 1, share)
        for op, weights, share in layers
    )


def before(ops: tuple[Op, ...]) -> list[Number]:
    """FLOPs since the start of the layer before, for each layer; the last of a block comes before its first."""
    spent: dict[str, list[Number]] = {}
    places: list[tuple[str, int]] = []
    for op in ops:
        block = op.place.block
        of_block = spent.setdefault(block, [])
        if some(op.weights):
            places.append((block, len(of_block)))
            of_block.append(op.flops)
        elif of_block:
            of_block[-1] = of_block[-1] + op.flops
    return [spent[block][turn - 1] for block, turn in places]
