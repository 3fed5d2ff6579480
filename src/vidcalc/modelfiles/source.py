"""Where a model's files are: a folder on this machine, or one file in it. The hub's side is `hub`."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.modelfiles import gguf, safetensors
from vidcalc.modelfiles.header import Header, Stream

DEEP = 3  # folders below the one asked for that may hold a component
POINTER = b"version https://git-lfs"  # a clone without its large files has these in their place
WEIGHTS = (".safetensors", ".gguf")
MOST = 20_000  # entries of folders that are looked through: more are no model's


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
        """Every path at most `DEEP` folders down, sorted; hidden ones, and what is neither file nor folder, left out.

        Raises Unreadable("too_many").
        """
        paths: list[str] = []
        level, seen = [""], 0
        for _ in range(DEEP):
            below: list[str] = []
            for folder in level:
                for name, kind in _entries(self.root / folder):
                    seen += 1
                    if seen > MOST:
                        raise Unreadable(self.root, "too_many", most=MOST)
                    (paths if kind == "file" else below).append(f"{folder}/{name}" if folder else name)
            level = below
        return sorted(paths)

    def json(self, path: str) -> Facts:
        """A configuration. Raises Unreadable("missing", "not_json" …)."""
        return parsed(reading.content(self.root / path), str(self.root / path))

    def stream(self, path: str) -> BinaryIO:
        """The bytes of a file from its start on. Raises Unreadable("missing", "no_permission" …)."""
        try:
            return open(self.root / path, "rb")
        except OSError as wrong:
            raise reading.unread(self.root / path, wrong) from None


def opened(path: str) -> Folder:
    """The folder or file at a path. Raises Unreadable("missing", "no_permission" …)."""
    try:
        location = Path(path).expanduser()
        if location.is_dir():
            os.listdir(location)
            return Folder(location)
        if location.is_file():
            return Folder(location.parent, location.name)
        location.stat()
    except (OSError, RuntimeError, ValueError) as wrong:  # the name of no home, or one that no file system takes
        raise reading.unread(path, wrong) from None
    raise Unreadable(path, "no_file")


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
        facts = reading.parsed_json(text)
    except ValueError:
        raise Unreadable(name, "not_json") from None
    if not isinstance(facts, dict):
        raise Unreadable(name, "not_json")
    return facts


def _entries(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, "file" or "folder") of what a folder holds and may be looked at."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                kind = "" if entry.name.startswith(".") else _kind(entry)
                if kind:
                    yield entry.name, kind
    except OSError:
        return


def _kind(entry: os.DirEntry[str]) -> str:
    """What an entry is, behind a link too; empty for sockets, devices, and what may not be looked at."""
    try:
        return "file" if entry.is_file() else "folder" if entry.is_dir() else ""
    except OSError:  # a link into itself, or where nobody may look
        return ""


class _Again:
    """A stream whose first bytes were looked at already."""

    def __init__(self, start: bytes, stream: Stream) -> None:
        self.start, self.stream = start, stream

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes."""
        begun, self.start = self.start[:size], self.start[size:]
        return begun + self.stream.read(size - len(begun)) if len(begun) < size else begun
