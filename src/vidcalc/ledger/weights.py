"""Bytes of a component's weights in a number format: all of them, its repeated blocks, one block, its largest module.

Offloading moves whole networks, blocks or single modules between host and device; these are their sizes.
"""

import math

import msgspec

from vidcalc.base.guest import Guest, given, named, named_fields, plain
from vidcalc.base.number import Number, maximum, minimum, nearest
from vidcalc.catalog.casting import left
from vidcalc.catalog.precisions import precision
from vidcalc.describe.model import Component
from vidcalc.ledger.tally import tally
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace


class Weights(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of one component [byte].

    total   all copies of it
    copy    one copy
    blocks  the repeated blocks of one copy;  block  the largest of them;  count  how many there are
    stacks  how many blocks there are of each kind, and the bytes of all of these, whole, in the order they run
    module  the largest single module (a linear layer, an embedding)
    pinned  bytes of pinned memory that a copy of all tensors takes, each by itself, over theirs; `pinned_blocks` of the
            repeated blocks' (PyTorch, ATen/core/CachingHostAllocator.h: every block is a power of two)
    tensors how many parameters one copy has, `block_tensors` its repeated blocks, and `modules` with parameters
    movable whether they can leave the device again
    """

    total: Number
    copy: Number
    blocks: Number
    block: Number
    count: Number
    module: Number
    movable: bool
    tensors: Number = 0
    block_tensors: Number = 0
    modules: Number = 0
    pinned: Number = 1
    pinned_blocks: Number = 1
    stacks: tuple[tuple[Number, Number], ...] = ()

    def last(self, many: Number) -> Number:
        """Bytes of the last so many blocks: of all where there are no more, of kinds of blocks each at its size.

        Of ranks that hold slices of the blocks, or a part of them, that share.
        """
        if not self.stacks:
            return minimum(many, self.count) * self.block
        # blocks over all ranks / of this rank: PipeFusion leaves a rank a part of the layers
        left = many * sum(count for count, _ in self.stacks) / maximum(self.count, 1)
        found: Number = 0
        for count, nbytes in reversed(self.stacks):
            taken = minimum(left, count)
            found, left = found + nbytes * taken / maximum(count, 1), left - taken
        # bytes of whole blocks, in proportion to what this rank holds of all
        return nearest(found * self.blocks / sum(nbytes for _, nbytes in self.stacks))


NO_WEIGHTS = Weights(total=0, copy=0, blocks=0, block=0, count=0, module=0, movable=True)


class Network(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A component of the pipeline with its weights.

    role       "denoiser", "vae", "text_encoder", "image_encoder", "control" or "other";  precision  its number format
    params     weight elements of one copy;  weights  their bytes;  stored  what one rank stores of these
    """

    component: Component
    role: str
    precision: str = ""
    params: Number = 0
    weights: Weights = NO_WEIGHTS
    stored: Weights = NO_WEIGHTS


def parameters(component: Component, traces: tuple[Trace, ...]) -> Number:
    """Weight elements of one copy: the published count, else what the traces touched."""
    if component.params is not None:
        beside = traces[0].peak if traces else 0
        return given("params", component.params, beside, component.source or "model", note=component.id)
    names: dict[str, Number] = {}
    for each in traces:
        # a weight that several calls use counts once
        names.update({name: elements for name, (elements, _) in each.parameters.items()})
    return sum(names.values())


def weights(
    component: Component,
    params: Number,
    traces: tuple[Trace, ...],
    name: str,
    fused: str = "none",
    casting: str = "files",
) -> Weights:
    """Sizes in the number format `name`. What the traces did not touch (a half that never ran) counts in the total.

    params   weight elements of one copy
    fused    "kept": queries, keys and values stand fused beside the originals
    casting  "layerwise": a format that casts does so to all layers of a class but those that the class leaves out
    """
    chosen = precision(name)
    uncast = left(component.class_) if casting == "layerwise" and chosen.casts == "layers" else None
    sums = tally(traces, name, fused, uncast)
    stored = (
        chosen.stored
        if chosen.covers == "all" or uncast is not None
        else chosen.others or ELEMENT_BYTES[chosen.compute]
    )
    # what no trace touched at the format's width (layers, where all are cast), what they touched as each weight is kept
    one = (params - sums.elements) * stored + sums.nbytes
    as_held = 1 if component.held is None else component.held / one  # blocks as files hold them, in proportion
    if component.held is not None:
        one = given("held", component.held, params, component.source or "model", "byte")
    one_copy = named("one_copy", one + sums.copied, "byte", note=component.id)
    # fractions of a byte (scales shared by a group of weights) are rounded up
    blocks, block, module = (_whole(nbytes * as_held) for nbytes in (sums.blocks, sums.block, sums.module))
    sizes = Weights(
        # [bytes of one copy] x copies (experts), less what these have in common
        total=named(component.id, _whole(component.every(one_copy)), "byte"),
        copy=_whole(one_copy),
        blocks=blocks,
        block=block,
        count=sums.rounds,
        module=module,
        movable=chosen.movable,
        tensors=sums.tensors,
        block_tensors=sums.of_blocks,
        modules=sums.modules,
        pinned=sums.rounded / maximum(plain(sums.nbytes), 1) if traces else 1,
        pinned_blocks=sums.rounded_blocks / maximum(plain(sum(nbytes for _, nbytes in sums.stacks)), 1)
        if sums.stacks
        else 1,
        stacks=sums.stacks,
    )
    return named_fields(sizes, sums.nbytes, "byte", note=component.id)


def _whole(nbytes: Number) -> Number:
    """Bytes as an int where they are a plain number (scales and averages make fractions)."""
    return math.ceil(nbytes) if isinstance(nbytes, float | Guest) else nbytes
