"""Combinations of axes: which there are, in which order, and the question that each asks.

Axes of words are gone through one combination after the other; axes of numbers that a job is sized by become arrays.
Rows are in the order of the axes, numbers innermost: a row is known by its place from 0, whoever works it out.
"""

from collections.abc import Iterator
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from vidcalc.base.units import HOUR
from vidcalc.describe.question import Question
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.flags.inputs import Preset
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
ROWS = 32_768  # of a block, at most: its columns stay in a core's cache


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
        apart = set(BY_NUMBER if fixed else ())
        # a size by its name is each model's own
        apart |= {each.name for each in axes if any(isinstance(value, Preset) for value in each.values)}
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

    # --- the grid of numbers ------------------------------------------------------------------------------

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis of numbers."""
        return tuple(len(axis.values) for axis in self.numbers)

    @cached_property
    def values(self) -> dict[str, Any]:
        """The values of each number of a workload along its axis."""
        found: dict[str, Any] = {}
        for axis in self.numbers:
            fields = ARRAYS[axis.name]
            parts = zip(*axis.values, strict=True) if len(fields) > 1 else [axis.values]
            found |= {field: _array(part) for field, part in zip(fields, parts, strict=True)}
        if "price" in found:
            found["price"] = found["price"] / HOUR
        return found

    @cached_property
    def along(self) -> dict[str, int]:
        """The axis of each of these numbers."""
        return {field: place for place, axis in enumerate(self.numbers) for field in ARRAYS[axis.name]}

    @cached_property
    def _cut(self) -> tuple[int, int]:
        """Rows of the inner axes that a block holds whole, and how many axes are outside of them."""
        rows, outside = 1, len(self.shape)
        while outside and rows * self.shape[outside - 1] <= ROWS:
            outside -= 1
            rows *= self.shape[outside]
        return rows, outside

    @property
    def unit(self) -> int:
        """The least rows that blocks are cut into: whole inner axes of the grid."""
        return self._cut[0]

    @property
    def units(self) -> int:
        """How many of them a combination has."""
        return self.inner // self.unit

    def boxes(self, low: int, high: int) -> Iterator[tuple[int, tuple[slice, ...]]]:
        """The units from `low` to before `high` as (first row, box of the grid), each of at most `ROWS` rows."""
        whole = [slice(0, side) for side in self.shape]
        rows, outside = self._cut
        if not outside:  # all of it is one unit
            yield 0, tuple(whole)
            return
        outer, side, most = self.shape[: outside - 1], self.shape[outside - 1], max(ROWS // rows, 1)
        at = low
        while at < high:
            beyond, place = divmod(at, side)
            end = min(place + most, side, place + high - at)
            fixed = []
            for length in reversed(outer):
                beyond, where = divmod(beyond, length)
                fixed.append(slice(where, where + 1))
            yield at * rows, (*reversed(fixed), slice(place, end), *whole[outside:])
            at += end - place

    def inputs(self, box: tuple[slice, ...]) -> dict[str, Any]:
        """The numbers of a box, row by row."""
        return {field: self._spread(values, self.along[field], box) for field, values in self.values.items()}

    def shown(self, box: tuple[slice, ...]) -> dict[str, Any]:
        """The columns of the axes of numbers in a box, row by row."""
        import numpy as np

        from vidcalc.search.sweeps.block import Words

        columns: dict[str, Any] = {}
        for place, axis in enumerate(self.numbers):
            words = isinstance(axis.shown[0], str)
            values = np.arange(len(axis.shown), dtype=np.int32) if words else self._shown[place]
            rows = self._spread(values, place, box)
            columns[axis.column] = Words(rows, axis.shown) if words else rows
        return columns

    @cached_property
    def _shown(self) -> list[Any]:
        return [() if isinstance(axis.shown[0], str) else _array(axis.shown) for axis in self.numbers]

    def _spread(self, values: Any, along: int, box: tuple[slice, ...]) -> Any:
        """Values along an axis, for every row of a box."""
        import numpy as np

        sides = [each.stop - each.start for each in box]
        turned = values[box[along]].reshape([side if place == along else 1 for place, side in enumerate(sides)])
        return np.broadcast_to(turned, sides).flatten()


def _repeats(name: str) -> bool:
    return bool(getattr(FLAGS[name].takes, "multiple", False))


def _array(values: Any) -> Any:
    import numpy as np

    return np.asarray(list(values), dtype=np.float64)
