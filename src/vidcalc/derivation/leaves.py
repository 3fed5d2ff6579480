"""The numbers of a report by their path in its JSON, and the paths that a kind of report may have.

    compute.flops_per_step    memory.inference.stages.denoise.total    cost.ranges.0.per_video_low

Entries of a list are called by their id, or by their place; in the pattern of a quantity `*` stands for either, and for
the key of a dictionary.
"""

import re
from collections.abc import Iterator, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from vidcalc.base.guest import plain

NUMBERS = (int, float)


def numbers(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """(path, number) of every numeric leaf of a report."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from numbers(getattr(value, name), joined(path, name))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from numbers(each, joined(path, str(name)))
    elif isinstance(value, list | tuple):
        for name, each in zip(called(value), value, strict=True):
            yield from numbers(each, joined(path, name))
    elif isinstance(plain(value), NUMBERS) and not isinstance(plain(value), bool):
        yield path, value


def called(entries: Sequence[object]) -> list[str]:
    """What the entries of a list are called by: their ids where all have one of their own, else their places."""
    ids = [str(getattr(each, "id", "")) for each in entries]
    return ids if all(ids) and len(set(ids)) == len(ids) else [str(place) for place in range(len(entries))]


def joined(path: str, name: str) -> str:
    """A path one name further."""
    return f"{path}.{name}" if path else name


def patterns(kind: object, path: str = "") -> Iterator[str]:
    """The patterns of all paths to numbers that a type of report has."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        kinds = [each for each in inner if each is not NoneType]
        for each in [kinds[0]] if all(one in NUMBERS for one in kinds) else kinds:
            yield from patterns(each, path)
    elif origin in (list, tuple):
        yield from patterns(inner[0], joined(path, "*"))
    elif origin is dict:
        yield from patterns(inner[1], joined(path, "*"))
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        for name in kind.__struct_fields__:
            yield from patterns(hints[name], joined(path, name))
    elif kind is Any or kind in NUMBERS:
        yield path


def matches(pattern: str, path: str) -> bool:
    """Whether a path is one of a pattern."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), path) is not None
