"""The header of a GGUF file: key-value metadata and one record per tensor; the weights are never read.

Layout: ggml-org/ggml docs/gguf.md, versions 2 and 3, little endian. Sizes stand innermost first there; here as
torch has them. Bytes follow from the block size of each tensor's type.
"""

import struct
from typing import Any

from vidcalc.base.errors import Unreadable
from vidcalc.base.number import ceil_div, product
from vidcalc.modelfiles.header import Header, Stored, Stream, formats

MAGIC = b"GGUF"
VERSIONS = (2, 3)
STRING, ARRAY = 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
LONGEST = 1 << 24  # bytes of a string or an array: more is not a header
ALL = 1 << 26  # bytes of all of it
MOST = 1 << 20  # tensors, metadata entries, or strings of a list
DEEPEST = 8  # axes of a tensor


class Reader:
    """Numbers and strings off a stream. Raises Unreadable("truncated") where it ends early."""

    def __init__(self, stream: Stream, name: str) -> None:
        self.stream, self.name, self.left = stream, name, ALL

    def bytes(self, size: int) -> bytes:
        """The next `size` bytes."""
        self.left -= size
        if size > LONGEST or self.left < 0:
            raise Unreadable(self.name, "not_gguf")
        data = self.stream.read(size)
        if len(data) < size:
            raise Unreadable(self.name, "truncated")
        return data

    def number(self, code: str) -> Any:
        """One number of a struct code."""
        return struct.unpack("<" + code, self.bytes(struct.calcsize("<" + code)))[0]

    def count(self, most: int) -> int:
        """A 64-bit count of at most `most`."""
        value = int(self.number("Q"))
        if value > most:
            raise Unreadable(self.name, "not_gguf")
        return value

    def text(self) -> str:
        """A string: length, then UTF-8."""
        return self.bytes(self.count(LONGEST)).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        """A metadata value of a type number."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            inner, size = self.number("I"), self.count(LONGEST)
            if inner in SCALARS:
                code = SCALARS[inner]
                return list(struct.unpack(f"<{size}{code}", self.bytes(size * struct.calcsize("<" + code))))
            if size > MOST:
                raise Unreadable(self.name, "not_gguf")
            return [self.value(inner) for _ in range(size)]
        if kind not in SCALARS:
            raise Unreadable(self.name, "not_gguf")
        return self.number(SCALARS[kind])


def read(stream: Stream, name: str) -> Header:
    """The tensors of a file. Raises Unreadable("truncated", "not_gguf" or "unknown_format")."""
    reader = Reader(stream, name)
    if reader.bytes(4) != MAGIC or reader.number("I") not in VERSIONS:
        raise Unreadable(name, "not_gguf")
    tensors, entries = reader.count(MOST), reader.count(MOST)
    try:
        metadata = {reader.text(): reader.value(reader.number("I")) for _ in range(entries)}
    except RecursionError:  # lists of lists without end
        raise Unreadable(name, "not_gguf") from None
    return Header(dict(_tensor(reader) for _ in range(tensors)), metadata)


def _tensor(reader: Reader) -> tuple[str, Stored]:
    name, axes = reader.text(), reader.number("I")
    if axes > DEEPEST:
        raise Unreadable(reader.name, "not_gguf")
    inner_first = [reader.number("Q") for _ in range(axes)]
    kind = str(reader.number("I"))
    reader.number("Q")  # where its data begins
    if kind not in formats("ggml"):
        raise Unreadable(reader.name, "unknown_format", format=kind)
    layout, shape = formats("ggml")[kind], tuple(reversed(inner_first))
    nbytes = int(ceil_div(product(shape), layout["block"])) * layout["bytes"]
    return name, Stored(layout["name"], layout["precision"], shape, nbytes)
