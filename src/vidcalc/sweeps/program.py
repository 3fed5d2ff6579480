"""Formulas as a straight-line program over blocks of rows: each step is one call of NumPy into a buffer that is reused.

A program is written once for the columns that are wanted, from their forms down to the inputs; what no column asks for
is not in it. Buffers are handed on as soon as nobody reads them any more, so that a block's live columns stay in the
core's cache.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vidcalc.sweeps.algebra import ONE, Algebra, Atom, Mono, Terms
from vidcalc.sweeps.block import Words
from vidcalc.sweeps.choices import Chosen
from vidcalc.sweeps.form import Form

if TYPE_CHECKING:
    from vidcalc.sweeps.block import Array

Place = int  # of a value among all of a program
Operand = Any  # a place wrapped in `At`, or a number
Step = tuple[Callable[..., Any], tuple[Any, ...], int]


LONG = 5  # terms of a sum that others may be made of
SHORT = 3  # terms of a sum that is made as it stands
ALIKE = 1e-15  # of a factor: as near as two orders of the same products lie


class At(int):
    """The place of a value among a program's values."""


class Program:
    """What columns are made of, as steps.

    Rows are a grid: each input varies along one axis, and a value only along those of what it is made from, so that most
    of the work is done for a side of the grid and not for each of its rows. Values are numbered in the order in which
    they are made; `masks` says along which axes each varies, a bit for each. `columns` says where each column is: a
    value's place, a number that no row changes, or words with the place of the number of the word.
    """

    def __init__(self, algebra: Algebra, columns: Mapping[str, Any], axes: Mapping[str, int]) -> None:
        self.algebra = algebra
        self.steps: list[Step] = []
        self.masks: list[int] = []
        self._forms: dict[int, Operand] = {}
        self._monos: dict[Mono, Operand] = {}
        self._atoms: dict[int, Operand] = {}
        self._inputs = {name: self._new(1 << axis) for name, axis in axes.items()}
        self._sums: dict[Mono, list[tuple[Terms, Operand]]] = {}  # long sums by each of their products
        for form in _long(algebra, columns.values()):  # a shorter sum may be part of a longer one
            self._form(form)
        self.columns = {name: self._column(value) for name, value in columns.items()}
        self._bound: tuple[tuple[int, ...], list[tuple[Any, tuple[Any, ...]]], dict[int, Array]] | None = None

    def _new(self, mask: int) -> At:
        self.masks.append(mask)
        return At(len(self.masks) - 1)

    def _step(self, function: Callable[..., Any], *operands: Operand) -> At:
        """A step and the place of what it makes."""
        mask = 0
        for each in operands:
            if isinstance(each, At):
                mask |= self.masks[each]
        made = self._new(mask)
        self.steps.append((function, operands, made))
        return made

    def _axes(self, at: int) -> int:
        """The axes along which an atom varies."""
        place = self._atom(at)
        return self.masks[place] if isinstance(place, At) else 0

    # --- from forms to steps ------------------------------------------------------------------------------

    def _column(self, value: Any) -> Any:
        if isinstance(value, Chosen):
            names: dict[str, int] = {}
            return self._choice(value, names), names
        return self._form(value) if isinstance(value, Form) else value

    def _choice(self, value: Any, names: dict[str, int]) -> Operand:
        """A choice among words as the number of the word."""
        if isinstance(value, str):
            return float(names.setdefault(value, len(names)))
        yes, no = self._choice(value.yes, names), self._choice(value.no, names)
        return self._step(_where, self._form(value.condition), yes, no)

    def _form(self, form: Any) -> Operand:
        """A form's value."""
        if not isinstance(form, Form):
            return float(form)
        found = self._forms.get(id(form))
        if found is None:
            found = self._forms[id(form)] = self._summed(form)
        return found

    def _summed(self, form: Form) -> Operand:
        """A sum, of long ones what is left of it beside those that are part of it."""
        total, terms = self._partly(form.terms) if len(form.terms) >= LONG else (None, form.terms)
        made = self._by_axis(terms, total)
        if len(form.terms) >= LONG:
            for mono in form.terms:
                self._sums.setdefault(mono, []).append((form.terms, made))
        return made

    def _by_axis(self, terms: Terms, total: Operand = None) -> Operand:
        """A sum axis by axis: what has the same factor along one is summed along the others first."""
        masks = {mono: [self._axes(at) for at, _power in mono] for mono in terms}
        over = {mask for each in masks.values() for mask in each}
        several = [bit for bit in range(max(over, default=0).bit_length()) if any(mask >> bit & 1 for mask in over)]
        if len(terms) < SHORT or len(several) < 2:
            return self._plainly(terms, total)
        split: dict[int, dict[Mono, Terms]] = {}
        for bit in several:
            groups: dict[Mono, Terms] = {}
            for mono, factor in terms.items():
                along = tuple(pair for pair, mask in zip(mono, masks[mono], strict=True) if mask >> bit & 1)
                rest = tuple(pair for pair, mask in zip(mono, masks[mono], strict=True) if not mask >> bit & 1)
                groups.setdefault(along, {})[rest] = factor
            split[bit] = groups
        groups = min(split.values(), key=len)
        if len(groups) == len(terms):
            return self._plainly(terms, total)
        for along, inner in groups.items():
            value = self._by_axis(inner)
            if along:
                whole = self._mono(along)
                value = whole if isinstance(value, float) and value == 1 else self._step(np.multiply, value, whole)
            total = value if total is None else self._step(np.add, total, value)
        return total

    def _plainly(self, terms: Terms, total: Operand = None) -> Operand:
        """A sum term by term; those that vary along few axes first."""
        ordered = sorted(terms.items(), key=lambda term: sum(self._axes(at).bit_count() for at, _power in term[0]))
        for mono, factor in ordered:
            if mono == ONE:
                value: Operand = float(factor)
            else:
                value = self._mono(mono)
                if factor == -1 and total is not None:
                    total = self._step(np.subtract, total, value)
                    continue
                if factor != 1:
                    value = self._step(np.multiply, value, factor)
            total = value if total is None else self._step(np.add, total, value)
        return total

    def _partly(self, terms: Terms) -> tuple[Operand, Terms]:
        """What long sums that were made already contribute to a further one, and what is left."""
        total: Operand = None
        while len(terms) >= LONG:
            ratio, part, value = self._contained(terms)
            if not part:
                break
            value = value if ratio == 1 else self._step(np.multiply, value, ratio)
            total = value if total is None else self._step(np.add, total, value)
            terms = {mono: factor for mono, factor in terms.items() if mono not in part}
        return total, terms

    def _contained(self, terms: Terms) -> tuple[float, Terms, Operand]:
        """The longest sum of which a multiple is part of these terms, and how many times."""
        best: tuple[float, Terms, Operand] = (0.0, {}, None)
        seen: set[int] = set()
        for mono, factor in terms.items():
            for part, value in self._sums.get(mono, ()):
                if id(part) in seen or not len(best[1]) < len(part) <= len(terms):
                    continue
                seen.add(id(part))
                ratio = factor / part[mono]
                if all(abs(terms.get(each, 0.0) - ratio * own) <= ALIKE * abs(ratio * own) for each, own in part.items()):
                    best = ratio, part, value
        return best

    def _mono(self, mono: Mono) -> Operand:
        """The value of a product of atoms."""
        found = self._monos.get(mono)
        if found is None:
            found = self._monos[mono] = self._multiplied(mono)
        return found

    def _multiplied(self, mono: Mono) -> Operand:
        if len(mono) > 1:
            return self._step(np.multiply, self._mono(mono[:-1]), self._mono(mono[-1:]))
        ((at, power),) = mono
        if power < 0:
            return self._step(np.divide, 1.0, self._mono(((at, -power),)))
        if power > 1:
            return self._step(np.multiply, self._mono(((at, power - 1),)), self._atom(at))
        return self._atom(at)

    def _atom(self, at: int) -> Operand:
        found = self._atoms.get(at)
        if found is None:
            found = self._atoms[at] = self._operation(self.algebra.atoms[at])
        return found

    def _operation(self, atom: Atom) -> Operand:
        """The steps of one operation."""
        if atom.kind == "input":
            return self._inputs[str(atom.args[0])]
        if atom.kind == "each":
            return self._step(_each(atom.args[0]), *map(self._form, atom.args[1:]))
        args = [self._form(arg) for arg in atom.args]
        match atom.kind:
            case "sum":
                return args[0]
            case "max" | "min":
                return self._extreme(np.maximum if atom.kind == "max" else np.minimum, args)
            case "whole_divide":
                return self._step(np.floor, self._step(np.divide, *args))
            case "where":
                return self._step(_where, *args)
            case "<" | "<=" | "==":
                # a condition is 1 where it holds, as its arithmetic expects
                return self._step(COMPARED[atom.kind], args[0], 0.0)
        return self._step(getattr(np, atom.kind), *args)

    def _extreme(self, function: Any, args: list[Operand]) -> Operand:
        made = args[0]
        for other in args[1:]:
            made = self._step(function, made, other)
        return made

    # --- running ------------------------------------------------------------------------------------------

    def run(self, inputs: Mapping[str, "Array"], shape: tuple[int, ...]) -> dict[str, Any]:
        """The columns of a grid of that shape, row after row; an input has the values along its axis."""
        steps, values = self._laid_out(shape)
        for name, place in self._inputs.items():
            np.copyto(values[place].reshape(-1), inputs[name])
        with np.errstate(all="ignore"):  # branches that are not taken may divide by nothing
            for function, operands in steps:
                function(*operands)
        found: dict[str, Any] = {}
        for name, column in self.columns.items():
            words = isinstance(column, tuple)
            place = column[0] if isinstance(column, tuple) else column
            value = np.broadcast_to(values[place], shape).flatten() if isinstance(place, At) else place
            found[name] = _words(value, column[1]) if words else value
        return found

    def _laid_out(self, shape: tuple[int, ...]) -> tuple[list[tuple[Any, tuple[Any, ...]]], dict[int, "Array"]]:
        """The steps with buffers in the place of operands, of a grid of that shape."""
        if self._bound is None or self._bound[0] != shape:
            self._bound = (shape, *self._with_buffers(shape))
        return self._bound[1:]

    def _with_buffers(self, shape: tuple[int, ...]) -> tuple[list[tuple[Any, tuple[Any, ...]]], dict[int, "Array"]]:
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
            bound.append((function, (*taken, values[made])))
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


def _where(condition: "Array", yes: Any, no: Any, out: "Array") -> None:
    """A choice into a buffer that is none of its operands'."""
    np.copyto(out, no)
    np.copyto(out, yes, where=condition != 0)


def _each(rule: Callable[..., float]) -> Callable[..., None]:
    """A rule for plain numbers as a step."""
    from vidcalc.base.number import of_each

    def asked(*operands: Any) -> None:
        *numbers, out = operands
        np.copyto(out, of_each(rule, *numbers))

    return asked


def _words(codes: Any, names: dict[str, int]) -> Any:
    """Numbers of words as words."""
    if not isinstance(codes, np.ndarray):
        return next(iter(names))
    return Words(codes.astype(np.int16), tuple(names))


def _long(algebra: Algebra, columns: Iterable[Any]) -> list[Form]:
    """The long sums that columns are made of, the shortest first."""
    seen: set[int] = set()
    found: list[Form] = []
    waiting = list(columns)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Chosen):
            waiting += [value.condition, value.yes, value.no]
        elif isinstance(value, Form) and id(value) not in seen:
            seen.add(id(value))
            if len(value.terms) >= LONG:
                found.append(value)
            for mono in value.terms:
                waiting += [arg for at, _power in mono for arg in algebra.atoms[at].args]
    return sorted(found, key=lambda form: len(form.terms))


COMPARED = {"<": np.less, "<=": np.less_equal, "==": np.equal}
IN_PLACE = frozenset(
    {np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.floor, np.less, np.less_equal, np.equal}
)
