"""Formulas that are worked out once for many rows: sums of products of what varies, and what is no such sum.

A calculation whose inputs are `Form`s (`vidcalc.search.sweeps.form`) writes its formula down here instead of a number.
Equal formulas are one object. What does not vary is folded at once; so is what the bounds of the inputs decide: of a
maximum only those sides stay that can be the largest within them. What is left is a polynomial of *atoms*: inputs, and
operations that are no polynomial (a ceiling, a maximum, a choice).

    value of a form = sum of coefficient x product of atoms to powers, which may be negative
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

Value: TypeAlias = Any  # a form, or a number where nothing varies
Mono = tuple[tuple[int, int], ...]  # (atom, power), atoms in order
Terms = dict[Mono, float]
Bounds = tuple[float, float]
ONE: Mono = ()
WIDEST = 40  # terms of a product that is multiplied out; a larger one keeps a factor as an atom
ANYTHING: Bounds = (-math.inf, math.inf)


class Atom:
    """What a polynomial is of.

    kind    "input", "sum" (a form as one factor), or the operation
    args    what it is of: forms, numbers, names
    bounds  no value is outside;  whole  whether all values are whole numbers
    """

    __slots__ = ("args", "bounds", "kind", "whole")

    def __init__(self, kind: str, args: tuple[Value, ...], bounds: Bounds, whole: bool) -> None:
        self.kind, self.args, self.bounds, self.whole = kind, args, bounds, whole


class Algebra:
    """All formulas of one sweep, each once. `make` makes the object that stands for terms (a `Form`)."""

    def __init__(self, make: Callable[["Algebra", Terms, Bounds, bool], Value]) -> None:
        self.make = make
        self.atoms: list[Atom] = []
        self.kinds: dict[tuple[Value, ...], int] = {}
        self.forms: dict[frozenset[tuple[Mono, float]], Value] = {}
        self.products: dict[tuple[Mono, Mono], Mono] = {}
        self.ranges: dict[Mono, Bounds] = {ONE: (1.0, 1.0)}
        self.wholes: dict[Mono, bool] = {ONE: True}
        self.sums: set[int] = set()  # atoms that stand for a form

    def clear(self) -> None:
        """Forget every formula, whoever still holds one of them."""
        for table in (self.atoms, self.kinds, self.forms, self.products, self.ranges, self.wholes, self.sums):
            table.clear()

    # --- making -------------------------------------------------------------------------------------------

    def input(self, name: str, bounds: Bounds, whole: bool) -> Value:
        """A number that varies within bounds, and whether only in whole steps."""
        return self.atom("input", (name,), bounds, whole)

    def atom(self, kind: str, args: tuple[Value, ...], bounds: Bounds, whole: bool = False) -> Value:
        """The form that is one atom, made once."""
        return self.form({((self.place(kind, args, bounds, whole), 1),): 1.0})

    def place(self, kind: str, args: tuple[Value, ...], bounds: Bounds, whole: bool = False) -> int:
        """Where an atom is, made once."""
        key = (kind, *(arg if isinstance(arg, str | float | int | bool) else id(arg) for arg in args))
        at = self.kinds.get(key)
        if at is None:
            at = self.kinds[key] = len(self.atoms)
            self.atoms.append(Atom(kind, args, bounds, whole))
        return at

    def form(self, terms: Terms) -> Value:
        """The form of these terms, or a plain number where nothing varies."""
        if not terms:
            return 0.0
        if len(terms) == 1 and ONE in terms:
            return terms[ONE]
        key = frozenset(terms.items())
        made = self.forms.get(key)
        if made is None:
            low = high = 0.0
            whole = True
            for mono, factor in terms.items():
                least, most = self.range(mono)
                low += factor * (least if factor > 0 else most)
                high += factor * (most if factor > 0 else least)
                whole = whole and factor.is_integer() and self.whole(mono)
            if low != low or high != high:
                low, high = ANYTHING
            varies = low < high or abs(low) == math.inf
            made = self.make(self, terms, (low, high), whole) if varies else low
            self.forms[key] = made
        return made

    # --- products -----------------------------------------------------------------------------------------

    def range(self, mono: Mono) -> Bounds:
        """The bounds of a product of atoms."""
        found = self.ranges.get(mono)
        if found is None:
            low = high = 1.0
            for at, power in mono:
                low, high = _times((low, high), _power(self.atoms[at].bounds, power))
            found = self.ranges[mono] = low, high
        return found

    def whole(self, mono: Mono) -> bool:
        """Whether a product of atoms is a whole number."""
        found = self.wholes.get(mono)
        if found is None:
            found = self.wholes[mono] = all(power > 0 and self.atoms[at].whole for at, power in mono)
        return found

    def product(self, one: Mono, other: Mono) -> Mono:
        """The product of two."""
        if not one:
            return other
        if not other:
            return one
        key = one, other
        found = self.products.get(key)
        if found is None:
            powers = dict(one)
            for at, power in other:
                powers[at] = powers.get(at, 0) + power
            found = self.products[key] = tuple(sorted((at, power) for at, power in powers.items() if power))
        return found

    def multiplied(self, one: Terms, other: Terms) -> Terms:
        """Every term of one times every term of the other."""
        found: Terms = {}
        for mono, factor in one.items():
            for second, further in other.items():
                both = self.product(mono, second)
                found[both] = found.get(both, 0.0) + factor * further
        return {mono: factor for mono, factor in found.items() if factor}

    def spread(self, terms: Terms) -> Terms:
        """The terms with forms that stood as one factor multiplied out again, where that stays small."""
        if not self.sums:
            return terms
        for mono in list(terms):
            for at, power in mono:
                if power == 1 and at in self.sums:
                    inner = self.atoms[at].args[0].terms
                    if len(inner) + len(terms) > WIDEST:
                        continue
                    rest = tuple(pair for pair in mono if pair[0] != at)
                    factor = terms.pop(mono)
                    for second, further in self.multiplied({rest: factor}, inner).items():
                        terms[second] = terms.get(second, 0.0) + further
                    return self.spread({each: value for each, value in terms.items() if value})
        return terms

    def alone(self, form: Value) -> Mono:
        """A form as one factor: its own product where it is no sum."""
        at = self.place("sum", (form,), form.bounds, form.whole)
        self.sums.add(at)
        return ((at, 1),)


def _times(one: Bounds, other: Bounds) -> Bounds:
    """The bounds of a product of two numbers."""
    if one[0] >= 0 and other[0] >= 0:
        return _zero(one[0], other[0]), _zero(one[1], other[1])
    corners = [_zero(a, b) for a in one for b in other]
    return min(corners), max(corners)


def _zero(a: float, b: float) -> float:
    """a x b, where nothing times anything is nothing."""
    return 0.0 if a == 0 or b == 0 else a * b


def _power(bounds: Bounds, power: int) -> Bounds:
    """The bounds of a power of a number."""
    low, high = bounds
    if power < 0:
        if low <= 0 <= high:
            return (0.0, math.inf) if low == 0 and high > 0 else ANYTHING
        low, high = 1 / high, 1 / low
        power = -power
    ends = low**power, high**power
    if low < 0 < high and power % 2 == 0:
        return 0.0, max(ends)
    return min(ends), max(ends)
