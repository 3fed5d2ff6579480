"""What is known of the sizes behind a formula: variables, each from a least value on, and the atoms made of them.

A formula is a polynomial over atoms (`vidcalc.tape.tables.polynomial`). An atom is a variable, or something that is no
polynomial: a quotient rounded up or down, a maximum, a condition (1 where it holds, else 0). Equal atoms and equal
polynomials are one object each, so that a network's repeated shapes cost a look-up. A domain lives as long as one
recording.
"""

from collections.abc import Callable
from fractions import Fraction

from msgspec import Struct

from vidcalc.base.symbolic import Formula

MOST_STEP = 32  # sizes that are told apart by their remainder: powers of two that networks halve a side by
WORTH = 80_000  # terms in new polynomials and proofs: about half a second
POINTS = 12  # places where a proof is tried on figures first


class Axis(Struct, frozen=True):
    """One size of a call: every `step`-th whole number from `least` on; a single one where `step` is 0."""

    least: int
    step: int = 1

    def holds(self, size: Formula) -> bool:
        """Whether a plain size, or each of an array, is one of these."""
        beyond = size - self.least
        inside = (beyond >= 0) & (beyond % self.step == 0) if self.step else beyond == 0
        return bool(inside.all()) if hasattr(inside, "all") else bool(inside)


class Finer(Exception):
    """A size must be known to be a multiple before it can be divided: the recording begins anew with this axis."""

    def __init__(self, name: str, factor: int) -> None:
        super().__init__(name, factor)
        self.name, self.factor = name, factor


class Undecided(ValueError):
    """Something was asked that has no single answer for all sizes."""


class TooLong(Exception):
    """A recording takes more than it is worth."""


class Atom:
    """A variable, or what is no polynomial.

    kind    "variable", "up" and "down" (a quotient, rounded), "ratio" (rounded down, of two polynomials), "most",
            "least", "inverse", "log2", "power", "round", "positive" and "zero" (conditions), "either" (a choice)
    args    polynomials and plain numbers it is made of
    floor   it is never below; None: not known
    whole   whether it is a whole number
    points  its values at the places of the domain
    """

    __slots__ = ("args", "floor", "index", "kind", "name", "points", "whole")

    def __init__(
        self, kind: str, args: tuple[Formula, ...], floor: Formula, whole: bool, points: tuple[Formula, ...]
    ) -> None:
        self.kind, self.args, self.floor, self.whole, self.points = kind, args, floor, whole, points
        self.index, self.name = 0, ""

    @property
    def binary(self) -> bool:
        """Whether it is 0 or 1."""
        return self.kind in ("positive", "zero")


Monomial = tuple[tuple[int, int], ...]  # (atom, power), by atom


class Domain:
    """Variables, atoms and polynomials of one recording.

    asked   the sizes that the recording was asked for: the last of the places
    assumes whether work is cut as at those sizes where it is too large for a kernel
    number  what a polynomial is: a class
    guards  polynomials that must be 0 for what was recorded to hold at a size
    """

    def __init__(
        self, axes: dict[str, Axis], asked: dict[str, int], number: type, *, assumes: bool = False, worth: int = WORTH
    ) -> None:
        self.axes, self.asked, self.assumes, self.worth = axes, asked, assumes, worth
        self.number = number
        self.atoms: list[Atom] = []
        self.guards: list[Formula] = []
        self.spent = 0
        self._atoms: dict[Formula, Atom] = {}
        self.polynomials: dict[Formula, Formula] = {}
        self.products: dict[tuple[Monomial, Monomial], Monomial] = {}
        self.places: dict[Monomial, tuple[Formula, ...]] = {(): (1,) * POINTS}
        self.wholes: dict[Monomial, bool] = {(): True}

    def variable(self, name: str, number: int, count: int) -> Atom:
        """The variable of an axis: how many steps beyond zero; `number` of `count` in all."""
        axis = self.axes[name]
        floor = axis.least // axis.step
        places = *spread(floor, number, count), self.asked[name] // axis.step
        atom = Atom("variable", (name,), floor, True, places)
        atom.name = name
        return self._added(atom)

    def atom(
        self, kind: str, args: tuple[Formula, ...], floor: Formula, whole: bool, rule: Callable[..., Formula]
    ) -> Atom:
        """The atom of that kind and arguments; `rule` gives its value from theirs."""
        key = kind, *(id(each) if hasattr(each, "terms") else each for each in args)
        found = self._atoms.get(key)
        if found is None:
            columns = [each.points if hasattr(each, "terms") else (each,) * POINTS for each in args]
            found = self._added(Atom(kind, args, floor, whole, tuple(map(rule, *columns))))
            self._atoms[key] = found
        return found

    def prove(self, work: int) -> None:
        """Count the work of a proof, in terms that come by. Raises TooLong: here, as a storage that goes must not."""
        self.spent += work
        if self.spent > self.worth:
            raise TooLong

    def _added(self, atom: Atom) -> Atom:
        atom.index = len(self.atoms)
        self.atoms.append(atom)
        return atom

    def times(self, a: Monomial, b: Monomial) -> Monomial:
        """The product of two monomials; a condition times itself is itself."""
        if not a:
            return b
        if not b:
            return a
        found = self.products.get((a, b))
        if found is None:
            powers = dict(a)
            for index, power in b:
                powers[index] = 1 if self.atoms[index].binary else powers.get(index, 0) + power
            found = self.products[(a, b)] = tuple(sorted(powers.items()))
        return found

    def points(self, monomial: Monomial) -> tuple[Formula, ...]:
        """Values of a monomial at the places."""
        found = self.places.get(monomial)
        if found is None:
            index, power = monomial[-1]
            rest = self.points(monomial[:-1])
            column = self.atoms[index].points
            found = self.places[monomial] = tuple(x * y**power for x, y in zip(rest, column, strict=True))
        return found

    def whole(self, monomial: Monomial) -> bool:
        """Whether a monomial is a whole number."""
        found = self.wholes.get(monomial)
        if found is None:
            found = self.wholes[monomial] = all(self.atoms[index].whole for index, _ in monomial)
        return found


def spread(floor: int, number: int, count: int) -> tuple[int, ...]:
    """Values of one of `count` variables at the places: the least, each far out alone, all far out, and others."""
    near, far = (floor, floor + 1, 2 * floor + 3), 300 * floor + 70
    values = [floor] + [far if number == other else floor for other in range(count)] + [far]
    state = 7 * number + 1
    while len(values) < POINTS - 1:
        state = (state * 29 + 11) % 97
        values.append((*near, 9 * floor + 5, far)[state % 5])
    return tuple(values[: POINTS - 1])


def exact(value: Formula) -> Formula:
    """A coefficient as an int where it is whole, else as a fraction."""
    if isinstance(value, int):
        return value
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction
