"""What a weight file says about its tensors, whatever its format: names, formats, shapes and bytes."""

from functools import cache
from typing import Protocol

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.base.number import product
from vidcalc.catalog.load import table

WORDS = ("U8", "I32", "U32", "U64", "I64")  # what packed weights are stored in, where nothing says how


class Stream(Protocol):
    """Bytes read from the start of a file on; a short answer means that the file ends."""

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes."""
        ...


class Stored(msgspec.Struct, frozen=True):
    """One tensor of a file: its format's name, the number format it is run in ("": none), shape, bytes."""

    format: str
    precision: str
    shape: tuple[int, ...]
    nbytes: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return int(product(self.shape))


class Header(msgspec.Struct, frozen=True):
    """The tensors of one network, from one file or all its shards."""

    tensors: dict[str, Stored]
    metadata: Facts = {}

    @property
    def elements(self) -> int:
        """Weight elements; whole-number tables left out."""
        return sum(tensor.elements for tensor in self.tensors.values() if tensor.precision)

    @property
    def packed(self) -> bool:
        """Whether weights are stored in words of several, and nothing says how: elements are then not weights."""
        return any(tensor.format in WORDS and len(tensor.shape) > 1 for tensor in self.tensors.values())

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors [byte]."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    @property
    def formats(self) -> dict[str, int]:
        """Bytes by format name, the largest first [byte]."""
        sizes: dict[str, int] = {}
        for tensor in self.tensors.values():
            sizes[tensor.format] = sizes.get(tensor.format, 0) + tensor.nbytes
        return dict(sorted(sizes.items(), key=lambda pair: -pair[1]))

    @property
    def precision(self) -> str:
        """The number format of most bytes; "" where none of them names one."""
        sizes: dict[str, int] = {}
        for tensor in self.tensors.values():
            sizes[tensor.precision] = sizes.get(tensor.precision, 0) + tensor.nbytes
        named = {name: nbytes for name, nbytes in sizes.items() if name}
        return max(named, key=lambda name: named[name], default="")

    def under(self, prefix: str) -> "Header":
        """The tensors whose names begin with `prefix`, without it."""
        kept = {n.removeprefix(prefix): t for n, t in self.tensors.items() if n.startswith(prefix)}
        return Header(kept, self.metadata)


def joined(headers: list[Header]) -> Header:
    """The tensors of several shards as one."""
    tensors: dict[str, Stored] = {}
    for header in headers:
        tensors.update(header.tensors)
    return Header(tensors, headers[0].metadata if headers else {})


@cache
def formats(kind: str) -> dict[str, Facts]:
    """Element formats of "safetensors" files (by name), of GGUF ("ggml", by number as text), or "packed" schemes."""
    return table("weight_formats")[kind]  # type: ignore[no-any-return]
