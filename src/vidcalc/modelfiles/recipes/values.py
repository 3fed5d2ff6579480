"""What the nodes of a workflow are for, and their values, followed through links to where they are written."""

from collections.abc import Iterator
from functools import cache

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.modelfiles.recipes.graph import FAR, Link, Node, Nodes

SIDES = ("width", "height")


def active(found: Nodes) -> Nodes:
    """The nodes that run and lead to an output: whatever nothing reads, where something is read by it."""
    running = {name: node for name, node in found.items() if node.runs}
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
    return {name: node for name, node in running.items() if name in reached}


def linked(node: Node) -> Iterator[Link]:
    """The outputs that a node reads."""
    for value in node.inputs.values():
        if isinstance(value, Link):
            yield value


def role(node: Node) -> str:
    """What a node decides; "" for one that is not known."""
    return str(_table().get(node.type, {}).get("role", ""))


@cache
def _table() -> Facts:
    known: Facts = table("workflow_nodes")["nodes"]
    return known


def is_silent(type_: str) -> bool:
    """Whether nodes of that type decide nothing that is calculated."""
    return type_ in set(table("workflow_nodes")["silent"]["names"])


def value(found: Nodes, node: Node, name: str) -> object:
    """An input's value, followed to where it is written; None where it is worked out by another node."""
    seen = node.inputs.get(name)
    for _ in range(FAR):
        if not isinstance(seen, Link):
            return seen
        origin = found.get(seen.node)
        if origin is None:
            return None
        kind = role(origin)
        if kind == "get":
            kept = origin.inputs.get("name")
            setter = next((n for n in found.values() if n.type == "SetNode" and n.inputs.get("name") == kept), None)
            links = list(linked(setter)) if setter else []
            seen = links[0] if links else None
        elif kind == "through":
            seen = next(linked(origin), origin.inputs.get("a"))
        elif kind == "value":
            keys = _table()[origin.type]["widgets"]
            seen = origin.inputs.get(keys[0], origin.inputs.get("value"))
        elif origin.type.startswith("GetImageSize"):
            return picture(found, origin).get(SIDES[seen.slot] if seen.slot < len(SIDES) else "")
        elif isinstance(origin.inputs.get(name), int | float | Link) and kind:
            seen = origin.inputs[name]  # "length" of a node that gives its length on
        else:
            return None
    return None


def whole(found: Nodes, node: Node, *names: str) -> int | None:
    """The first of these inputs that is a whole number."""
    for name in names:
        seen = value(found, node, name)
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


def picture(found: Nodes, node: Node, depth: int = 0) -> dict[str, int]:
    """Width and height of what a node reads as a picture, where a node before it says so; empty for a loaded one."""
    link = node.inputs.get("image", node.inputs.get("images"))
    if not isinstance(link, Link) or link.node not in found or depth > FAR:
        return {}
    origin = found[link.node]
    stated = table("workflow_nodes")["pictures"].get(origin.type)
    if stated is None:
        return picture(found, origin, depth + 1)
    if "scale" in stated:
        scale = value(found, origin, stated["scale"])
        before = picture(found, origin, depth + 1)
        if isinstance(scale, int | float):
            return {side: int(size * scale) for side, size in before.items()}
        return {}
    sides = {side: whole(found, origin, key) for side, key in stated.items()}
    return {side: size for side, size in sides.items() if size}
