"""The package as read: its files, their syntax, which imports which; and what can be said of such a graph.

A graph is a dictionary: name -> the names it imports from. All imports count, wherever they stand in a file; what is
loaded by a name that stands in the data (a network's address) is no import.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ABOVE_THE_CORE = ("faces", "reference")
Graph = dict[str, set[str]]
Edge = tuple[str, str]


class House:
    """The package as read: files by dotted name, their syntax, and which imports which."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.files: dict[str, Path] = {}
        written = (path for path in source.rglob("*.py") if path.relative_to(source).parts[0] != "data")
        for path in sorted(written):  # what is built below data/ is derived from these
            name = ".".join((source.name, *path.relative_to(source).with_suffix("").parts))
            self.files[name.removesuffix(".__init__")] = path
        self.texts = {name: path.read_text(encoding="utf-8") for name, path in self.files.items()}
        self.trees = {name: ast.parse(text) for name, text in self.texts.items()}
        imports = {name: list(self._imports(name)) for name in self.files}
        self.bindings = {name: dict(found) for name, found in imports.items()}
        self.needs: Graph = {
            name: {self._file(target) for _, target in found} - {"", name} for name, found in imports.items()
        }

    def room(self, name: str) -> str:
        """The room a file stands in; the package's own `__init__` is a room too."""
        return name.split(".")[1] if "." in name else "__init__"

    def core(self) -> list[str]:
        """The files of the core."""
        return [name for name in self.files if self.room(name) not in ABOVE_THE_CORE]

    def rooms(self) -> Graph:
        """Which room imports from which."""
        found: Graph = {self.room(name): set() for name in self.files}
        for name, others in self.needs.items():
            found[self.room(name)] |= {self.room(other) for other in others} - {self.room(name)}
        return found

    def between(self, edge: Edge) -> list[str]:
        """The imports that make one room need another: "file -> file"."""
        return [
            f"{name} -> {other}"
            for name, others in self.needs.items()
            for other in sorted(others)
            if (self.room(name), self.room(other)) == edge
        ]

    def _imports(self, name: str) -> Iterator[tuple[str, str]]:
        """Every import of the package's own names: (name it gets here, dotted name of what it is)."""
        is_folder = self.files[name].name == "__init__.py"
        for node in ast.walk(self.trees[name]):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == self.source.name:
                        yield alias.asname or alias.name, alias.name
            elif isinstance(node, ast.ImportFrom):
                above = name.split(".")
                above = above[: len(above) - node.level + is_folder] if node.level else []
                module = ".".join((*above, *([node.module] if node.module else [])))
                if module.partition(".")[0] == self.source.name:
                    for alias in node.names:
                        yield alias.asname or alias.name, f"{module}.{alias.name}"

    def _file(self, target: str) -> str:
        """The file that a dotted name comes from: itself if it is one, else the one that defines it."""
        return target if target in self.files else self._file(target.rpartition(".")[0]) if target else ""


def circles(graph: Graph) -> list[list[str]]:
    """Groups that all reach each other, of more than one member."""
    reached = {name: reach(graph, name) for name in graph}
    groups = {tuple(sorted(other for other in reached[name] if name in reached[other])) for name in graph}
    return [list(group) for group in sorted(groups) if len(group) > 1]


def reach(graph: Graph, start: str) -> set[str]:
    """All that can be reached from a start, which itself is only in it on a circle."""
    found: set[str] = set()
    pending = list(graph[start])
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += graph[name]
    return found


def back_up(house: House, graph: Graph) -> list[Edge]:
    """The smallest set of edges between rooms without which no circle is left; of equals, that of fewest files."""
    found: list[Edge] = []
    for members in circles(graph):
        # best[set]: the cheapest order, bottom to top, of a set of rooms (bit i: room i) -> (cost, topmost room).
        # A room that goes on top makes every import of it from further down run back up.
        number = {name: i for i, name in enumerate(members)}
        costs = [[0] * len(members) for _ in members]
        for name in members:
            for other in graph[name] & set(members):
                costs[number[other]][number[name]] = 1000 + len(house.between((name, other)))
        best: list[tuple[int, int]] = [(0, 0)]
        for chosen in range(1, 1 << len(members)):
            inside = [i for i in range(len(members)) if chosen >> i & 1]
            best.append(min((best[chosen ^ (1 << top)][0] + sum(costs[top][i] for i in inside), top) for top in inside))
        order, chosen = [], (1 << len(members)) - 1
        while chosen:
            order.append(members[best[chosen][1]])
            chosen ^= 1 << best[chosen][1]
        found += [(low, high) for i, high in enumerate(order) for low in order[i + 1 :] if high in graph[low]]
    return found


def longest_chain(graph: Graph) -> list[str]:
    """The longest chain of imports in a graph without circles, from the top down."""
    chains: dict[str, list[str]] = {}
    while len(chains) < len(graph):
        for name in sorted(graph.keys() - chains.keys()):
            if graph[name] <= chains.keys():
                chains[name] = [name, *max((chains[other] for other in sorted(graph[name])), key=len, default=[])]
    return max((chains[name] for name in sorted(chains)), key=len)
