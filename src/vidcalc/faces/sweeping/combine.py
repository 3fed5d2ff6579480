"""Combinations of axes: which there are, in which order, and the question that each asks.

Axes of words are gone through one combination after the other; axes of numbers that a job is sized by become arrays.
Rows are in the order of the axes, numbers innermost: a row is known by its place from 0, whoever works it out.
"""

from collections.abc import Iterator
from functools import cached_property
from math import prod
from typing import Any, NamedTuple


from vidcalc.describe.question import Question
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.sweeping.axes import Axis

# settings that may be arrays -> the numbers of a workload that they settle
ARRAYS = {
    "resolution": ("width", "height"),
    "frames": ("frames",),
    "steps": ("steps",),
    "batch_size": ("batch",),
    "text_tokens": ("text_tokens",),
    "train_steps": ("train_steps",),
    "price": ("price",),
}
BY_NUMBER = ("resolution", "frames")  # what --snap and --window settle anew for each of them
HOUR = 3600


class Combination(NamedTuple):
    """One value of each axis of words: the flags that they are, and the place of its first row."""

    flags: dict[str, Any]
    shown: dict[str, Any]
    start: int


class Combined:
    """The rows of some axes."""

    def __init__(self, axes: tuple[Axis, ...]) -> None:
        self.axes = axes
        fixed = {"snap", "window"} & {axis.name for axis in axes}
        apart = BY_NUMBER if fixed else ()
        self.numbers = tuple(each for each in axes if each.name in ARRAYS and each.name not in apart)
        self.words = tuple(each for each in axes if each not in self.numbers)

    @cached_property
    def inner(self) -> int:
        """Rows of one combination of words."""
        return prod(len(axis.values) for axis in self.numbers)

    @cached_property
    def combinations(self) -> int:
        """How many combinations of words there are."""
        return prod(len(axis.values) for axis in self.words)

    @property
    def rows(self) -> int:
        """How many rows there are, those that are not allowed among them."""
        return self.inner * self.combinations

    def combination(self, place: int) -> Combination:
        """The combination of words at a place from 0."""
        flags: dict[str, Any] = {}
        shown: dict[str, Any] = {}
        rest = place
        for axis in reversed(self.words):
            rest, at = divmod(rest, len(axis.values))
            flags[axis.name], shown[axis.column] = axis.values[at], axis.shown[at]
        return Combination(flags, shown, place * self.inner)

    def question(self, combination: Combination) -> Question:
        """What it asks, with the first of each axis of numbers. Raises InputError."""
        from vidcalc.faces.requests.estimate import request

        first = {axis.name: axis.values[0] for axis in self.numbers}
        given = {**first, **combination.flags}
        return request({**given, **{name: (given[name],) for name in given if _repeats(name)}})

    def inputs(self, places: Any) -> dict[str, Any]:
        """The arrays of a workload's numbers at places (from 0) of a combination, by the name of the number."""
        return {field: values[at] for field, values, at in self._columns(places, "values")}

    def shown(self, places: Any) -> dict[str, Any]:
        """The columns of the axes of numbers at those places."""
        from vidcalc.sweeps.block import Words

        columns: dict[str, Any] = {}
        for axis, at in zip(self.numbers, self._at(places), strict=True):
            words = isinstance(axis.shown[0], str)
            columns[axis.column] = Words(at, axis.shown) if words else _array(axis.shown)[at]
        return columns

    def _at(self, places: Any) -> list[Any]:
        """For each axis of numbers the places of its values."""
        import numpy as np

        if not self.numbers:
            return []
        return list(np.unravel_index(places, [len(axis.values) for axis in self.numbers]))

    def _columns(self, places: Any, kind: str) -> Iterator[tuple[str, Any, Any]]:
        for axis, at in zip(self.numbers, self._at(places), strict=True):
            for field, values in self._values[axis.name].items():
                yield field, values, at

    @cached_property
    def _values(self) -> dict[str, dict[str, Any]]:
        """The values of each axis of numbers as arrays, by number of the workload."""
        found: dict[str, dict[str, Any]] = {}
        for axis in self.numbers:
            fields = ARRAYS[axis.name]
            parts = zip(*axis.values, strict=True) if len(fields) > 1 else [axis.values]
            found[axis.name] = {field: _array(part) for field, part in zip(fields, parts, strict=True)}
            if axis.name == "price":
                found[axis.name]["price"] = found[axis.name]["price"] / HOUR
        return found

    def bounds(self) -> dict[str, tuple[float, float]]:
        """The least and the largest of each number that varies; one that does not is both."""
        return {
            field: (float(values.min()), float(values.max()))
            for fields in self._values.values()
            for field, values in fields.items()
        }


def _repeats(name: str) -> bool:
    return bool(getattr(FLAGS[name].takes, "multiple", False))


def _array(values: Any) -> Any:
    import numpy as np

    return np.asarray(list(values), dtype=np.float64)


