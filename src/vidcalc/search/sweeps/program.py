"""A program over blocks of rows: its steps run one after the other into buffers that are reused.

Buffers are handed on as soon as nobody reads them any more, so that a block's live columns stay in the core's cache.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vidcalc.search.sweeps.algebra import Algebra, Value
from vidcalc.search.sweeps.block import Words
from vidcalc.search.sweeps.steps import At, Written

if TYPE_CHECKING:
    from vidcalc.search.sweeps.block import Array, Column

Bound = list[tuple[Value, tuple[Value, ...], Value]]  # functions, what they are called with, where it goes


class Program(Written):
    """Columns as steps that can be run."""

    def __init__(self, algebra: Algebra, columns: Mapping[str, Value], axes: Mapping[str, int]) -> None:
        super().__init__(algebra, columns, axes)
        self._bound: tuple[tuple[int, ...], Bound, dict[int, Array]] | None = None

    def run(self, inputs: Mapping[str, "Array"], shape: tuple[int, ...]) -> dict[str, "Column"]:
        """The columns of a grid of that shape, row after row; an input has the values along its axis."""
        import numpy as np

        steps, values = self._laid_out(shape)
        for name, place in self._inputs.items():
            np.copyto(values[place].reshape(-1), inputs[name])
        with np.errstate(all="ignore"):  # branches that are not taken may divide by nothing
            for function, operands, out in steps:
                function(*operands, out=out)
        found: dict[str, Value] = {}
        for name, column in self.columns.items():
            words = isinstance(column, tuple)
            place = column[0] if isinstance(column, tuple) else column
            value = np.broadcast_to(values[place], shape).flatten() if isinstance(place, At) else place
            found[name] = _words(value, column[1]) if words else value
        return found

    def _laid_out(self, shape: tuple[int, ...]) -> tuple[Bound, dict[int, "Array"]]:
        """The steps with buffers in the place of operands, of a grid of that shape."""
        if self._bound is None or self._bound[0] != shape:
            self._bound = (shape, *self._with_buffers(shape))
        return self._bound[1:]

    def _with_buffers(self, shape: tuple[int, ...]) -> tuple[Bound, dict[int, "Array"]]:
        import numpy as np

        last = self._last_use()
        sides = {mask: tuple(n if mask >> bit & 1 else 1 for bit, n in enumerate(shape)) for mask in set(self.masks)}
        values: dict[int, Array] = {place: np.empty(sides[self.masks[place]]) for place in self._inputs.values()}
        free: dict[int, list[Array]] = {mask: [] for mask in sides}
        bound = []
        for number, (function, operands, made) in enumerate(self.steps):
            mask = self.masks[made]
            taken = [values[each] if isinstance(each, At) else each for each in operands]
            ended = {int(each) for each in operands if isinstance(each, At) and last[each] == number}
            mine = next((place for place in ended if function in IN_PLACE and self.masks[place] == mask), None)
            if mine is not None:  # written over what nobody reads any more
                values[made] = values[mine]
                ended.remove(mine)
            else:
                values[made] = free[mask].pop() if free[mask] else np.empty(sides[mask])
            for place in ended:
                free[self.masks[place]].append(values[place])
            called = getattr(np, function) if isinstance(function, str) else function
            bound.append((called, tuple(taken), values[made]))
        return bound, values

    def _last_use(self) -> dict[int, int]:
        """The last step that reads each value; inputs and columns are read to the end."""
        last: dict[int, int] = {}
        for number, (_function, operands, made) in enumerate(self.steps):
            last.update({int(each): number for each in operands if isinstance(each, At)})
            last.setdefault(int(made), number)
        kept = [*self._inputs.values()]
        for column in self.columns.values():
            kept += [column[0] if isinstance(column, tuple) else column]
        return last | {int(place): len(self.steps) for place in kept if isinstance(place, At)}


def _words(codes: Value, names: dict[str, int]) -> Value:
    """Numbers of words as words."""
    if not hasattr(codes, "astype"):
        return next(iter(names))
    return Words(codes.astype("int16"), tuple(names))


# functions whose result may take the place of what they read
IN_PLACE = frozenset(
    ("add", "subtract", "multiply", "divide", "maximum", "minimum", "floor", "less", "less_equal", "equal")
)
