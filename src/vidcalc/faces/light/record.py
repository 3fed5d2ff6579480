"""Records the tables that come with the package: what estimates of the models asked most ask by themselves.

    python -m vidcalc.faces.light.record        records them, as building a wheel does; or those of some models

About a second a model, which every installation waits for: so others stay with the tape until they are named here.
"""

import shutil
import sys
from pathlib import Path

from vidcalc.calculate import calculate
from vidcalc.faces.requests.estimate import request
from vidcalc.tape import trace
from vidcalc.tape.tables import ROOMS, built, regimes, store

ASKED_MOST = (  # the models that the field's tools begin with, a family each and its sizes
    "cogvideox-5b",
    "hunyuanvideo-1.5",
    "hunyuanvideo-t2v",
    "ltx-2",
    "ltx-video-2b",
    "mochi-1",
    "wan2.1-i2v-14b-480p",
    "wan2.1-t2v-1.3b",
    "wan2.1-t2v-14b",
    "wan2.2-i2v-a14b",
    "wan2.2-t2v-a14b",
    "wan2.2-ti2v-5b",
)
WORTH = 60_000  # the most work of a recording, in terms of formulas
HEAD = '"""Built by `vidcalc.faces.light.record`; not to be edited."""\n\n'


def write(folder: str | Path = built.FOLDER, checked: bool = True, names: tuple[str, ...] = ASKED_MOST) -> list[Path]:
    """Write the tables into a folder and return the files written; what is there stays until all are recorded.

    checked  whether a source that changes later is to be seen: in a checkout, not in a wheel
    names    of models
    """
    target, files = Path(folder), sources() if checked else {}
    tables = recorded(names)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    written = [_write(target, built.name(question), holding(question, text)) for question, text in tables.items()]
    # last, as without it no table is read
    return [*written, _write(target, built.SOURCES, f"{built.FILES} = {files!r}\n")]


def sources() -> dict[str, tuple[int, int]]:
    """(size [byte], time of the last change [ns]) of each file that a recording may run, by its path in the package."""
    root = Path(built.PACKAGE)
    found = {path: path.stat() for room in ROOMS for path in sorted((root / room).rglob("*.py"))}
    return {"/" + path.relative_to(root).as_posix(): (now.st_size, now.st_mtime_ns) for path, now in found.items()}


def holding(question: bytes, text: str) -> str:
    """What the file of a question holds."""
    return f"{built.QUESTION} = {question!r}\n{by_kind(text)}"


def recorded(names: tuple[str, ...]) -> dict[bytes, str]:
    """The text of the first table of each question that estimates of these models ask."""
    first: dict[bytes, str] = {}
    before = regimes.waits, regimes.WAYS, store.read, store.write, built.read
    regimes.forget()
    regimes.waits, regimes.WAYS = 0, (regimes.WAYS[0]._replace(worth=WORTH),)

    def kept(question: bytes, texts: list[str]) -> None:
        first.setdefault(question, texts[0])

    store.read, store.write = lambda question: [], kept
    built.read = lambda question: None  # what is there already is recorded anew
    try:
        for name in names:
            calculate(*request({"model": name}))
    finally:
        regimes.waits, regimes.WAYS, store.read, store.write, built.read = before
        regimes.forget()
        trace.forget()
    return first


def by_kind(text: str) -> str:
    """A table without its function that tells op by op."""
    before, _each, after = text.partition("\ndef each(")
    _body, more, further = after.partition("\ndef ")
    return f"{before}\n{more.lstrip()}{further}"


def _write(target: Path, name: str, text: str) -> Path:
    path = target / f"{name}.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


if __name__ == "__main__":
    write(names=tuple(sys.argv[1:]) or ASKED_MOST)
