"""What the nodes of a workflow are for, and their values, followed through links to where they are written."""

import math
import re
from collections.abc import Iterator
from functools import cache

from msgspec.structs import replace

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.modelfiles.recipes.graph import FAR, Link, Node, Nodes
from vidcalc.modelfiles.recipes.sums import worked_out

SIDES = ("width", "height")
PICTURES = ("image", "images", "pixels", "start_image", "input", "video")  # what nodes call the pictures they read
DEEPEST = 40  # numbers that are worked out of others
MEGAPIXEL = 1 << 20


def active(found: Nodes) -> Nodes:
    """The nodes that run and lead to an output: whatever nothing reads, where something is read by it."""
    running = Nodes({name: node for name, node in found.items() if node.runs})
    read = {link.node for node in running.values() for link in linked(node)}
    names = {node.inputs.get("name") for node in running.values() if node.type == "GetNode"}
    last = [n for n, node in running.items() if n not in read and any(True for _ in linked(node))]
    last += [n for n, node in running.items() if node.type == "SetNode" and node.inputs.get("name") in names]
    if not last:  # nothing hangs together: all of it counts
        return running
    reached: dict[str, None] = {}
    waiting = last
    while waiting:
        name = waiting.pop()
        if name in reached or name not in found:
            continue
        reached[name] = None
        waiting += [link.node for link in linked(found[name])]
    return Nodes({name: node for name, node in running.items() if name in reached})


def switched(found: Nodes) -> Nodes:
    """The same with what switches lead to alone, where which way they stand is written."""
    settled = Nodes(found)
    for name, node in found.items():
        stands = value(found, node, "switch") if role(node) == "switch" else None
        if isinstance(stands, bool):
            way = "on_true" if stands else "on_false"
            settled[name] = replace(node, inputs={way: node.inputs[way]} if way in node.inputs else {})
    return settled


def linked(node: Node) -> Iterator[Link]:
    """The outputs that a node reads."""
    for value in node.inputs.values():
        if isinstance(value, Link):
            yield value


def role(node: Node) -> str:
    """What a node decides; "" for one that is not known."""
    return str(_table().get(_known(node.type), {}).get("role", ""))


def is_partly_known(node: Node) -> bool:
    """Whether a node that is known also does what is not: it is listed too."""
    return _known(node.type) != node.type or bool(_table().get(node.type, {}).get("partly"))


def _known(type_: str) -> str:
    """The type that a node is a variant of: those that put a network on another device are named after theirs."""
    for ending in table("workflow_nodes")["variants"]["endings"]:
        if type_.endswith(ending) and type_.removesuffix(ending) in _table():
            return type_.removesuffix(ending)
    return type_


@cache
def _table() -> Facts:
    known: Facts = table("workflow_nodes")["nodes"]
    return known


def is_silent(type_: str) -> bool:
    """Whether nodes of that type decide nothing that is calculated."""
    return type_ in set(table("workflow_nodes")["silent"]["names"])


def value(found: Nodes, node: Node, name: str, depth: int = 0) -> object:
    """An input's value, followed to where it is written or worked out; None where it is made by another node."""
    seen = node.inputs.get(name)
    for _ in range(FAR):
        if not isinstance(seen, Link):
            return None if isinstance(seen, float) and not math.isfinite(seen) else seen
        origin = found.get(seen.node)
        if origin is None or depth > DEEPEST:
            return None
        kind = role(origin)
        if kind == "get":
            kept = origin.inputs.get("name")
            setter = next((n for n in found.values() if n.type == "SetNode" and n.inputs.get("name") == kept), None)
            links = list(linked(setter)) if setter else []
            seen = links[0] if links else None
        elif kind in ("through", "switch"):
            running = (link for link in linked(origin) if link.node in found and found[link.node].runs)
            seen = next(running, next(linked(origin), next(iter(origin.inputs.values()), None)))
        elif kind == "value":
            keys = _table()[origin.type]["widgets"]
            seen = origin.inputs.get(keys[0], origin.inputs.get("value"))
        elif kind == "sum" or origin.type in _sizes():
            return _worked(found, origin, seen.slot, depth + 1)
        elif isinstance(origin.inputs.get(name), int | float | Link) and kind:
            seen = origin.inputs[name]  # "length" of a node that gives its length on
        else:
            return None
    return None


def _worked(found: Nodes, node: Node, slot: int, depth: int) -> float | None:
    """What a node calculates or tells of a picture at a place, asked once: many ways may lead to it."""
    key = node.id, slot
    if key not in found.worked:
        found.worked[key] = None  # what leads back to itself has no value
        found.worked[key] = (_sum if role(node) == "sum" else _size)(found, node, slot, depth)
    return found.worked[key]


def _sum(found: Nodes, node: Node, slot: int, depth: int) -> float | None:
    """What a node calculates from its other inputs; a whole number at the place where it gives one."""
    facts = _table()[_known(node.type)]
    expression = node.inputs.get(facts["widgets"][0])
    names = {key.rpartition(".")[2]: value(found, node, key, depth) for key in node.inputs}
    numbers = {key: each for key, each in names.items() if isinstance(each, int | float)}
    result = worked_out(expression, numbers) if isinstance(expression, str) else None
    return int(result) if result is not None and slot == facts["whole"] else result


@cache
def _sizes() -> Facts:
    """Nodes that give sizes, by what they give at each place."""
    known: Facts = table("workflow_nodes")["sizes"]
    return known


def _size(found: Nodes, node: Node, slot: int, depth: int) -> int | None:
    """What a node gives of a picture at a place: its width, its height, or how many there are."""
    gives = _sizes()[node.type]["gives"]
    what = gives[slot] if slot < len(gives) else ""
    if what == "count":
        return count(found, node, depth)
    return sides(found, node, depth).get(what)


def count(found: Nodes, node: Node, depth: int = 0) -> int | None:
    """How many pictures a node gives, where one before it says so."""
    key = table("workflow_nodes")["counts"].get(node.type)
    if key:
        return whole(found, node, key, depth=depth) or None
    origin = _before(found, node)
    return count(found, origin, depth + 1) if origin is not None and depth < FAR else None


def sides(found: Nodes, node: Node, depth: int = 0) -> dict[str, int]:
    """Width and height of the pictures that a node gives, where it or one before it says so; empty for loaded ones."""
    facts = _sizes().get(node.type, {})
    origin = _before(found, node)
    before = sides(found, origin, depth + 1) if origin is not None and depth < FAR else {}
    if "ratio" in facts:
        return _of_area(found, node, facts, depth)
    if "scale" in facts:
        scale = value(found, node, facts["scale"], depth)
        return {side: int(size * scale) for side, size in before.items()} if isinstance(scale, int | float) else {}
    if "width" not in facts or any(node.inputs.get(key) != word for key, word in facts.get("only", {}).items()):
        return before
    areas = facts.get("areas", {})  # a square of the area stands for any shape of it
    stated = {side: areas.get(str(node.inputs.get(facts[side]))) for side in SIDES}
    read = {side: stated[side] or whole(found, node, facts[side], depth=depth) or 0 for side in SIDES}
    if not all(read.values()):
        return before
    if before and keeps_shape(node) and "areas" not in facts:
        scale = min(read[side] / before[side] for side in SIDES)
        return {side: int(before[side] * scale) for side in SIDES}
    return read


def keeps_shape(node: Node) -> bool:
    """Whether a node fits pictures into a size, which then only bounds them."""
    facts = _sizes().get(node.type, {})
    return "areas" in facts or any(node.inputs.get(key) in stated for key, stated in facts.get("fits", {}).items())


def _of_area(found: Nodes, node: Node, facts: Facts, depth: int) -> dict[str, int]:
    """Sides of so many megapixels (2^20) in a shape such as "16:9 (Widescreen)", as multiples of a length."""
    shape = re.match(r"(\d+):(\d+)", str(node.inputs.get(facts["ratio"])))
    area, multiple = (value(found, node, facts[key], depth) for key in ("area", "multiple"))
    if shape is None or not isinstance(area, int | float) or not isinstance(multiple, int) or multiple < 1 or area <= 0:
        return {}
    across, down = int(shape[1]), int(shape[2])
    unit = math.sqrt(area * MEGAPIXEL / (across * down))
    return {side: round(part * unit / multiple) * multiple for side, part in zip(SIDES, (across, down), strict=True)}


def _before(found: Nodes, node: Node) -> Node | None:
    """The node whose pictures a node works on."""
    link = next((link for key in PICTURES if isinstance(link := node.inputs.get(key), Link)), None)
    return found.get(link.node) if link is not None else None


def whole(found: Nodes, node: Node, *names: str, depth: int = 0) -> int | None:
    """The first of these inputs that is a whole number."""
    for name in names:
        seen = value(found, node, name, depth)
        if isinstance(seen, int | float) and not isinstance(seen, bool) and seen == int(seen):
            return int(seen)
    return None


def word(found: Nodes, node: Node, *names: str) -> str:
    """The first of these inputs that is a text; "" for none."""
    for name in names:
        seen = value(found, node, name)
        if isinstance(seen, str) and seen:
            return seen
    return ""
