"""A sweep as it is asked for: settings, columns, condition, what is kept; and its rows, part by part.

It is plain data, so that any worker of any machine can take a part and make the same rows of it.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from vidcalc.base.errors import InputError
from vidcalc.describe.question import Question
from vidcalc.faces.sweeping.axes import Axis, axes
from vidcalc.faces.sweeping.combine import Combination, Combined
from vidcalc.faces.sweeping.condition import Condition, read
from vidcalc.faces.words import spoken
from vidcalc.search.sweeps.block import Block
from vidcalc.search.sweeps.columns import COLUMNS
from vidcalc.search.sweeps.evaluate import evaluated
from vidcalc.search.sweeps.keep import Front, Key, Top

if TYPE_CHECKING:
    from vidcalc.search.sweeps.formulas import Formulas, Prepared

PART = 65_536  # rows that are made and written together


FEW = 20_000  # rows of a model for which formulas are not worth their making
OF_A_SIZE = ("resolution", "frames", "batch_size", "text_tokens")  # what networks are replayed at
SIZES = 100  # different sizes of which each is replayed, where nobody says otherwise
OF_A_MODEL = ("params", "model", "from", "preset", "vae", "latent_channels", "patch_size", "vae_params", "arch")


class Part(NamedTuple):
    """Some rows in a row: of combinations `first` to before `last`, of each of them the units from `low` to `high`.

    rows  how many they are;  of  rows of each combination
    """

    number: int
    first: int
    last: int
    low: int
    high: int
    of: int

    @property
    def rows(self) -> int:
        """How many they are."""
        return (self.last - self.first) * self.of


class Asked:
    """What is asked of a sweep.

    given    values by setting, as typed
    columns  results that are wanted, in order;  where  a condition on a row, or ""
    order    the key rows are sorted by, and how many are kept then;  best  keys of a Pareto front
    reserve  "replay" (the allocator, for each size), "share" (the measured share of activations), or "auto"
    size     rows of a part, about: whoever cuts the sweep says it to whoever makes a part
    language that of the reasons for what is left out, whoever makes a part
    """

    def __init__(
        self,
        given: dict[str, Any],
        columns: tuple[str, ...],
        where: str = "",
        order: Key | None = None,
        top: int = 0,
        best: tuple[Key, ...] = (),
        reserve: str = "auto",
        size: int = 0,
        language: str = "",
    ) -> None:
        self.given, self.columns, self.where = given, columns, where
        self.order, self.top, self.best = order, top, best
        self.reserve, self.size, self.language = reserve, size or PART, language or spoken()

    def __reduce__(self) -> Any:
        wanted = self.given, self.columns, self.where, self.order, self.top, self.best
        return Asked, (*wanted, self.reserve, self.size, self.language)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """Settings and their values. Raises InputError."""
        return axes(self.given)

    @cached_property
    def combined(self) -> Combined:
        """Their combinations."""
        return Combined(self.axes)

    @cached_property
    def settings(self) -> dict[str, bool]:
        """The columns of the axes, and whether they hold words."""
        return {axis.column: isinstance(axis.shown[0], str) for axis in self.axes}

    @cached_property
    def condition(self) -> Condition | None:
        """The condition, read. Raises InputError."""
        if not self.where:
            return None
        words = {name for name, column in COLUMNS.items() if column.kind == "word"}
        words |= {name for name, worded in self.settings.items() if worded}
        return read(self.where, (*self.settings, *COLUMNS), words)

    @property
    def names(self) -> tuple[str, ...]:
        """Every result that is worked out: those wanted, and those that conditions and keys ask for."""
        asked = [*self.columns, *(self.condition.names if self.condition else ())]
        asked += [key.name for key in (*((self.order,) if self.order else ()), *self.best)]
        return tuple(name for name in dict.fromkeys(asked) if name in COLUMNS)

    @property
    def replays(self) -> bool:
        """Whether the allocator is replayed for each size, as for a single estimate."""
        sizes = prod(len(axis.values) for axis in self.combined.numbers if axis.name in OF_A_SIZE)
        return self.reserve == "replay" or (self.reserve == "auto" and sizes <= SIZES)

    @property
    def written(self) -> tuple[str, ...]:
        """The columns of a row as it is written: the settings, then the results."""
        return (*self.settings, *self.columns)

    @property
    def kinds(self) -> dict[str, str]:
        """Each column that is written, and whether it is a "word", "whole" or a "number"."""
        axes = {axis.column: axis for axis in self.axes}
        found = {}
        for name in self.written:
            if name in axes:
                shown = axes[name].shown
                whole = all(isinstance(value, int) for value in shown)
                found[name] = "word" if isinstance(shown[0], str) else "whole" if whole else "number"
            else:
                found[name] = COLUMNS[name].kind
        return found

    def keeper(self) -> Top | Front | None:
        """What keeps some of the rows; None: all are."""
        if self.best:
            return Front(self.best)
        return Top(self.order, self.top) if self.order else None

    # --- parts --------------------------------------------------------------------------------------------

    @property
    def parts(self) -> int:
        """How many parts there are."""
        whole = self.combined
        if whole.inner >= self.size:
            return whole.combinations * -(-whole.units // self._piece)
        return -(-whole.combinations // (self.size // whole.inner))

    @property
    def _piece(self) -> int:
        """Units of a part, where one combination has several."""
        return max(self.size // self.combined.unit, 1)

    def part(self, number: int) -> Part:
        """One of them, from 0."""
        whole = self.combined
        if whole.inner >= self.size:
            combination, piece = divmod(number, -(-whole.units // self._piece))
            low = piece * self._piece
            high = min(low + self._piece, whole.units)
            return Part(number, combination, combination + 1, low, high, (high - low) * whole.unit)
        several = self.size // whole.inner
        first = number * several
        return Part(number, first, min(first + several, whole.combinations), 0, whole.units, whole.inner)

    def blocks(self, part: Part, left_out: Counter[str]) -> Iterator[Block]:
        """The rows of a part that meet the condition; what is not allowed is counted by its reason."""
        for place in range(part.first, part.last):
            combination = self.combined.combination(place)
            try:
                yield from self._of_one(combination, part)
            except (InputError, ModuleNotFoundError) as refused:
                left_out[reason(refused)] += part.of

    def _of_one(self, combination: Combination, part: Part) -> Iterator[Block]:
        import numpy as np

        question = self.combined.question(combination)
        prepared = self._prepared(question, combination)
        for start, box in self.combined.boxes(part.low, part.high):
            if prepared is None:
                values = evaluated(question, self.combined.inputs(box), self.names, replays=self.replays)
            else:
                values = prepared.run(box)
            values |= {**combination.shown, **self.combined.shown(box)}
            rows = prod(side.stop - side.start for side in box)
            block = Block(values, np.arange(start, start + rows) + combination.start)
            if self.condition:
                block = _met(block, self.condition)
            if block.rows:
                yield block

    @cached_property
    def _formulas(self) -> "Formulas | None":
        """Formulas, where there are rows enough of a model to be worth them."""
        whole = self.combined
        models = prod(len(axis.values) for axis in whole.words if axis.name in OF_A_MODEL)
        if whole.inner < 2 or whole.rows // models < FEW:
            return None
        from vidcalc.search.sweeps.formulas import Formulas

        return Formulas(whole.values, whole.along, self.names, replays=self.replays)

    def _prepared(self, question: Question, combination: Combination) -> "Prepared | None":
        """The program of a combination; None where its rows are worked out as arrays. Raises InputError."""
        if self._formulas is None:
            return None
        of = tuple(str(combination.flags.get(name)) for name in OF_A_MODEL)
        try:
            return self._formulas.program(question, of)
        except NotImplementedError:  # a function of NumPy that formulas do not have
            return None


def _met(block: Block, condition: Condition) -> Block:
    """The rows that meet a condition."""
    import numpy as np

    met = condition.of(block.columns)
    if not getattr(met, "shape", ()):
        return block if met else block.of(np.arange(0))
    return block.of(np.flatnonzero(met))


def reason(refused: Exception) -> str:
    """Why a combination is not allowed, in words. Raises the error where it is none of a user's."""
    from vidcalc.faces.errors import describe, needs_arrays, unbuilt

    if needs_arrays(refused):  # of no combination: there would be none
        raise refused
    return str(describe(unbuilt(refused))["message"])
