"""Builds the light copy: every module once more in pieces, those that run together in one file.

Which run together is found by a few requests: pieces that the same of them need share a file, and the rest of each
module has one of its own. `index.py` says which files hold a module, and what its source was like.
"""

import ast
import contextlib
import io
import shutil
from pathlib import Path
from types import ModuleType
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
READS = f"{TOP}.tape.tables.built"  # reads tables
NOT_BUILT = ("data", "reference")  # folders whose modules have no light copy
OWN = f"{TOP}.faces.light."  # of which the stand-ins alone have one


class Source(NamedTuple):
    """A module: its file, and whether it is a package."""

    path: Path
    package: bool


class Trial(World):
    """A world in which it is tried what requests need.

    tables  a folder of tables that they are answered from (see `vidcalc.tape.tables.built`); None: the package's own
    """

    tables: str | None = None

    def make(self, name: str) -> ModuleType:
        """A module; that which reads tables is told where."""
        module = super().make(name)
        if name == READS and self.tables and self.tables != module.FOLDER:  # made by now, as in any run
            module.FOLDER = self.tables  # type: ignore[attr-defined]
        return module


def write(folder: str | Path = BUILT, checked: bool = True, tables: str | Path | None = None) -> list[Path]:
    """Write the light copy into a folder and return the files written.

    checked  whether a source that changes later is to be seen by its time: in a checkout, not in a wheel, whose files
             get theirs when they are installed
    tables   a folder of those that it will answer from, if they are not in their place now
    """
    target = Path(folder)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    found = sources()
    read = {name: each.path.read_text(encoding="utf-8") for name, each in found.items()}
    shapes = lighten.Shapes({name: ast.parse(text) for name, text in read.items()})
    copies = {name: lighten.light(name, ast.parse(text), shapes) for name, text in read.items()}
    files: dict[str, list[str]] = {}
    begins: dict[str, str] = {}
    needed = used(copies, found, tables)
    for module, copy in copies.items():
        known: dict[str, object] = {name: origin(copies, *taken) for name, taken in copy.taken.items()}
        for names, text in copy.pieces.items():
            home = together(module, *(needed.get((module, name), set()) for name in names))
            files.setdefault(home, []).append(text)
            known.update(dict.fromkeys(names, home))
        begins[module] = together(module, needed.get((module, ""), set()))
        files.setdefault(begins[module], []).append(f"{lighten.function(module)} = {known!r}\n{copy.first}")
    written = [_write(target / f"{home}.py", "\n\n".join(texts)) for home, texts in sorted(files.items())]
    stats = {name: each.path.stat() for name, each in found.items()}
    sizes = {name: each.st_size for name, each in stats.items()}
    times = {name: each.st_mtime_ns for name, each in stats.items()} if checked else None
    packages = frozenset(name for name, each in found.items() if each.package)
    shared = {name: home for name, home in begins.items() if home != lighten.function(name)}
    index = f"HOMES = {shared!r}\nSIZES = {sizes!r}\nTIMES = {times!r}\nPACKAGES = {sorted(packages)!r}\n"
    return [*written, _write(target / "index.py", index)]


def origin(copies: dict[str, lighten.Light], module: str, name: str) -> tuple[str, str]:
    """Where a name is made that a module has, maybe from another."""
    further = copies[module].taken.get(name) if module in copies else None
    return (module, name) if further in (None, (module, name)) else origin(copies, *further)


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


def used(
    copies: dict[str, lighten.Light], found: dict[str, Source], tables: str | Path | None = None
) -> dict[tuple[str, str], set[int]]:
    """Which of the requests tried need a name of a module, and (of no name) the module at all."""
    whole: dict[str, dict[str, object]] = {}

    def home(name: str) -> dict[str, object]:
        if name not in whole:
            copy = copies[name]
            known = copy.taken | {each: name for names in copy.pieces for each in names}
            whole[name] = {lighten.function(name): known}
            exec(compile("\n\n".join((copy.first, *copy.pieces.values())), f"<light {name}>", "exec"), whole[name])
        return whole[name]

    def source(name: str) -> tuple[str, bool, str] | None:
        return (str(found[name].path), found[name].package, name) if name in found else None

    needed: dict[tuple[str, str], set[int]] = {}
    for place, words in enumerate(TRIED):
        world = Trial(source, home)
        world.tables = None if tables is None else str(tables)
        with contextlib.redirect_stdout(io.StringIO()):
            door.ask(world, words)
            world.bring("click.shell_completion")
        for module in world.modules.values():
            for name in ("", *vars(module)):
                needed.setdefault((module.__name__, name), set()).add(place)
    return needed


def together(module: str, *needed: set[int]) -> str:
    """The file of names by the requests that need them: what most do, what others do by the first, or the module's."""
    places = set[int]().union(*needed)
    if not places or (module.startswith(f"{TOP}.networks.") and module.count(".") != 2):
        return lighten.function(module)
    return f"part_{min(places)}" if 2 * len(places) <= len(TRIED) else "part"


if __name__ == "__main__":
    write()
