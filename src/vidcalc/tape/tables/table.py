"""A table at work: a network's call at any size of its axes, without a tape.

table = CallTable(text)
trace = table.told(shape)      as `vidcalc.tape.trace.trace` gives it, on numbers or float64 arrays
"""

from functools import cached_property
from types import CodeType

from vidcalc.base.number import is_array
from vidcalc.base.symbolic import Formula
from vidcalc.describe.shape import Shape
from vidcalc.tape.history import History
from vidcalc.tape.step import Step
from vidcalc.tape.tables.arithmetic import Space, columns, names, scalars
from vidcalc.tape.tables.domain import Axis
from vidcalc.tape.touched import Touched
from vidcalc.tape.trace import Trace

KEPT = 16  # sizes whose answers are remembered: a search asks for the same ones again and again


class Retold(History, frozen=True, eq=False, dict=True):
    """What came and went, told when somebody asks.

    table  that knows the order;  sizes  of its axes
    """

    table: Formula = None
    sizes: tuple[Formula, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether it was written down at all."""
        return bool(self.table.storages)

    @property
    def swept(self) -> bool:
        """Whether its sizes are arrays."""
        return any(map(is_array, self.sizes))

    @cached_property
    def _told(self) -> tuple[tuple[Formula, ...], dict[int, Formula]]:
        told: tuple[tuple[Formula, ...], dict[int, Formula]] = self.table.space(self.sizes)["stored"](*self.sizes)
        return told

    def entries(self) -> tuple[tuple[int, Formula], ...]:
        """What came and went."""
        return tuple(zip(self.table.storages, self._told[0], strict=True))

    def several(self) -> dict[int, Formula]:
        """Storages that stand for several."""
        return self._told[1]


class Table:
    """The text of a table, put to work.

    axes  the sizes it holds for
    """

    def __init__(self, text: str, code: CodeType | None = None) -> None:
        self.code = code or compile(text, "<table>", "exec")
        self._single: Space = {**names(), **scalars()}
        exec(self.code, self._single)  # our own text
        self._several: Space = {}
        self._made: dict[tuple[tuple[Formula, ...], bool], Formula] = {}
        facts = self._single
        self.axes = {name: Axis(*axis) for name, axis in facts["AXES"].items()}
        self.free = tuple(name for name, axis in self.axes.items() if axis.step)

    def holds(self, shape: Shape) -> bool:
        """Whether a call's sizes are among those it stands for."""
        return all(axis.holds(getattr(shape, name)) for name, axis in self.axes.items())

    def space(self, sizes: tuple[Formula, ...]) -> Space:
        """The functions, for numbers or for arrays."""
        if not any(map(is_array, sizes)):
            return self._single
        if not self._several:
            self._several = {**names(), **columns()}
            exec(self.code, self._several)
        return self._several

    def told(self, shape: Shape, *, each: bool = True) -> Formula:
        """What was recorded, at that shape; None at one of the few where it is not known.

        each  every op by its name, in order, and not the work by kind alone
        """
        sizes = tuple(getattr(shape, name) for name in self.free)
        try:
            if (sizes, each) in self._made:
                return self._made[sizes, each]
        except TypeError:  # a sweep never asks twice
            return self.made(sizes, each)
        if len(self._made) >= KEPT:
            self._made.clear()
        made = self._made[sizes, each] = self.made(sizes, each)
        return made

    def made(self, sizes: tuple[Formula, ...], each: bool) -> Formula:
        """The same of sizes in the order of its axes."""
        raise NotImplementedError


class CallTable(Table):
    """The table of a network's call."""

    def __init__(self, text: str, code: CodeType | None = None) -> None:
        super().__init__(text, code)
        facts = self._single
        self.storages: tuple[int, ...] = facts["STORAGES"]
        self.paired: bool = facts["PAIRED"]
        self.touched = Touched(facts["PARAMETERS"], facts["ROUNDS"], facts["HOMES"], frozenset(facts["PRODUCTS"]))

    def made(self, sizes: tuple[Formula, ...], each: bool) -> Trace | None:
        """The call at those sizes."""
        found = self.space(sizes)["each" if each else "alike"](*sizes)
        if found is None:
            return None
        ops, peak, at, workspace, streamed = found
        return Trace(ops, self.touched, peak, at, workspace, streamed, self.paired, Retold(table=self, sizes=sizes))


class StepTable(Table):
    """The table of a training step."""

    def made(self, sizes: tuple[Formula, ...], each: bool) -> Step | None:
        """The step at those sizes."""
        found = self.space(sizes)["each" if each else "alike"](*sizes)
        if found is None:
            return None
        return Step(**dict(zip(Step.__struct_fields__, found, strict=True)))
