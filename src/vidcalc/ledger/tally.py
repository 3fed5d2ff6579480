"""What the traces of a component touched of its weights, in one number format: the sums that its sizes are made of."""

import msgspec

from vidcalc.base.guest import named, plain
from vidcalc.base.memo import once
from vidcalc.base.number import Number, largest, maximum, power_of_two
from vidcalc.catalog.casting import Words, kept
from vidcalc.catalog.precisions import Precision, precision
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.touched import Touched
from vidcalc.tape.trace import Trace

PROJECTIONS = ("to_q", "to_k", "to_v")
OWN = (".weight", ".bias")  # of a layer


class Tally(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Sums over parameters [byte, but for the elements and the counts].

    elements  of all;  nbytes  of all;  copied  of queries', keys' and values' projections that stand there twice
    blocks    of all repeated blocks;  block  of the largest;  module  of the largest module
    tensors   how many parameters there are in all layers, and `of_blocks` in the repeated blocks
    modules   how many modules have parameters
    rounded   of all, and `rounded_blocks` of the repeated blocks, each tensor rounded up to a power of two
    rounds    how many blocks there are;  stacks  how many of each kind, and their bytes, in the order they run
    """

    elements: Number
    nbytes: Number
    copied: Number
    blocks: Number
    block: Number
    module: Number
    rounds: Number
    tensors: Number
    of_blocks: Number
    modules: Number
    rounded: Number = 0
    rounded_blocks: Number = 0
    stacks: tuple[tuple[Number, Number], ...] = ()


def tally(traces: tuple[Trace, ...], name: str, fused: str = "none", uncast: Words | None = None) -> Tally:
    """The sums in the number format `name`, worked out once for the same networks.

    fused   "kept": queries, keys and values stand fused beside the originals
    uncast  of a network that is cast layer by layer: words in the names of modules that are not
    """
    touched = tuple(each.touched for each in traces)
    return _remembered(touched[0], touched[1:], name, fused, uncast) if touched else _tally((), name, fused, uncast)


@once
def _remembered(first: Touched, rest: tuple[Touched, ...], name: str, fused: str, uncast: Words | None) -> Tally:
    return _tally((first, *rest), name, fused, uncast)


def _tally(traces: tuple[Touched, ...], name: str, fused: str, uncast: Words | None) -> Tally:
    blocks: dict[str, Number] = {}
    rounds: dict[str, Number] = {}
    modules: dict[str, Number] = {}
    homes = {path: home for taped in traces for path, home in taped.homes.items()}
    elements: Number = 0
    nbytes: Number = 0
    copied: Number = 0
    tensors: Number = 0
    of_blocks: Number = 0
    rounded: Number = 0
    rounded_blocks: Number = 0
    repeats: dict[str, Number] = {}
    for path, (own, times, stored) in _sizes(traces, precision(name), uncast).items():
        elements, nbytes = elements + own, nbytes + stored
        module = path.rpartition(".")[0]
        twice = fused == "kept" and module.rpartition(".")[2] in PROJECTIONS
        # fused projections beside the originals: their bytes once more
        copied = copied + (stored if twice else 0)
        # a name stands for `times` layers: one of them is meant
        modules[module] = modules.get(module, 0) + stored / maximum(times, 1)
        repeats[module] = times
        tensors = tensors + times
        # bytes of one tensor, rounded up x tensors
        pinned = power_of_two(maximum(plain(stored) / maximum(plain(times), 1), 1)) * plain(times)
        rounded = rounded + pinned
        head = homes[path]
        if head:
            of_blocks, rounded_blocks = of_blocks + times, rounded_blocks + pinned
            blocks[head] = blocks.get(head, 0) + stored
            rounds[head] = times if head not in rounds else maximum(rounds[head], times)
    blocks = {head: named(head, own, "byte") for head, own in blocks.items()}
    return Tally(
        elements=named("traced", elements),
        nbytes=named("traced_bytes", nbytes, "byte"),
        copied=copied,
        blocks=sum(blocks.values()),
        # bytes of all rounds / rounds: one block
        block=largest(blocks[head] / maximum(rounds[head], 1) for head in blocks),
        module=largest(modules.values()),
        # two-stream and single-stream blocks add up
        rounds=sum(rounds.values()),
        tensors=tensors,
        of_blocks=of_blocks,
        modules=sum(repeats.values()),
        rounded=rounded,
        rounded_blocks=rounded_blocks,
        stacks=tuple((rounds[head], blocks[head]) for head in blocks),
    )


def _sizes(
    traces: tuple[Touched, ...], chosen: Precision, uncast: Words | None
) -> dict[str, tuple[Number, Number, Number]]:
    """(elements, layers, bytes) of every parameter the traces touched."""
    sizes: dict[str, tuple[Number, Number, Number]] = {}
    base = chosen.others or ELEMENT_BYTES[chosen.compute]
    for taped in traces:
        narrow = _covered(taped, chosen, uncast)
        for path, (elements, keep) in taped.parameters.items():
            stored: float = base
            if path in narrow:
                stored = chosen.stored
            if keep:
                stored = ELEMENT_BYTES[keep]
            sizes[path] = (elements, taped.rounds[path], elements * stored)
    return sizes


def _covered(taped: Touched, chosen: Precision, uncast: Words | None) -> set[str]:
    """The parameters that are stored in the format itself."""
    if chosen.covers == "all":
        return set(taped.parameters)
    if uncast is not None:
        # a norm's own weights have its word in their name, tables of their own are no module's weight
        return {path for path in taped.parameters if path.endswith(OWN) and not kept(path.rpartition(".")[0], uncast)}
    return {path for path in taped.products if not _skipped(path, chosen.skips)}


def _skipped(path: str, words: tuple[str, ...]) -> bool:
    """Whether a name holds one of the words, or begins with one that is marked ^."""
    return any(path.startswith(word[1:]) if word[0] == "^" else word in path for word in words)
