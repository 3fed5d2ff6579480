"""Which network a bare weight file is: by its parameters' names and sizes, else by how many elements it has.

Names come first, ours or those of a maker (`layouts`). Every component of the catalogue is taped and set beside the
file: one that has the file's names is of its family, and its configuration is then changed one number at a time (layers
as the largest index says, widths as the shapes say) until every name has the file's elements. Where several models
have exactly these weights, the file's own name decides; where it does not, the others are named with the answer.
Files under names that nothing here has are recognised when a component of the catalogue has exactly as many weight
elements; that is said with the answer, too.
"""

from collections.abc import Iterator
from functools import cache

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.families import families, members, role
from vidcalc.catalog.models import model
from vidcalc.catalog.spellings import recognised
from vidcalc.describe.model import Component, Model
from vidcalc.modelfiles.header import Header
from vidcalc.modelfiles.layouts import Layout, Pairs, layouts, of_class
from vidcalc.modelfiles.weights import (
    FAR,
    Parameters,
    depths,
    distance,
    in_layout,
    numbers,
    of_file,
    of_network,
    shared,
    total,
    widths,
)

ALIKE = 0.85  # share of names two networks of one family have in common, at least
NEAR = 2e-5  # of the elements: files may hold a few buffers
EQUAL = 1e-6  # a distance that is rounding only
ROUNDS = 12  # numbers of a configuration that are changed at most
DEPTH = ("layer", "block", "depth")  # what the key of a number of layers holds
_OPEN = ("image_dim", "added_kv_proj_dim", "pos_embed_seq_len")  # numbers that only some models of a class have
CLOSEST = 3  # components of the catalogue whose numbers are tried


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is.

    class_, config  as which network;  by  how it was recognised, "names" or "count"
    model           like which model;  also  other models with exactly these weights, where nothing tells them apart
    elements        weights of the network;  beside  canonical names of tensors that it has no place for
    """

    class_: str
    config: Facts
    by: str
    model: str
    elements: int
    also: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class Try(msgspec.Struct, frozen=True):
    """One component of the catalogue under one way of naming, and how far it is from the file."""

    apart: float
    like: str
    component: Component
    layout: Layout | None
    pairs: Pairs


def identify(header: Header, name: str) -> Identified:
    """The network in a weight file of that name. Raises Unreadable("unknown_weights") where nothing here is like it."""
    match = _by_names(header, name) or _by_count(header, name)
    if match is None:
        raise Unreadable(name, "unknown_weights", params=header.elements)
    return match


def _by_names(header: Header, name: str) -> Identified | None:
    theirs = _read(header)
    said = _said(header)
    near = [each for each in _tries(theirs) if not said or each.component.class_ in said]
    by_class = members()
    # of equals, the class of most models
    near.sort(key=lambda each: (round(each.apart, 6), -len(by_class[each.component.class_])))
    exact = [each for each in near if each.apart < EQUAL]
    if exact:
        return _told_apart(exact, theirs, name)
    fitted = [(*_fit(each, header, theirs[_layout(each)]), each) for each in near[:CLOSEST]]
    if not fitted:
        return None
    apart, config, best = min(fitted, key=lambda each: (round(each[0], 6), _changes(each[1], each[2].component.config)))
    file = theirs[_layout(best)]
    if apart < EQUAL:
        made = replace(best.component, config=config)
        return _told_apart([Try(apart, best.like, made, best.layout, best.pairs)], theirs, name)
    if apart > FAR * (1 - ALIKE) * len(file):
        return None
    nearest = [Try(apart, best.like, replace(best.component, config=config), best.layout, best.pairs)]
    best = max((*nearest, *_siblings(nearest)), key=lambda each: len(by_class[each.component.class_]))
    ours = in_layout(_taped(best.component, best.component.config), best.pairs)
    return Identified(
        class_=best.component.class_,
        config=best.component.config,
        by="names",
        model=best.like,
        elements=total(file),
        beside=tuple(sorted(file.keys() - ours.keys())),
    )


def _said(header: Header) -> set[str]:
    """The classes that a GGUF file's own word for its architecture stands for; none for a word that nobody knows."""
    word = str(header.metadata.get("general.architecture", "")).casefold()
    return {class_ for each in layouts() if word in each.architectures for class_ in each.classes}


def _read(header: Header) -> dict[str, Parameters]:
    """The file's parameters, as each layout spells them; "" as the file does."""
    return {"": of_file(header), **{each.id: of_file(header, each) for each in layouts()}}


def _tries(theirs: dict[str, Parameters]) -> Iterator[Try]:
    """Every component of the catalogue that has most of the file's names, under every way of naming it."""
    for like, component, ours in taped_candidates():
        ways: list[tuple[Layout | None, Pairs]] = [(None, ())]
        ways += [(layout, pairs) for layout in of_class(component.class_) for pairs in layout.ways()]
        for layout, pairs in ways:
            named, file = in_layout(ours, pairs) if layout else ours, theirs[layout.id if layout else ""]
            if shared(named, file) >= ALIKE:
                yield Try(distance(named, file), like, component, layout, pairs)


@cache
def taped_candidates() -> list[tuple[str, Component, Parameters]]:
    """(model, component, its parameters) of every network of the catalogue."""
    found = []
    for like, component in candidates():
        ours = _taped(component, component.config)
        if ours:  # a family that cannot be taped at this small shape is not the one
            found.append((like, component, ours))
    return found


def _layout(each: Try) -> str:
    return each.layout.id if each.layout else ""


def _told_apart(exact: list[Try], theirs: dict[str, Parameters], name: str) -> Identified:
    """Of components with exactly the file's weights, the one whose model the file's name speaks of."""
    exact = [*exact, *_siblings(exact)]
    known: dict[str, Try] = {}
    for each in exact:
        known.setdefault(_numbers(each.component), each)
    equal = {each.name: _numbers(part) for each in _models() for part in _parts(each) if _numbers(part) in known}
    tries = {like: known[key] for like, key in equal.items()}
    said, by_class = recognised(name, equal), members()
    # a class of more models is the more likely one; of its models, the first that was published
    order = sorted(tries, key=lambda like: (-len(by_class[tries[like].component.class_]), model(like).released, like))
    chosen, *also = (said.models if said is not None else order) or [exact[0].like]
    best = tries.get(chosen, exact[0])
    wider = max(exact, key=lambda each: len(by_class[each.component.class_]))
    if said is None and len(by_class[wider.component.class_]) > len(by_class[best.component.class_]):
        # the same network under a class that more models have
        best, chosen, also = wider, wider.like, [each for each in (chosen, *also) if each in tries]
    denoiser = role(best.component.network) == "denoiser"  # an encoder of many models is the same in all of them
    return Identified(
        class_=best.component.class_,
        config=best.component.config,
        by="names",
        model=chosen,
        elements=total(theirs[_layout(best)]),
        also=tuple(also) if denoiser else (),
    )


def _siblings(exact: list[Try]) -> Iterator[Try]:
    """The same numbers under other classes of the same way of naming, where they make the same weights."""
    first = exact[0]
    for layout in of_class(first.component.class_):
        for class_ in layout.classes:
            relative = next((c for _, c in candidates() if c.class_ == class_), None)
            if relative is None or any(each.component.class_ == class_ for each in exact):
                continue
            own = {
                key: value for key, value in first.component.config.items() if key in relative.config or key in _OPEN
            }
            other = replace(relative, config=own)
            if distance(_taped(other, own), _taped(first.component, first.component.config)) < EQUAL:
                like = min(members()[class_], key=lambda name: _unlike(model(name).denoiser.config, own))
                yield Try(0.0, like, other, first.layout, first.pairs)


def _unlike(a: Facts, b: Facts) -> int:
    return sum(a.get(key) != value for key, value in b.items())


def _fit(best: Try, header: Header, theirs: Parameters) -> tuple[float, Facts]:
    """(distance, configuration) after changing one number at a time, each time the one that helps most."""
    component, apart = best.component, best.apart
    config = dict(component.config)
    for _ in range(ROUNDS):
        if apart < EQUAL:
            break
        ours = in_layout(_taped(component, config), best.pairs)
        differing = {name for name in theirs if ours.get(name) != theirs[name]}
        wide, deep = widths(header, best.layout, differing), depths(header, best.layout, differing)
        head = config.get("attention_head_dim") or config.get("head_dim") or 0
        wide |= {size // head for size in wide if head and size % head == 0}
        closest = (apart, config)
        for key in numbers(config):
            for value in sorted((deep if any(word in key for word in DEPTH) else wide) - {config[key], 0}):
                changed = config | {key: value}
                better = distance(in_layout(_taped(component, changed), best.pairs), theirs)
                if better < closest[0] - EQUAL:
                    closest = (better, changed)
        if closest[0] == apart:
            break
        apart, config = closest
    return apart, config


def _changes(config: Facts, base: Facts) -> int:
    """How many numbers differ from the catalogue's."""
    return sum(config[key] != base[key] for key in base)


def _taped(component: Component, config: Facts) -> Parameters:
    """Elements by name with another configuration; nothing where the family refuses its numbers."""
    try:
        return of_network(replace(component, config=config), role(component.network))
    except Exception:  # numbers that do not go together
        return {}


def _by_count(header: Header, name: str) -> Identified | None:
    """The component of the catalogue with exactly, else very nearly, as many elements; of several, as the name says."""
    allowed = _said(header)
    known_sizes = [(like, c) for like, c in candidates() if c.params and (not allowed or c.class_ in allowed)]
    counted = [(abs((c.params or 0) - header.elements), like, c) for like, c in known_sizes]
    least = min((apart for apart, *_ in counted), default=header.elements)
    if least > NEAR * header.elements:
        return None
    known = {_numbers(c): c for apart, _, c in counted if apart == least}
    equal = {each.name: _numbers(part) for each in _models() for part in _parts(each) if _numbers(part) in known}
    said = recognised(name, equal)
    by_class = members()
    order = sorted(equal, key=lambda like: (-len(by_class[known[equal[like]].class_]), model(like).released, like))
    chosen, *also = said.models if said is not None else order
    component = known[equal[chosen]]
    return Identified(
        class_=component.class_,
        config=component.config,
        by="count",
        model=chosen,
        elements=header.elements,
        also=tuple(also) if role(families()[component.class_]) == "denoiser" else (),
    )


def candidates() -> list[tuple[str, Component]]:
    """(model, component) of every network of the catalogue we can tape, equal ones once; denoisers come first.

    Of two alike the older is taken: what was made out of a model is as large as it.
    """
    parts = [(each.name, place, part) for each in _models() for place, part in enumerate(_parts(each))]
    networks: dict[str, tuple[str, Component]] = {}
    for like, _place, component in sorted(parts, key=lambda each: min(each[1], 2)):
        fixed = replace(component, network=families()[component.class_])
        networks.setdefault(_numbers(component), (like, fixed))
    return list(networks.values())


def models_of(component: Component) -> list[str]:
    """The models of the catalogue whose denoiser has that class and configuration."""
    return [each.name for each in _models() if _numbers(each.denoiser) == _numbers(component)]


def _models() -> list[Model]:
    """Every model, the older first."""
    return sorted((model(name) for name in load.names("models")), key=lambda each: each.released or "9")


def _parts(of: Model) -> list[Component]:
    """Denoiser, VAE and encoders of a model that a family mirrors."""
    parts = (of.denoiser, of.vae, *of.text_encoders, *of.image_encoders)
    return [part for part in parts if part.class_ in families()]


def _numbers(component: Component) -> str:
    """A component's class and configuration as one text: equal components have the same."""
    return repr((component.class_, sorted(component.config.items())))
