"""The measures of the house: how the code of vidcalc is built, counted from the code itself.

    python scripts/house.py [--check] [--list] [--source src/vidcalc]

A *room* is a folder of src/vidcalc that holds code, or a file that lies loose beside them. A room stands above every
room it imports from; *floors* is how many rooms the longest such chain has. Where rooms import each other in a circle,
no order exists: then some imports run *back up*, from a room to one above it, and the fewest that could be meant are
counted. All imports count: at the head of a file, inside a function, and for types only. The *core* is everything but
the faces and the referee (`reference`).

Prints measure, number now, number wanted; --list also names what was counted, --check exits with 1 if one is missed.
"""

import argparse
import ast
import io
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from house_imports import House, back_up, circles, longest_chain, reach

SOURCE = Path(__file__).resolve().parent.parent / "src" / "vidcalc"
COST_NEVER_SEES = {
    "the plan": ("vidcalc.describe.plan", "vidcalc.describe.training"),
    "the catalogue": ("vidcalc.catalog",),
    "a pass": ("vidcalc.passes",),
}
CONTAINERS = ("dict", "list", "set", "OrderedDict", "defaultdict", "Counter", "deque")
CHANGES = (
    *("add", "append", "clear", "discard", "extend", "insert", "move_to_end", "pop", "popitem", "remove", "setdefault"),
    "update",
)
PRAGMAS = ("# noqa", "# type:", "# pragma", "#!")


class Measure(NamedTuple):
    """One number of the house, the number wanted, and what was counted; `exact`: neither more nor fewer."""

    name: str
    now: int
    wanted: int
    found: list[str]
    exact: bool = False

    @property
    def met(self) -> bool:
        """Whether the number is as wanted."""
        return self.now == self.wanted if self.exact else self.now <= self.wanted


def mutable_state(house: House) -> list[str]:
    """Module-level containers of the core that some function changes, and names that a `global` rebinds."""
    containers = {
        f"{name}.{target.id}"
        for name in house.core()
        for node in house.trees[name].body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and is_container(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    changed: set[str] = set()
    for name in house.core():
        for node in ast.walk(house.trees[name]):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                changed |= {known(house, name, each) for each in changes(node)} & containers
                changed |= {f"{name}.{each}" for n in ast.walk(node) if isinstance(n, ast.Global) for each in n.names}
    return sorted(changed)


def is_container(value: ast.expr) -> bool:
    """Whether an expression makes a dictionary, a list or a set."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rpartition(".")[2] in CONTAINERS
    return isinstance(value, (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp))


def changes(function: ast.AST) -> Iterator[str]:
    """What the statements of a function change in place, as written: "OWN", "accelerators.OWN"."""
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield ast.unparse(node.value)
        elif isinstance(node, ast.AugAssign):
            yield ast.unparse(node.target)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            yield ast.unparse(node.func.value)


def known(house: House, name: str, written: str) -> str:
    """The dotted name of what a file calls so: its own, or what it has imported."""
    first, dot, rest = written.partition(".")
    return house.bindings[name].get(first, f"{name}.{first}") + dot + rest


def says(annotation: ast.expr | None, word: str) -> bool:
    """Whether an annotation contains that name, quoted or not."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    return annotation is not None and any(
        isinstance(node, ast.Name) and node.id == word for node in ast.walk(annotation)
    )


def signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr | None]:
    """The annotations of all parameters, and of what is returned."""
    given = function.args
    several = [each for each in (given.vararg, given.kwarg) if each is not None]
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]
    return [*(each.annotation for each in parameters), function.returns]


def said(house: House, word: str) -> tuple[Counter[str], Counter[str]]:
    """How often a type stands in a parameter or return, and in a field of a class, by room of the core."""
    signatures: Counter[str] = Counter()
    declared: Counter[str] = Counter()
    for name in house.core():
        for node in ast.walk(house.trees[name]):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                signatures[house.room(name)] += sum(says(each, word) for each in signature(node))
            elif isinstance(node, ast.ClassDef):
                declared[house.room(name)] += sum(says(each, word) for each in fields(node).values())
    return signatures, declared


def op_kinds(house: House) -> list[str]:
    """The classes of ops/ that derive from Op and name their kind."""
    classes = {
        node.name: node
        for name in house.files
        if house.room(name) == "ops"
        for node in ast.walk(house.trees[name])
        if isinstance(node, ast.ClassDef)
    }
    bases = {name: {ast.unparse(base) for base in node.bases} & classes.keys() for name, node in classes.items()}
    return [name for name, node in classes.items() if "Op" in reach(bases, name) and "kind" in fields(node)]


def fields(of: ast.ClassDef) -> dict[str, ast.expr]:
    """The fields that a class declares, with their annotations."""
    found = [node for node in of.body if isinstance(node, ast.AnnAssign)]
    return {node.target.id: node.annotation for node in found if isinstance(node.target, ast.Name)}


def serving_one(house: House) -> list[str]:
    """Network files without an address of their own (no class they mirror) that exactly one other file imports."""
    networks = [name for name in house.files if house.room(name) == "networks"]
    used = {name: [other for other in house.files if name in house.needs[other]] for name in networks}
    addressed = addresses(house)
    return [f"{name} <- {used[name][0]}" for name in networks if len(used[name]) == 1 and name not in addressed]


def addresses(house: House) -> set[str]:
    """Network files that are asked for by name: they name published classes, or the data name them."""
    data = "\n".join(path.read_text(encoding="utf-8") for path in (house.source / "data").rglob("*.toml"))
    networks = {name for name in house.files if house.room(name) == "networks"}
    return {
        name
        for name in networks
        if "\nCLASSES = " in house.texts[name] or f'"{name.partition(".networks.")[2]}"' in data
    }


def comments(house: House) -> dict[str, float]:
    """Comment lines per line of code, by room; docstrings and pragmas are neither."""
    written: Counter[str] = Counter()
    code: Counter[str] = Counter()
    for name, text in house.texts.items():
        room = house.room(name)
        lines: set[int] = set()
        nothing = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                written[room] += not token.string.startswith(PRAGMAS)
            elif token.type not in nothing and not (token.type == tokenize.STRING and token.string.startswith('"""')):
                lines |= set(range(token.start[0], token.end[0] + 1))
        code[room] += len(lines)
    return {room: written[room] / max(code[room], 1) for room in sorted(code)}


def importing(house: House, room: str, wanted: tuple[str, ...]) -> list[str]:
    """The files of a room that import from one of these places."""
    inside = tuple(f"{place}." for place in wanted)
    return [
        name
        for name, others in house.needs.items()
        if house.room(name) == room and any(f"{other}.".startswith(inside) for other in others)
    ]


def of_imports(house: House) -> list[Measure]:
    """The numbers that say how rooms and files hang together."""
    rooms = house.rooms()
    upward = back_up(house, rooms)
    chain = longest_chain({name: {each for each in rooms[name] if (name, each) not in upward} for name in rooms})
    reasons = [f"{low} -> {high}: {'; '.join(house.between((low, high)))}" for low, high in upward]
    rings, room_rings = circles(house.needs), circles(rooms)
    return [
        Measure("floors", len(chain), 12, [" > ".join(chain)]),
        Measure("rooms", len(rooms), 21, sorted(rooms)),
        Measure("imports that run back up", len(upward), 0, reasons),
        Measure("circles of files", len(rings), 0, [" ".join(ring) for ring in rings]),
        Measure("circles of rooms", len(room_rings), 0, [" ".join(ring) for ring in room_rings]),
        *(
            Measure(f"files of cost/ importing {what}", len(found := importing(house, "cost", places)), 0, found)
            for what, places in COST_NEVER_SEES.items()
        ),
    ]


def largest(house: House, name: str, networks: bool, wanted: int) -> Measure:
    """The lines of the largest file among the networks, or among all others."""
    sizes = {each: len(text.splitlines()) for each, text in house.texts.items()}
    file = max((each for each in sizes if (house.room(each) == "networks") == networks), key=lambda each: sizes[each])
    return Measure(name, sizes[file], wanted, [file])


def measures(house: House) -> list[Measure]:
    """All numbers that have a bar, in the order they are read."""
    loose = sorted(path.name for path in house.source.glob("*.py"))
    state, kinds, alone = mutable_state(house), op_kinds(house), serving_one(house)
    with_plan = [name for name in house.files if "vidcalc.describe.plan.Plan" in house.bindings[name].values()]
    training = {name: len(text.splitlines()) for name, text in house.texts.items() if house.room(name) == "training"}
    signatures, _ = said(house, "Any")
    by_room = [f"{room} {count}" for room, count in signatures.most_common() if count]
    return [
        Measure("files beside the folders", len(loose), 4, loose),
        *of_imports(house),
        Measure("containers that functions of the core change", len(state), 1, state),
        Measure("files importing Plan", len(with_plan), 15, with_plan),
        Measure("kinds of ops", len(kinds), 7, kinds, exact=True),
        Measure("lines under training/", sum(training.values()), 0, list(training)),
        Measure("Any in parameters and returns of the core", signatures.total(), 40, by_room),
        Measure("network files that serve one other file", len(alone), 0, alone),
        largest(house, "lines of the largest file", networks=False, wanted=300),
        largest(house, "lines of the largest network", networks=True, wanted=400),
    ]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a number is not as wanted")
    parser.add_argument("--list", action="store_true", help="name what was counted")
    parser.add_argument("--source", type=Path, default=SOURCE, help="the folder of the package")
    options = parser.parse_args()
    house = House(options.source.resolve())
    found = measures(house)
    print(f"{'measure':<46}{'now':>6}{'wanted':>9}")
    for each in found:
        wanted = str(each.wanted) if each.exact else f"≤ {each.wanted}"
        print(f"{each.name:<46}{each.now:>6}{wanted:>9}{'' if each.met else '  missed'}")
        for line in each.found if options.list else ():
            print("    " + line)
    _, declared = said(house, "Any")
    print(f"{'Any in fields of the core':<46}{declared.total():>6}")
    tables, _ = said(house, "Facts")  # dict[str, Any] by another name
    print(f"{'tables as read in parameters and returns':<46}{tables.total():>6}")
    print("\ncomment lines per line of code, by room")
    print("  ".join(f"{room} {share:.2f}" for room, share in comments(house).items()))
    return int(options.check and not all(each.met for each in found))


if __name__ == "__main__":
    sys.exit(main())
