"""Tables on disk, so that the next process need not record them: text in the user's cache folder.

A file holds the tables of one question. Its name is a hash of the question, of the text of all code that a recording
runs, and of the format; so a file of another version is never found. What is broken or foreign is as if it were not
there, and where nothing can be written nothing is kept. `VIDCALC_CACHE` names another folder; empty, none.
"""

import os
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

from vidcalc.tape.tables import ROOMS

FORMAT = "1"
ROOT = Path(__file__).resolve().parents[2]


class Kept(msgspec.Struct, frozen=True):
    """The tables of a question, and what their texts must hash to."""

    check: str
    texts: list[str]


def folder() -> Path | None:
    """Where tables are kept; None where they are not."""
    named = os.environ.get("VIDCALC_CACHE")
    if named is not None:
        return Path(named) / "tables" if named else None
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return Path(base) / "vidcalc" / "tables" if base else Path.home() / ".cache" / "vidcalc" / "tables"
    except RuntimeError:  # no home
        return None


@cache
def code() -> str:
    """A hash of the text that a recording depends on."""
    found = sha256(FORMAT.encode())
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()


def place(question: bytes) -> Path | None:
    """The file of a question."""
    home = folder()
    return None if home is None else home / (sha256(code().encode() + question).hexdigest()[:40] + ".json")


def read(question: bytes) -> list[str]:
    """The texts that are kept for a question."""
    path = place(question)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Kept) if path else Kept("", [])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return found.texts if found.check == check(found.texts) else []


def check(texts: list[str]) -> str:
    """What texts hash to."""
    return sha256("\0".join(texts).encode()).hexdigest()


def write(question: bytes, texts: list[str]) -> None:
    """Keep texts for a question: a file of its own first, that then takes the place of what was there."""
    path = place(question)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(Kept(check(texts), texts)))
            os.replace(name, path)
        except OSError:
            os.unlink(name)
    except OSError:
        return
