"""Parameters by name, ours and a file's, made comparable: numbers in names go, their elements are summed up.

`blocks.0.attn1.to_q.weight` … `blocks.39.attn1.to_q.weight` of a file and `blocks.*.attn1.to_q.weight` of a taped
network are both `blocks.attn1.to_q.weight`.
"""

import re
from math import log

from vidcalc.base.facts import Facts
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.modelfiles.header import Header
from vidcalc.modelfiles.layouts import Layout, Pairs, rewritten
from vidcalc.tape import Tape
from vidcalc.tape.trace import configuration, network

# numbers, and the words our networks use for layers that differ: "0+" and the like
Parameters = dict[str, tuple[int, int]]  # canonical name -> (tensors of that name, elements of all of them)
PLACES = re.compile(r"(?:^|(?<=\.))(?:\d+\+?|\*|first|last|shared)\.")
NUMBER = re.compile(r"(?:^|(?<=\.))\d+(?=\.)")
# a call small enough to be cheap and large enough for any network's strides and patches
DENOISER = Shape(frames=9, height=32, width=32, tokens=64)
LATENT = Shape(frames=5, height=16, width=16)
PIXELS = Shape(frames=17, height=256, width=256)
TEXT = Shape(tokens=64)
FAR = 8.0  # what a name costs that only one of two networks has: as much as a size 3,000 times too large


def canonical(name: str) -> str:
    """A parameter's name without the numbers of its layers."""
    return PLACES.sub("", name)


def of_file(header: Header, layout: Layout | None = None) -> Parameters:
    """(tensors, elements) by canonical name; what a layout calls buffers, and whole-number tables, left out."""
    totals: Parameters = {}
    for name, tensor in header.tensors.items():
        if tensor.precision and not (layout and name.rpartition(".")[2] in layout.buffers):
            key = canonical(layout.name(name) if layout else name)
            times, elements = totals.get(key, (0, 0))
            totals[key] = (times + 1, elements + tensor.elements)
    return totals


def of_network(component: Component, role: str) -> Parameters:
    """(tensors, elements) by canonical name of a component's family and numbers. role: "denoiser", "vae", or an
    encoder's.
    """
    module, config, tape = network(component), configuration(component), Tape()
    for function, shape in calls(component, role):
        getattr(module, function)(tape, config, shape)
    totals: Parameters = {}
    for name, (size, _) in tape.parameters.items():
        key = canonical(name)
        times, elements = totals.get(key, (0, 0))
        totals[key] = (times + int(tape.rounds[name]), elements + int(size))
    return {key: pair for key, pair in totals.items() if pair[0]}


def in_layout(ours: Parameters, pairs: Pairs) -> Parameters:
    """The same under a maker's names; matrices that the maker holds as one count once and have the elements of all."""
    theirs: Parameters = {}
    for name, (times, elements) in ours.items():
        key = rewritten(name, pairs)
        held, sum_ = theirs.get(key, (0, 0))
        theirs[key] = (max(held, times), sum_ + elements)
    merged: Parameters = {}
    for name, (times, elements) in theirs.items():
        key = canonical(name)
        held, sum_ = merged.get(key, (0, 0))
        merged[key] = (held + times, sum_ + elements)
    return merged


def total(parameters: Parameters) -> int:
    """Elements in all."""
    return sum(elements for _, elements in parameters.values())


def calls(component: Component, role: str) -> list[tuple[str, Shape]]:
    """(function, shape) of what a network of that role is called with once, to name all its parameters."""
    if role == "denoiser":
        image = DENOISER if component.config.get("image_dim") is None else _with_image(DENOISER)
        return [("forward", image)]
    if role == "vae":
        return [("decode", LATENT), ("encode", PIXELS)]
    return [("encode", TEXT)]


def _with_image(shape: Shape) -> Shape:
    return Shape(frames=shape.frames, height=shape.height, width=shape.width, tokens=shape.tokens, image_tokens=257)


def distance(ours: Parameters, theirs: Parameters) -> float:
    """How far apart two networks are: over all names |log| of the ratio of layers and of the ratio of sizes; 0: equal.

    The two are kept apart so that a wrong width can never make up for a wrong depth.
    """
    apart = 0.0
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs:
            apart += FAR
            continue
        (times, elements), (other_times, other) = ours[name], theirs[name]
        apart += abs(log(times / other_times)) + abs(log(max(elements, 1) / times * other_times / max(other, 1)))
    return apart


def shared(ours: Parameters, theirs: Parameters) -> float:
    """The share of names that both have, of all that either has."""
    both, either = len(ours.keys() & theirs.keys()), len(ours.keys() | theirs.keys())
    return both / either if either else 0.0


def widths(header: Header, layout: Layout | None, names: set[str]) -> set[int]:
    """Every axis length that occurs in the tensors of these canonical names."""
    return {size for name, tensor in header.tensors.items() if _key(name, layout) in names for size in tensor.shape}


def depths(header: Header, layout: Layout | None, names: set[str]) -> set[int]:
    """How many layers the tensors of these canonical names number, at each place of a number: the largest plus one."""
    layers: dict[tuple[str, int], int] = {}
    for name in header.tensors:
        key = _key(name, layout)
        for place, number in enumerate(NUMBER.findall(name) if key in names else ()):
            layers[key, place] = max(layers.get((key, place), 0), int(number) + 1)
    return set(layers.values())


def numbers(config: Facts) -> list[str]:
    """The keys of a configuration that hold a whole number."""
    return [key for key, value in config.items() if isinstance(value, int) and not isinstance(value, bool)]


def _key(name: str, layout: Layout | None) -> str:
    return canonical(layout.name(name) if layout else name)
