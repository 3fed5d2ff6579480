"""Bytes of a component's weights in a number format: all of them, its repeated blocks, one block, its largest module.

Offloading moves whole networks, blocks or single modules between host and device; these are their sizes.
"""

import math

import msgspec

from vidcalc.base.guest import Guest, given, named, named_fields
from vidcalc.base.number import Number, largest, maximum
from vidcalc.catalog.precisions import Precision, precision
from vidcalc.describe.model import Component
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace

PROJECTIONS = ("to_q", "to_k", "to_v")


class Weights(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of one component [byte].

    total   all copies of it
    copy    one copy
    blocks  the repeated blocks of one copy;  block  the largest of them;  count  how many there are
    module  the largest single module (a linear layer, an embedding)
    movable whether they can leave the device again
    """

    total: Number
    copy: Number
    blocks: Number
    block: Number
    count: Number
    module: Number
    movable: bool


NO_WEIGHTS = Weights(total=0, copy=0, blocks=0, block=0, count=0, module=0, movable=True)


class Network(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A component of the pipeline with its weights.

    role       "denoiser", "vae", "text_encoder", "image_encoder" or "other";  precision  its number format
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
        names.update({name: elements for name, (elements, _) in each.parameters.items()})
    return sum(names.values())


def weights(component: Component, params: Number, traces: tuple[Trace, ...], name: str, fused: str = "none") -> Weights:
    """Sizes in the number format `name`. What the traces did not touch (a half that never ran) counts in the total.

    params  weight elements of one copy
    fused   "kept": queries, keys and values stand fused beside the originals
    """
    chosen = precision(name)
    base = ELEMENT_BYTES[chosen.compute]
    blocks: dict[str, Number] = {}
    rounds: dict[str, Number] = {}
    modules: dict[str, Number] = {}
    homes = {path: home for taped in traces for path, home in taped.homes.items()}
    traced: Number = 0
    bytes_traced: Number = 0
    copied: Number = 0
    for path, (elements, times, nbytes) in _sizes(traces, chosen, base).items():
        traced, bytes_traced = traced + elements, bytes_traced + nbytes
        module = path.rpartition(".")[0]
        twice = fused == "kept" and module.rpartition(".")[2] in PROJECTIONS
        copied = copied + (nbytes if twice else 0)
        modules[module] = modules.get(module, 0) + nbytes / maximum(times, 1)
        head = homes[path]
        if head:
            blocks[head] = blocks.get(head, 0) + nbytes
            rounds[head] = times if head not in rounds else maximum(rounds[head], times)
    if isinstance(bytes_traced, Guest):
        traced = named("traced", traced, note=component.id)
        bytes_traced = named("traced_bytes", bytes_traced, "byte", note=component.id)
        blocks = {head: named(head, nbytes, "byte") for head, nbytes in blocks.items()}
    one = (params - traced) * (chosen.stored if chosen.covers == "all" else base) + bytes_traced
    as_held = 1 if component.held is None else component.held / one  # blocks as files hold them, in proportion
    if component.held is not None:
        one = given("held", component.held, params, component.source or "model", "byte")
    held = named("one_copy", one + copied, "byte", note=component.id)
    found = Weights(
        total=named(component.id, _whole(held * component.copies), "byte"),
        copy=_whole(held),
        blocks=_whole(sum(blocks.values()) * as_held),
        block=_whole(largest(blocks[head] / maximum(rounds[head], 1) for head in blocks) * as_held),
        count=sum(rounds.values()),
        module=_whole(largest(modules.values()) * as_held),
        movable=chosen.movable,
    )
    return named_fields(found, bytes_traced, "byte", note=component.id)


def _sizes(traces: tuple[Trace, ...], chosen: Precision, base: int) -> dict[str, tuple[Number, Number, Number]]:
    """(elements, layers, bytes) of every parameter the traces touched."""
    found: dict[str, tuple[Number, Number, Number]] = {}
    for taped in traces:
        linear = (
            {op.path + ".weight" for op in taped.ops if op.kind == "matmul"} if chosen.covers == "linear" else set()
        )
        for path, (elements, keep) in taped.parameters.items():
            stored: float = base
            if keep:
                stored = ELEMENT_BYTES[keep]
            elif chosen.covers == "all" or (path in linear and not _skipped(path, chosen.skips)):
                stored = chosen.stored
            found[path] = (elements, taped.rounds[path], elements * stored)
    return found


def _skipped(path: str, words: tuple[str, ...]) -> bool:
    """Whether a name holds one of the words, or begins with one that is marked ^."""
    return any(path.startswith(word[1:]) if word[0] == "^" else word in path for word in words)


def _whole(nbytes: Number) -> Number:
    """Bytes as an int where they are a plain number (scales and averages make fractions)."""
    return math.ceil(nbytes) if isinstance(nbytes, float | Guest) else nbytes
