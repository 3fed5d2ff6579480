"""Builds the light copy: every module once more as a function, those that run together in one file.

Which modules run together is found by running a few requests: modules that the same of them need share a file, and
each of the rest has one of its own. `index.py` says where each is, and what its source was like.
"""

import ast
import contextlib
import io
import shutil
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from vidcalc.faces.light import BUILT, PACKAGE, door, lighten
from vidcalc.faces.light.world import STAND_INS, TOP, World

HEAD = '"""Built by `vidcalc.faces.light.bundle`; not to be edited."""\n\n'
TRIED: tuple[tuple[str, ...], ...] = (
    ("estimate", "-m", "wan2.1-t2v-14b", "--json"),
    ("estimate", "-m", "wan2.1-t2v-14b"),
    ("models",),
    ("gpus",),
    ("estimate", "--help"),
    ("--help",),
)
INDEX = "vidcalc.faces.light.index"
NOT_BUILT = ("data", "reference")  # folders whose modules have no light copy
OWN = f"{TOP}.faces.light."  # of which the stand-ins alone have one


class Source(NamedTuple):
    """A module: its file, and whether it is a package."""

    path: Path
    package: bool


def write(folder: str | Path = BUILT, checked: bool = True) -> list[Path]:
    """Write the light copy into a folder and return the files written.

    checked  whether a source that changes later is to be seen by its time: in a checkout, not in a wheel, whose files
             get theirs when they are installed
    """
    target = Path(folder)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    found = sources()
    read = {name: each.path.read_text(encoding="utf-8") for name, each in found.items()}
    shapes = lighten.Shapes({name: ast.parse(text) for name, text in read.items()})
    texts = {name: lighten.light(name, ast.parse(text), shapes) for name, text in read.items()}
    homes = together(used(texts, found), list(texts))
    written = []
    for home in sorted(set(homes.values())):
        parts = [texts[name] for name in texts if homes[name] == home]
        written.append(_write(target / f"{home}.py", "\n\n".join(parts)))
    sizes = {name: each.path.stat().st_size for name, each in found.items()}
    newest = max(each.path.stat().st_mtime_ns for each in found.values()) if checked else None
    packages = frozenset(name for name, each in found.items() if each.package)
    tables = f"HOMES = {homes!r}\nSIZES = {sizes!r}\nNEWEST = {newest!r}\nPACKAGES = {sorted(packages)!r}\n"
    return [*written, _write(target / "index.py", tables)]


def _write(path: Path, text: str) -> Path:
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def sources() -> dict[str, Source]:
    """All modules that get a light copy, by name."""
    root = Path(PACKAGE)
    found = {}
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        package = path.name == "__init__.py"
        parts = inside.parent.parts if package else inside.with_suffix("").parts
        name = ".".join((TOP, *parts))
        if inside.parts[0] not in NOT_BUILT and (not name.startswith(OWN) or name.startswith(STAND_INS)):
            found[name] = Source(path, package)
    return found


def used(texts: dict[str, str], found: dict[str, Source]) -> dict[str, frozenset[int]]:
    """Which of the requests tried need each module that any of them needs."""
    codes: dict[str, CodeType] = {}

    def code(name: str) -> tuple[CodeType, str, bool] | None:
        if name not in texts:
            return None
        if name not in codes:
            made: dict[str, object] = {}
            exec(compile(texts[name], f"<light {name}>", "exec"), made)
            codes[name] = made[lighten.function(name)].__code__  # type: ignore[attr-defined]
        return codes[name], str(found[name].path), found[name].package

    needed: dict[str, set[int]] = {}
    for place, words in enumerate(TRIED):
        world = World(code)
        with contextlib.redirect_stdout(io.StringIO()):
            door.ask(world, words)
            world.bring("click.shell_completion")
        for name in world.modules:
            needed.setdefault(name, set()).add(place)
    return {name: frozenset(places) for name, places in needed.items()}


def together(needed: dict[str, frozenset[int]], names: list[str]) -> dict[str, str]:
    """The file of each module: what most of the requests need, what others do by the first of them, the rest alone."""
    homes = {}
    for name in names:
        places = needed.get(name)
        if places is None or (name.startswith(f"{TOP}.networks.") and name.count(".") != 2):
            homes[name] = lighten.function(name)
        else:
            homes[name] = f"part_{min(places)}" if 2 * len(places) <= len(TRIED) else "part"
    return homes


if __name__ == "__main__":
    write()
