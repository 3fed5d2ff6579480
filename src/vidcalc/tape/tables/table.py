"""A table at work: a network's call at any size of its axes, without a tape.

table = CallTable(text)
trace = table.told(shape)      as `vidcalc.tape.trace.trace` gives it, on numbers or float64 arrays
"""

from ast import literal_eval
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

AXES = "AXES = "
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

    axes  the sizes it holds for;  code  of the text, where it is compiled already
    """

    def __init__(self, text: str, code: CodeType | None = None) -> None:
        self.text = text
        if code is not None:
            self.code = code
            axes: dict[str, tuple[int, int]] = self.single["AXES"]
        else:
            (line,) = (line for line in text.splitlines() if line.startswith(AXES))
            axes = literal_eval(line.removeprefix(AXES))
        self.axes = {name: Axis(*axis) for name, axis in axes.items()}
        self.free = tuple(name for name, axis in self.axes.items() if axis.step)
        self._several: Space = {}
        self._made: dict[tuple[tuple[Formula, ...], bool], Formula] = {}

    @cached_property
    def code(self) -> CodeType:
        """The text, compiled when somebody asks."""
        return compile(self.text, "<table>", "exec")

    @cached_property
    def single(self) -> Space:
        """Its facts, and its functions for numbers."""
        space: Space = {**names(), **scalars()}
        exec(self.code, space)  # our own text
        return space

    def holds(self, shape: Shape) -> bool:
        """Whether a call's sizes are among those it stands for."""
        return all(axis.holds(getattr(shape, name)) for name, axis in self.axes.items())

    def space(self, sizes: tuple[Formula, ...]) -> Space:
        """The functions, for numbers or for arrays."""
        if not any(map(is_array, sizes)):
            return self.single
        if not self._several:
            self._several = {**names(), **columns()}
            exec(self.code, self._several)
        return self._several

    def asked(self, sizes: tuple[Formula, ...], each: bool) -> Formula:
        """What its function gives for sizes; None where it has none (see `built`), or it is not known there."""
        function = self.space(sizes).get("each" if each else "alike")
        return None if function is None else function(*sizes)

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

    @cached_property
    def storages(self) -> tuple[int, ...]:
        """The numbers of storages in the order that they come and go."""
        found: tuple[int, ...] = self.single["STORAGES"]
        return found

    @cached_property
    def touched(self) -> Touched:
        """The weights that the call uses."""
        parameters, rounds, homes, products = (self.single[n] for n in ("PARAMETERS", "ROUNDS", "HOMES", "PRODUCTS"))
        return Touched(parameters=parameters, rounds=rounds, homes=homes, products=frozenset(products))

    def made(self, sizes: tuple[Formula, ...], each: bool) -> Trace | None:
        """The call at those sizes."""
        found = self.asked(sizes, each)
        if found is None:
            return None
        ops, peak, at, workspace, streamed = found
        return Trace(
            ops, self.touched, peak, at, workspace, streamed, self.single["PAIRED"], Retold(table=self, sizes=sizes)
        )


class StepTable(Table):
    """The table of a training step."""

    def made(self, sizes: tuple[Formula, ...], each: bool) -> Step | None:
        """The step at those sizes."""
        found = self.asked(sizes, each)
        if found is None:
            return None
        return Step(**dict(zip(Step.__struct_fields__, found, strict=True)))
