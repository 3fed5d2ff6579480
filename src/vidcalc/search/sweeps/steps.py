"""From formulas to the steps of a program: each one call of NumPy, no value worked out twice.

A program is written once for the columns that are wanted, from their forms down to the inputs; what no column asks for
is not in it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from vidcalc.search.sweeps.algebra import ONE, Algebra, Atom, Mono, Terms, Value
from vidcalc.search.sweeps.choices import Chosen
from vidcalc.search.sweeps.form import Form

if TYPE_CHECKING:
    from vidcalc.search.sweeps.block import Array

Place = int  # of a value among all of a program
Operand: TypeAlias = Any  # a place (`At`), or a number
Function: TypeAlias = str | Callable[..., Any]  # of NumPy by its name, or another
Step = tuple[Function, tuple[Any, ...], int]


LONG = 5  # terms of a sum that others may be made of
SHORT = 3  # terms of a sum that is made as it stands
ALIKE = 1e-15  # of a factor: as near as two orders of the same products lie


class At(int):
    """The place of a value among a program's values."""


class Written:
    """What columns are made of, as steps.

    Rows are a grid: each input varies along one axis, and a value only along those of what it is made from, so that
    most of the work is done for a side of the grid and not for each of its rows. Values are numbered in the order in
    which they are made; `masks` says along which axes each varies, a bit for each. `columns` says where each column is:
    a value's place, a number that no row changes, or words with the place of the number of the word.
    """

    def __init__(self, algebra: Algebra, columns: Mapping[str, Value], axes: Mapping[str, int]) -> None:
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

    def _new(self, mask: int) -> At:
        self.masks.append(mask)
        return At(len(self.masks) - 1)

    def _step(self, function: Function, *operands: Operand) -> At:
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

    def _column(self, value: Value) -> Value:
        if isinstance(value, Chosen):
            names: dict[str, int] = {}
            return self._choice(value, names), names
        return self._form(value) if isinstance(value, Form) else value

    def _choice(self, value: Value, names: dict[str, int]) -> Operand:
        """A choice among words as the number of the word."""
        if isinstance(value, str):
            return float(names.setdefault(value, len(names)))
        yes, no = self._choice(value.yes, names), self._choice(value.no, names)
        return self._step(_where, self._form(value.condition), yes, no)

    def _form(self, form: Value) -> Operand:
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
                value = whole if isinstance(value, float) and value == 1 else self._step("multiply", value, whole)
            total = value if total is None else self._step("add", total, value)
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
                    total = self._step("subtract", total, value)
                    continue
                if factor != 1:
                    value = self._step("multiply", value, factor)
            total = value if total is None else self._step("add", total, value)
        return total

    def _partly(self, terms: Terms) -> tuple[Operand, Terms]:
        """What long sums that were made already contribute to a further one, and what is left."""
        total: Operand = None
        while len(terms) >= LONG:
            ratio, part, value = self._contained(terms)
            if not part:
                break
            value = value if ratio == 1 else self._step("multiply", value, ratio)
            total = value if total is None else self._step("add", total, value)
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
                if all(
                    abs(terms.get(each, 0.0) - ratio * own) <= ALIKE * abs(ratio * own) for each, own in part.items()
                ):
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
            return self._step("multiply", self._mono(mono[:-1]), self._mono(mono[-1:]))
        ((at, power),) = mono
        if power < 0:
            return self._step("divide", 1.0, self._mono(((at, -power),)))
        if power > 1:
            return self._step("multiply", self._mono(((at, power - 1),)), self._atom(at))
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
                return self._extreme("maximum" if atom.kind == "max" else "minimum", args)
            case "whole_divide":
                return self._step("floor", self._step("divide", *args))
            case "where":
                return self._step(_where, *args)
            case "<" | "<=" | "==":
                # a condition is 1 where it holds, as its arithmetic expects
                return self._step(COMPARED[atom.kind], args[0], 0.0)
        return self._step(atom.kind, *args)

    def _extreme(self, function: Function, args: list[Operand]) -> Operand:
        made = args[0]
        for other in args[1:]:
            made = self._step(function, made, other)
        return made


def _where(condition: "Array", yes: Value, no: Value, out: "Array") -> None:
    """A choice into a buffer that is none of its operands'."""
    import numpy as np

    np.copyto(out, no)
    np.copyto(out, yes, where=condition != 0)


def _each(rule: Callable[..., float]) -> Callable[..., None]:
    """A rule for plain numbers as a step."""
    import numpy as np

    from vidcalc.base.number import of_each

    def asked(*numbers: Value, out: "Array") -> None:
        np.copyto(out, of_each(rule, *numbers))

    return asked


def _long(algebra: Algebra, columns: Iterable[Value]) -> list[Form]:
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


COMPARED = {"<": "less", "<=": "less_equal", "==": "equal"}
