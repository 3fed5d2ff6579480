"""A ComfyUI workflow as nodes with named inputs, whichever of its two forms it is written in.

The API form names every input: {"3": {"class_type": …, "inputs": {"steps": 20, "model": ["4", 0]}}}. The graph form is
what the editor saves: nodes with lists of values in an order that only the node's definition knows, and links apart;
nodes may be groups of further nodes (subgraphs), which are put in their place here.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table

MOST = 5_000  # nodes of a workflow, subgraphs spread out
DEEPEST = 8  # subgraphs in each other
FAR = 64  # links that are followed from one value to where it is written
AFTER_A_SEED = ("fixed", "randomize", "increment", "decrement")
MUTED, BYPASSED = 2, 4
THROUGH = "Reroute"
DEVICE = re.compile(r"(?:cuda|xpu|cpu|mps|npu)(?::\d+)?")  # where a variant puts a network: among its values
WRITTEN = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")  # kinds of inputs that may be values instead of links
INPUT = "-10"  # what a subgraph's inner links come from where they come from outside


class Link(msgspec.Struct, frozen=True):
    """An input that is another node's output."""

    node: str
    slot: int


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A node: its type and its inputs by name, each a value or a link; `kinds` of linked inputs; whether it runs."""

    id: str
    type: str
    inputs: dict[str, object]
    kinds: dict[str, str] = {}
    runs: bool = True


class Nodes(dict[str, Node]):
    """The nodes of a workflow by id.

    worked  what nodes were worked out to give, by their ids and places
    """

    def __init__(self, *nodes: Mapping[str, Node]) -> None:
        super().__init__(*nodes)
        self.worked: dict[tuple[str, int], float | None] = {}


def is_workflow(facts: Facts) -> bool:
    """Whether a JSON object is a workflow, in either form."""
    return is_graph(facts) or is_api(facts)


def is_graph(facts: Facts) -> bool:
    """Whether it is the form that the editor saves."""
    return isinstance(facts.get("nodes"), list) and "links" in facts


def is_api(facts: Facts) -> bool:
    """Whether it is the form that is sent to be run."""
    nodes = [each for each in facts.values() if isinstance(each, dict)]
    return bool(nodes) and all("class_type" in each for each in nodes)


def nodes(facts: Facts) -> Nodes:
    """The nodes of a workflow."""
    if is_api(facts):
        return Nodes({str(name): _of_api(str(name), each) for name, each in facts.items() if isinstance(each, dict)})
    groups = facts.get("definitions")
    inside = _listed(groups, "subgraphs") if isinstance(groups, dict) else []
    known = {str(each.get("id")): each for each in inside}
    found = Nodes()
    _spread(facts, known, "", {}, found, 0)
    return found


def _of_api(name: str, facts: Facts) -> Node:
    inputs: dict[str, object] = {}
    stated = facts.get("inputs")
    for key, value in stated.items() if isinstance(stated, dict) else ():
        inputs[str(key)] = Link(str(value[0]), int(value[1])) if _is_link(value) else value
    return Node(id=name, type=str(facts["class_type"]), inputs=inputs)


def _is_link(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int) and type(value[1]) is int


def _spread(
    graph: Facts, groups: dict[str, Facts], above: str, outside: dict[int, object], found: Nodes, depth: int
) -> dict[int, Link]:
    """Adds a graph's nodes to those found, subgraphs in their place; gives what its outputs are, by their place."""
    links = dict(_links(graph, above))
    outputs: dict[int, Link] = {}
    instances: dict[str, dict[int, Link]] = {}
    listed = _listed(graph, "nodes")
    inner = [each for each in listed if str(each.get("type")) in groups]
    for each in (*[each for each in listed if each not in inner], *inner):
        if len(found) >= MOST:
            return outputs
        name, type_ = above + str(each.get("id")), str(each.get("type"))
        inputs, kinds = _inputs(each, links, outside)
        if type_ in groups and depth < DEEPEST:
            given = _given(groups[type_], each, inputs)
            if each.get("mode", 0) not in (MUTED, BYPASSED):
                instances[name] = _spread(groups[type_], groups, name + ":", given, found, depth + 1)
            continue
        if each.get("mode", 0) == BYPASSED:  # what it is given goes on
            through: dict[str, object] = {key: given for key, given in inputs.items() if isinstance(given, Link)}
            found[name] = Node(id=name, type=THROUGH, inputs=through, kinds=kinds)
            continue
        found[name] = Node(id=name, type=type_, inputs=inputs, kinds=kinds, runs=each.get("mode", 0) != MUTED)
    for link in links.values():  # what leaves a subgraph is what its inner node gives
        if isinstance(link[0], Link) and link[1] is not None:
            outputs[link[1]] = link[0]
    for name, gives in instances.items():
        _rewire(found, name, gives)
        outputs = {slot: _through(link, name, gives) for slot, link in outputs.items()}
    return outputs


def _given(group: Facts, instance: Facts, inputs: dict[str, object]) -> dict[int, object]:
    """What a subgraph is given, by the places of its inputs: links by their names, else the values that it keeps."""
    entries = _listed(group, "inputs") or _listed(instance, "inputs")
    names = [str(entry.get("name")) for entry in entries]
    written = [name for name, entry in zip(names, entries, strict=True) if entry.get("type") in WRITTEN]
    values = instance.get("widgets_values")
    kept = dict(zip(written, values, strict=True)) if isinstance(values, list) and len(values) == len(written) else {}
    known = {**inputs, **kept, **{name: each for name, each in inputs.items() if isinstance(each, Link)}}
    return {place: known.get(name) for place, name in enumerate(names)}


def _rewire(found: Nodes, instance: str, gives: dict[int, Link]) -> None:
    """Links to a subgraph as links to the nodes inside that make its outputs."""
    for name, node in list(found.items()):
        wired = {k: _through(v, instance, gives) if isinstance(v, Link) else v for k, v in node.inputs.items()}
        if wired != node.inputs:
            found[name] = msgspec.structs.replace(node, inputs=wired)


def _through(link: Link, instance: str, gives: dict[int, Link]) -> Link:
    return gives.get(link.slot, link) if link.node == instance else link


def _links(graph: Facts, above: str) -> Iterator[tuple[str, tuple[Link, int | None]]]:
    """(id, (where it comes from, which output of the subgraph it goes to)) of a graph's links, in both spellings."""
    leaving = (
        str((graph.get("outputNode") or {}).get("id", "-20")) if isinstance(graph.get("outputNode"), dict) else "-20"
    )
    stated = graph.get("links")
    for each in stated if isinstance(stated, list) else ():
        if isinstance(each, dict):
            row = [each.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot")]
        elif isinstance(each, list) and len(each) >= 5:
            row = each[:5]
        else:
            continue
        id_, origin, slot, target, place = (str(value) for value in row)
        out = int(place) if target == leaving and place.isdigit() else None
        yield id_, (Link(origin if origin == INPUT else above + origin, int(slot) if slot.isdigit() else 0), out)


def _inputs(
    node: Facts, links: dict[str, tuple[Link, int | None]], outside: dict[int, object]
) -> tuple[dict[str, object], dict[str, str]]:
    """(inputs by name, kinds of the linked ones) of a node of the graph form."""
    inputs = dict(_widgets(node))
    kinds: dict[str, str] = {}
    for entry in _listed(node, "inputs"):
        if entry.get("link") is None:
            continue
        link, _out = links.get(str(entry["link"]), (None, None))
        name = str(entry.get("name"))
        kinds[name] = str(entry.get("type"))
        if link is None:
            continue
        if link.node == INPUT:
            given = outside.get(link.slot)
            if given is not None:
                inputs[name] = given
        else:
            inputs[name] = link
    return inputs, kinds


def _widgets(node: Facts) -> Iterator[tuple[str, object]]:
    """(name, value) of what a node keeps itself."""
    values = node.get("widgets_values")
    if isinstance(values, dict):
        yield from ((str(key), value) for key, value in values.items())
        return
    if not isinstance(values, list):
        return
    stated = [str(each.get("name")) for each in _listed(node, "inputs") if each.get("widget")]
    type_ = str(node.get("type"))
    variant = any(type_.endswith(each) for each in table("workflow_nodes")["variants"]["endings"])
    rest = [each for each in values if not (variant and DEVICE.fullmatch(str(each)))]
    plain = [
        value for place, value in enumerate(rest) if not (place and value in AFTER_A_SEED and _is_seed(rest[place - 1]))
    ]
    names = tuple(stated) if len(stated) == len(plain) else kept(type_) or tuple(stated)
    for name in names:
        if not rest:
            return
        yield name, rest.pop(0)
        if "seed" in name and rest and rest[0] in AFTER_A_SEED:
            rest.pop(0)
    for place, value in enumerate(rest):
        if isinstance(value, dict) and value.get("lora"):
            yield f"lora_{place}", value


def _listed(facts: Facts, key: str) -> list[Facts]:
    """The tables of a list, whatever else stands there."""
    stated = facts.get(key)
    return [each for each in stated if isinstance(each, dict)] if isinstance(stated, list) else []


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def kept(type_: str) -> tuple[str, ...]:
    """The names of the values that a node of that type keeps, in their order; none for a type that is not known."""
    tables = table("workflow_nodes")
    names = (type_, *(type_.removesuffix(ending) for ending in tables["variants"]["endings"]))
    known = next((tables["nodes"][name] for name in names if name in tables["nodes"]), None)
    return tuple(known["widgets"] if known else tables["picture_widgets"].get(type_, ()))
