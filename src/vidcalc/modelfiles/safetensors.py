"""The header of a safetensors file: eight bytes of length (little endian), then JSON; the weights are never read.

Layout: huggingface/safetensors README, "Format". The header names every tensor with dtype, shape and byte range.
"""

from vidcalc.base import reading
from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.modelfiles.header import Header, Stored, Stream, formats

LENGTH = 8  # bytes of the header's length
LONGEST = 100_000_000  # bytes of a header: the limit of the format's own library


def read(stream: Stream, name: str) -> Header:
    """The tensors of a file. Raises Unreadable("truncated" or "not_safetensors")."""
    size = int.from_bytes(_exactly(stream, LENGTH, name), "little")
    if not 2 <= size <= LONGEST:
        raise Unreadable(name, "not_safetensors")
    text = _exactly(stream, size, name)
    try:
        facts = reading.parsed_json(text)
        metadata = facts.pop("__metadata__", None) or {}
        return Header({path: _stored(entry, name) for path, entry in facts.items()}, metadata)
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
        raise Unreadable(name, "not_safetensors") from None


def _stored(entry: Facts, name: str) -> Stored:
    kind = str(entry["dtype"])
    layout = formats("safetensors").get(kind, {})
    first, last = entry["data_offsets"]
    shape = tuple(int(size) for size in entry["shape"])
    if last < first or any(size < 0 for size in shape):
        raise Unreadable(name, "not_safetensors")
    return Stored(kind, layout.get("precision", ""), shape, last - first)


def _exactly(stream: Stream, size: int, name: str) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Unreadable(name, "truncated")
    return data
