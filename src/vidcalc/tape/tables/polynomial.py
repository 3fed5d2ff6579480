"""Exact polynomials over the atoms of a domain: the numbers that a tape runs on to record a network once.

    n = frames * height * width          one term
    2 * n * 5120 * 5120                  the same term, another coefficient

Arithmetic, comparisons and rounding behave as Python's do; a result that no longer depends on any size is a plain
number again. What is no polynomial (a remainder's rest, a maximum) becomes an atom. Where a comparison holds at every
size it is a plain truth, else a `Condition`.
"""

import math
from fractions import Fraction

from vidcalc.base.symbolic import Formula, Symbolic
from vidcalc.tape.tables.domain import POINTS, Domain, Monomial, Undecided, exact


class Polynomial(Symbolic):
    """A sum of monomials, each with a coefficient.

    terms   int or Fraction by monomial;  real  whether Python would hold it as a float
    points  its values at the places of the domain
    """

    __slots__ = ("_points", "domain", "made", "never_below", "real", "terms")

    def __init__(self, domain: Domain, terms: dict[Monomial, Formula], real: bool) -> None:
        self.domain, self.terms, self.real = domain, terms, real
        self.made: dict[Formula, Formula] = {}  # sums and products with others, by their identity
        self._points: tuple[Formula, ...] | None = None
        self.never_below: bool | None = None  # whether it is proven to be 0 or more

    @property
    def points(self) -> tuple[Formula, ...]:
        """Its values at the places of the domain."""
        if self._points is None:
            domain = self.domain
            columns = [(c, domain.points(m)) for m, c in self.terms.items()]
            self._points = tuple(sum(c * column[i] for c, column in columns) for i in range(POINTS))
        return self._points

    @property
    def whole(self) -> bool:
        """Whether it is a whole number whatever the sizes."""
        whole = self.domain.whole
        return all(isinstance(c, int) and whole(m) for m, c in self.terms.items())

    def __add__(self, other: Formula) -> Formula:
        if other.__class__ is int and other == 0:
            return self
        right = self.like(other)
        if right is None:
            return NotImplemented
        key = "+", id(right)
        found = self.made.get(key)
        if found is None:
            terms = dict(self.terms)
            for monomial, c in right.terms.items():
                total = terms.get(monomial, 0) + c
                if total:
                    terms[monomial] = total
                else:
                    terms.pop(monomial, None)
            found = self.made[key] = made(self.domain, terms, self.real or right.real)
        return found

    __radd__ = __add__

    def __neg__(self) -> Formula:
        return self * -1

    def __sub__(self, other: Formula) -> Formula:
        right = self.like(other)
        if right is None:
            return NotImplemented
        return 0 if right is self else self + right * -1

    def __rsub__(self, other: Formula) -> Formula:
        return self * -1 + other

    def __mul__(self, other: Formula) -> Formula:
        if other.__class__ is int and other == 1:
            return self
        right = self.like(other)
        if right is None:
            return NotImplemented
        key = "*", id(right)
        found = self.made.get(key)
        if found is None:
            terms: dict[Monomial, Formula] = {}
            times = self.domain.times
            for a, c in self.terms.items():
                for b, d in right.terms.items():
                    monomial = times(a, b)
                    terms[monomial] = terms.get(monomial, 0) + c * d
            terms = {monomial: exact(c) for monomial, c in terms.items() if c}
            found = self.made[key] = made(self.domain, terms, self.real or right.real)
        return found

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        raise Undecided("the truth of a size")

    def like(self, other: Formula) -> "Polynomial | None":
        """A plain number, a condition or a maximum as a polynomial of the same domain; None of anything else."""
        if isinstance(other, Polynomial):
            return other
        if isinstance(other, int | float | Fraction):
            return known(self.domain, other)
        settled = getattr(other, "settled", None)
        if settled is None:
            return None
        value = settled()
        return value if isinstance(value, Polynomial) else known(self.domain, value)


def known(domain: Domain, value: Formula) -> Polynomial:
    """A plain number as a polynomial."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Undecided("no end")
    key = "known", value, isinstance(value, float)
    found: Polynomial | None = domain.polynomials.get(key)
    if found is None:
        found = interned(domain, {(): exact(value)} if value else {}, isinstance(value, float | Fraction))
        domain.polynomials[key] = found
    return found


def interned(domain: Domain, terms: dict[Monomial, Formula], real: bool) -> Polynomial:
    """The one polynomial of these terms."""
    key = frozenset(terms.items()), real
    found: Polynomial | None = domain.polynomials.get(key)
    if found is None:
        domain.spent += len(terms)
        found = domain.polynomials[key] = domain.number(domain, terms, real)
    return found


def made(domain: Domain, terms: dict[Monomial, Formula], real: bool) -> Formula:
    """The polynomial of these terms, or the plain number that it is."""
    if not terms:
        return 0.0 if real else 0
    if len(terms) == 1 and () in terms:
        value = terms[()]
        return float(value) if real or not isinstance(value, int) else value
    return interned(domain, terms, real)


def constant(polynomial: Polynomial) -> Formula:
    """The number that it is whatever the sizes, or None."""
    terms = polynomial.terms
    if not terms:
        return 0
    return terms.get(()) if len(terms) == 1 else None


def opaque(domain: Domain, kind: str, args: tuple[Formula, ...], floor: Formula, whole: bool, rule: Formula) -> Formula:
    """An atom as a polynomial."""
    atom = domain.atom(kind, args, floor, whole, rule)
    return interned(domain, {((atom.index, 1),): 1}, not whole)
