"""Which network a bare weight file is: by its parameters' names and sizes, else by how many elements it has.

Names come first. Every component of the catalogue is taped and set beside the file: one that has the file's names
is of its family, and its configuration is then changed one number at a time (layers as the largest index says, widths
as the shapes say) until every name has the file's elements. Files under other names (the makers' own) are recognised
when a component of the catalogue has exactly as many weight elements; that is said with the answer.
"""

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.families import families, members, role
from vidcalc.catalog.models import model
from vidcalc.describe.model import Component
from vidcalc.modelfiles.header import Header
from vidcalc.modelfiles.weights import (
    FAR,
    Parameters,
    denoiser_part,
    depths,
    distance,
    numbers,
    of_file,
    of_network,
    shared,
    widths,
)

ALIKE = 0.85  # share of names two networks of one family have in common, at least
NEAR = 1e-3  # of the elements: files may hold a few buffers, or leave a tied weight out
EQUAL = 1e-6  # a distance that is rounding only
ROUNDS = 12  # numbers of a configuration that are changed at most
DEPTH = ("layer", "block", "depth")  # what the key of a number of layers holds
CLOSEST = 2  # components of the catalogue whose numbers are tried


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is: class, configuration, how it was recognised ("names" or "count"), and like which model."""

    class_: str
    config: Facts
    by: str
    model: str
    header: Header


def identify(header: Header, name: str) -> Identified:
    """The network in a weight file. Raises Unreadable("unknown_weights") where nothing in the catalogue is like it."""
    inner = denoiser_part(header)
    theirs = of_file(inner)
    match = _by_names(inner, theirs) or _by_count(inner)
    if match is None:
        raise Unreadable(name, "unknown_weights", params=inner.elements)
    return match


def _by_names(header: Header, theirs: Parameters) -> Identified | None:
    near = []
    for like, component in candidates():
        try:
            ours = of_network(component, role(component.network))
        except Exception:  # a family that cannot be taped at this small shape is not the one
            continue
        if shared(ours, theirs) >= ALIKE:
            near.append((distance(ours, theirs), like, component))
    by_class = members()
    near.sort(
        key=lambda each: (round(each[0], 6), -len(by_class[each[2].class_]))
    )  # of equals, the class of most models
    fitted = [(*_fit(component, header, theirs, apart), like, component) for apart, like, component in near[:CLOSEST]]
    if not fitted:
        return None
    apart, config, like, component = min(
        fitted, key=lambda each: (round(each[0], 6), _changes(each[1], each[3].config))
    )
    if apart > FAR * (1 - ALIKE) * len(theirs):
        return None
    return Identified(class_=component.class_, config=config, by="names", model=like, header=header)


def _fit(component: Component, header: Header, theirs: Parameters, apart: float) -> tuple[float, Facts]:
    """(distance, configuration) after changing one number at a time, each time the one that helps most."""
    config = dict(component.config)
    for _ in range(ROUNDS):
        if apart < EQUAL:
            break
        ours = _taped(component, config)
        differing = {name for name in theirs if ours.get(name) != theirs[name]}
        wide, deep = widths(header, differing), depths(header, differing)
        head = config.get("attention_head_dim") or config.get("head_dim") or 0
        wide |= {size // head for size in wide if head and size % head == 0}
        best = (apart, config)
        for key in numbers(config):
            for value in sorted((deep if any(word in key for word in DEPTH) else wide) - {config[key], 0}):
                changed = config | {key: value}
                better = distance(_taped(component, changed), theirs)
                if better < best[0] - EQUAL:
                    best = (better, changed)
        if best[0] == apart:
            break
        apart, config = best
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


def _by_count(header: Header) -> Identified | None:
    """The component of the catalogue with exactly, else very nearly, as many elements."""
    counted = [(abs(c.params - header.elements), like, c) for like, c in candidates() if c.params]
    apart, like, component = min(counted, key=lambda each: each[0])
    if apart > NEAR * header.elements:
        return None
    return Identified(class_=component.class_, config=component.config, by="count", model=like, header=header)


def candidates() -> list[tuple[str, Component]]:
    """(model, component) of every network of the catalogue we can tape, equal ones once; denoisers come first.

    Of two alike the older is taken: what was made out of a model is as large as it.
    """
    models = sorted((model(name) for name in load.names("models")), key=lambda each: each.released or "9")
    pairs: list[tuple[str, Component]] = [(each.name, each.denoiser) for each in models]
    pairs += [(each.name, each.vae) for each in models]
    pairs += [(each.name, part) for each in models for part in (*each.text_encoders, *each.image_encoders)]
    networks: dict[str, tuple[str, Component]] = {}
    for like, component in pairs:
        if component.class_ in families():
            fixed = replace(component, network=families()[component.class_])
            networks.setdefault(repr((component.class_, sorted(component.config.items()))), (like, fixed))
    return list(networks.values())
