"""Where a model's files are: a folder on this machine, or one file in it. The hub's side is `hub`."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.modelfiles import gguf, safetensors
from vidcalc.modelfiles.header import Header, Stream

DEEP = 3  # folders below the one asked for that may hold a component
POINTER = b"version https://git-lfs"  # a clone without its large files has these in their place
WEIGHTS = (".safetensors", ".gguf")
LARGEST = 1 << 26  # bytes of a configuration: more is not one


class Source(Protocol):
    """Files of a model, by their paths below the root ("transformer/config.json")."""

    name: str
    focus: str  # the one file asked for; "" for everything

    def files(self) -> list[str]:
        """Every path, sorted."""
        ...

    def json(self, path: str) -> Facts:
        """A configuration. Raises Unreadable("not_json")."""
        ...

    def stream(self, path: str) -> AbstractContextManager[Stream]:
        """The bytes of a file from its start on."""
        ...


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path, focus: str = "") -> None:
        self.root, self.focus = root, focus
        self.name = (root / focus).resolve().name

    def files(self) -> list[str]:
        """Every path at most `DEEP` folders down, sorted; hidden ones left out."""
        paths: list[str] = []
        level = [self.root]
        for _ in range(DEEP):
            entries = [entry for folder in level for entry in _entries(folder) if not entry.name.startswith(".")]
            paths += [entry.relative_to(self.root).as_posix() for entry in entries if entry.is_file()]
            level = [entry for entry in entries if entry.is_dir()]
        return sorted(paths)

    def json(self, path: str) -> Facts:
        """A configuration. Raises Unreadable("missing" or "not_json")."""
        try:
            with open(self.root / path, "rb") as file:
                return parsed(file.read(LARGEST), str(self.root / path))
        except OSError:
            raise Unreadable(self.root / path, "missing") from None

    def stream(self, path: str) -> BinaryIO:
        """The bytes of a file from its start on. Raises Unreadable("missing")."""
        try:
            return open(self.root / path, "rb")
        except OSError:
            raise Unreadable(self.root / path, "missing") from None


def opened(path: str) -> Folder:
    """The folder or file at a path. Raises Unreadable("missing")."""
    location = Path(path).expanduser()
    try:
        if location.is_dir():
            return Folder(location)
        if location.is_file():
            return Folder(location.parent, location.name)
    except (OSError, ValueError):  # a name no file system takes
        pass
    raise Unreadable(path, "missing")


def header(source: Source, path: str) -> Header | None:
    """What a weight file says of itself; None for the pointer of a clone without its large files.

    Raises Unreadable("truncated", "not_safetensors", "not_gguf").
    """
    with source.stream(path) as stream:
        start = stream.read(len(POINTER))
        if start == POINTER:
            return None
        rest = _Again(start, stream)
        if start[:4] == gguf.MAGIC or path.endswith(".gguf"):
            return gguf.read(rest, path)
        return safetensors.read(rest, path)


def parsed(text: bytes, name: str) -> Facts:
    """A JSON object. Raises Unreadable("not_json")."""
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(name, "not_json") from None
    if not isinstance(facts, dict):
        raise Unreadable(name, "not_json")
    return facts


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


class _Again:
    """A stream whose first bytes were looked at already."""

    def __init__(self, start: bytes, stream: Stream) -> None:
        self.start, self.stream = start, stream

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes."""
        begun, self.start = self.start[:size], self.start[size:]
        return begun + self.stream.read(size - len(begun)) if len(begun) < size else begun
