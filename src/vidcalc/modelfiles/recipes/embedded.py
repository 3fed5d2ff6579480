"""The workflow inside a picture or a video that ComfyUI wrote: text chunks of PNG, metadata of MP4, WebM and WebP.

PNG: W3C PNG specification, tEXt, zTXt and iTXt. The others hold it as JSON text in their metadata, which is looked for
in the first and last bytes of the file. Nothing is decoded.
"""

import json
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.modelfiles.recipes.graph import is_workflow

PNG = b"\x89PNG\r\n\x1a\n"
ENDINGS = (".png", ".webp", ".mp4", ".mov", ".webm", ".mkv", ".gif", ".flac", ".apng")
KEYS = ("prompt", "workflow")  # the API form names every input
LONGEST = 1 << 24  # bytes of a chunk's text, unpacked
ENDS = 1 << 24  # bytes at either end of a file that are searched
OPENINGS = (
    b'{"nodes"',
    b'{"last_node_id"',
    b'{"id"',
    b'{"1"',
    b'{"prompt"',
    b'{"workflow"',
    b'"prompt": {',
    b'"workflow": {',
)
MOST = 64  # openings that are tried


def workflow(path: str) -> Facts:
    """The workflow in a file. Raises Unreadable("no_workflow") where there is none."""
    try:
        with open(path, "rb") as file:
            start = file.read(len(PNG))
            found = _of_png(file) if start == PNG else _of_text(start, file)
    except OSError as wrong:
        raise reading.unread(path, wrong) from None
    if found is None:
        raise Unreadable(path, "no_workflow")
    return found


def _of_png(file: BinaryIO) -> Facts | None:
    texts = dict(_chunks(file))
    for key in KEYS:
        facts = _parsed(texts.get(key, ""))
        if facts is not None:
            return facts
    return None


def _chunks(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """(keyword, text) of a PNG's chunks."""
    while len(head := file.read(8)) == 8:
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or size > LONGEST:
            file.seek(size + 4, 1)
            continue
        data = file.read(size)
        file.seek(4, 1)
        keyword, _, rest = data.partition(b"\0")
        if kind == b"zTXt":
            rest = _inflated(rest[1:])
        elif kind == b"iTXt":
            packed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
            rest = _inflated(rest) if packed else rest
        yield keyword.decode("latin-1"), rest.decode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, LONGEST)
    except zlib.error:
        return b""


def _of_text(start: bytes, file: BinaryIO) -> Facts | None:
    """The first JSON object in a file's ends that is a workflow, or holds one."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    pieces = [file.read(ENDS)]
    if size > ENDS:
        file.seek(max(size - ENDS, ENDS))
        pieces.append(file.read(ENDS))
    for piece in pieces:
        found = _searched(piece)
        if found is not None:
            return found
    return None


def _searched(data: bytes) -> Facts | None:
    decoder, tried = json.JSONDecoder(), 0
    for opening in OPENINGS:
        place = data.find(opening)
        while place >= 0 and tried < MOST:
            tried += 1
            begin = data.index(b"{", place)
            text = data[begin : begin + LONGEST].split(b"\0", 1)[0].decode("utf-8", "replace")
            try:
                facts, _end = decoder.raw_decode(text)
            except (ValueError, RecursionError):
                facts = None
            found = unwrapped(facts)
            if found is not None:
                return found
            place = data.find(opening, place + 1)
    return None


def _parsed(text: str) -> Facts | None:
    try:
        return unwrapped(reading.parsed_json(text))
    except ValueError:
        return None


def unwrapped(facts: object) -> Facts | None:
    """A workflow, or the one under "prompt", "workflow" or another key, which may be text itself."""
    if not isinstance(facts, dict):
        return None
    if is_workflow(facts):
        return facts
    for key in (*KEYS, *(name for name, inner in facts.items() if isinstance(inner, dict))):
        inner = facts.get(key)
        if isinstance(inner, str):
            inner = _json(inner)
        if isinstance(inner, dict) and is_workflow(inner):
            return inner
    return None


def _json(text: str) -> object:
    try:
        return reading.parsed_json(text)
    except ValueError:
        return None
