"""Some sizes that went over the tape together, as a table of them: what was recorded at each is cut out of the arrays.

A search asks for bounds over a column of sizes first, and then for a few of them one by one.
"""

import math
from functools import cached_property
from typing import Any, TypeAlias

from msgspec.structs import asdict, astuple, replace

from vidcalc.base.number import Number, is_array
from vidcalc.describe.shape import Shape
from vidcalc.ops import Op, Pointwise
from vidcalc.tape.history import History
from vidcalc.tape.tables import SIZES
from vidcalc.tape.trace import Trace

Sizes: TypeAlias = tuple[Number, ...]
Places: TypeAlias = list[tuple[int, int]]  # (place of a field, which of the arrays it is)
ALIKE = -1  # in the place of an array: what is the same at all sizes


class Column(Trace, frozen=True, eq=False, dict=True, weakref=True):
    """A network's forward at several sizes.

    sizes  of the call, in the order of `SIZES`: numbers, and float64 arrays of one length
    """

    sizes: Sizes = ()

    @cached_property
    def rows(self) -> dict[Sizes, int]:
        """Where each of its sizes stands."""
        length = max(size.size for size in self.sizes if is_array(size))  # type: ignore[union-attr]
        each = [size.tolist() if is_array(size) else [size] * length for size in self.sizes]  # type: ignore[union-attr]
        return {sizes: row for row, sizes in enumerate(zip(*each, strict=True))}

    def told(self, shape: Shape) -> Trace | None:
        """What was recorded at one of its sizes, or at all of them; None of any other."""
        asked = tuple(getattr(shape, name) for name in SIZES)
        if any(map(is_array, asked)):
            return self if all(map(_same, self.sizes, asked)) else None
        row = self.rows.get(asked)
        if row is not None and row not in self._told:
            self._told[row] = self._parts.at(row, self)
        return None if row is None else self._told[row]

    @cached_property
    def _told(self) -> dict[int, Trace]:
        return {}

    @cached_property
    def _parts(self) -> "Parts":
        return Parts(self)


def column(trace: Trace, shape: Shape) -> Column | None:
    """The trace of a call whose sizes are arrays as a column of them; None where weights depend on sizes."""
    touched = trace.touched
    if any(map(is_array, (*touched.rounds.values(), *(size for size, _ in touched.parameters.values())))):
        return None
    return Column(**asdict(trace), sizes=tuple(getattr(shape, name) for name in SIZES))


def _same(one: Number, other: Number) -> bool:
    """Whether two sizes are equal, both plain numbers or both arrays."""
    if is_array(one) and is_array(other):
        return one.shape == other.shape and bool((one == other).all())  # type: ignore[union-attr]
    return not is_array(one) and not is_array(other) and bool(one == other)


class Parts:
    """The arrays of a column, each once, and where in its ops and its log they stand."""

    def __init__(self, whole: Column) -> None:
        import numpy as np

        known: dict[int, int] = {}
        arrays: list[Any] = []

        def place(value: object) -> int:
            """Which of the arrays it is."""
            if type(value) is not np.ndarray:
                return ALIKE
            at = known.setdefault(id(value), len(arrays))
            if at == len(arrays):
                arrays.append(value)
            return at

        def places(op: Op) -> Places:
            """The fields of an op that are arrays."""
            return [(at, place(value)) for at, value in enumerate(astuple(op)) if type(value) is np.ndarray]

        self.ops = [(op, astuple(op), at) if (at := places(op)) else (op, (), at) for op in whole.ops]
        self.log = [(entry, place(entry[1])) for entry in whole.history.log]
        self.apart = [(storage, count, place(count)) for storage, count in whole.history.apart.items()]
        self.bytes = [(each, place(each)) for each in (whole.peak, whole.workspace, *whole.streamed)]
        # [sizes, arrays]
        self.table = np.array(arrays).T

    def at(self, row: int, whole: Trace) -> Trace:
        """What the tape records at one size of the whole column, which leaves out work that only others have."""
        here = [int(value) if value.is_integer() else value for value in self.table[row].tolist()]
        ops = [_cut(op, values, places, here) if places else op for op, values, places in self.ops]
        log = tuple(entry if at == ALIKE else (entry[0], here[at]) for entry, at in self.log)
        apart = {storage: count if at == ALIKE else here[at] for storage, count, at in self.apart}
        peak, workspace, one, two = (each if at == ALIKE else here[at] for each, at in self.bytes)
        return Trace(
            ops=tuple(op for op in ops if op.count),
            touched=whole.touched,
            peak=peak,
            peak_at=whole.peak_at,
            workspace=workspace,
            streamed=(one, two),
            paired=whole.paired,
            history=History(log, apart),
            loras=whole.loras,
        )


def _cut(op: Op, values: tuple[Any, ...], places: Places, here: list[int | float]) -> Op:
    """An op of those values at one size."""
    filled = [*values]
    for field, at in places:
        filled[field] = here[at]
    one = type(op)(*filled)
    # nothing but memory paces it: see `vidcalc.tape.pointwise.loaded`
    return replace(one, way="vector", each=0) if isinstance(one, Pointwise) and one.each == math.inf else one
