"""Exact polynomials over the atoms of a domain: the numbers that a tape runs on to record a network once.

    n = frames * height * width          one term
    2 * n * 5120 * 5120                  the same term, another coefficient

Arithmetic, comparisons and rounding behave as Python's do; a result that no longer depends on any size is a plain
number again. What is no polynomial (a remainder's rest, a maximum) becomes an atom. Where a comparison holds at every
size it is a plain truth, else a `Condition`.
"""

import math
from fractions import Fraction
from typing import Any

from vidcalc.base.symbolic import Symbolic
from vidcalc.tables.domain import MOST_STEP, POINTS, Domain, Finer, Monomial, Undecided, exact

HALVES = (2, 4, 8, 16)  # divisors by which networks halve sides


class Polynomial(Symbolic):
    """A sum of monomials, each with a coefficient.

    terms   int or Fraction by monomial;  real  whether Python would hold it as a float
    points  its values at the places of the domain
    """

    __slots__ = ("_points", "domain", "made", "never_below", "real", "terms")

    def __init__(self, domain: Domain, terms: dict[Monomial, Any], real: bool) -> None:
        self.domain, self.terms, self.real = domain, terms, real
        self.made: dict[Any, Any] = {}  # sums and products with others, by their identity
        self._points: tuple[Any, ...] | None = None
        self.never_below: bool | None = None  # whether it is proven to be 0 or more

    @property
    def points(self) -> tuple[Any, ...]:
        """Its values at the places of the domain."""
        if self._points is None:
            domain = self.domain
            columns = [(c, domain.points(m)) for m, c in self.terms.items()]
            self._points = tuple(sum(c * column[i] for c, column in columns) for i in range(POINTS))
        return self._points

    @property
    def whole(self) -> bool:
        """Whether it is a whole number whatever the sizes: of whole coefficients, or one rounded quotient's."""
        whole = self.domain.whole
        return all(isinstance(c, int) and whole(m) for m, c in self.terms.items())

    # --- arithmetic ---------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
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

    def __neg__(self) -> Any:
        return self * -1

    def __pos__(self) -> Any:
        return self

    def __sub__(self, other: Any) -> Any:
        right = self.like(other)
        if right is None:
            return NotImplemented
        return 0 if right is self else self + right * -1

    def __rsub__(self, other: Any) -> Any:
        return self * -1 + other

    def __mul__(self, other: Any) -> Any:
        if other.__class__ is int and other == 1:
            return self
        right = self.like(other)
        if right is None:
            return NotImplemented
        key = "*", id(right)
        found = self.made.get(key)
        if found is None:
            terms: dict[Monomial, Any] = {}
            times = self.domain.times
            for a, c in self.terms.items():
                for b, d in right.terms.items():
                    monomial = times(a, b)
                    terms[monomial] = terms.get(monomial, 0) + c * d
            terms = {monomial: exact(c) for monomial, c in terms.items() if c}
            found = self.made[key] = made(self.domain, terms, self.real or right.real)
        return found

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        right = self.like(other)
        if right is None:
            return NotImplemented
        number = constant(right)
        if number is not None:
            terms = {monomial: exact(Fraction(c) / Fraction(number)) for monomial, c in self.terms.items()}
            return made(self.domain, terms, True)
        quotient = divided(self, right)
        if quotient is not None:
            return made(self.domain, quotient, True)
        return self * opaque(self.domain, "inverse", (right,), 0, False, lambda value: Fraction(1) / Fraction(value))

    def __rtruediv__(self, other: Any) -> Any:
        left = self.like(other)
        return NotImplemented if left is None else left.__truediv__(self)

    def __floordiv__(self, other: Any) -> Any:
        right = self.like(other)
        if right is None:
            return NotImplemented
        number = constant(right)
        if number is not None:
            return rounded(self, exact(number))
        quotient = divided(self, right)
        if quotient is not None and all(isinstance(c, int) for c in quotient.values()):
            return made(self.domain, quotient, self.real or right.real)
        floor = 0 if nonnegative(self) and nonnegative(right) else None
        return opaque(self.domain, "ratio", (self, right), floor, True, lambda a, b: a // b if b else 0)

    def __rfloordiv__(self, other: Any) -> Any:
        left = self.like(other)
        return NotImplemented if left is None else left.__floordiv__(self)

    def __mod__(self, other: Any) -> Any:
        return self - (self // other) * other

    def __rmod__(self, other: Any) -> Any:
        return other - (other // self) * self

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, int) and exponent >= 0:
            return math.prod([self] * exponent)
        return opaque(self.domain, "power", (self, exponent), 0, False, lambda value, power: float(value) ** power)

    def __round__(self, digits: int | None = None) -> Any:
        if self.whole:
            return self.counted()
        floor = 0 if nonnegative(self) else None
        return opaque(self.domain, "round", (self,), floor, True, round)

    # --- as `vidcalc.base.number` asks --------------------------------------------------------------------

    def in_blocks(self, block: int) -> Any:
        """Rounded up to whole blocks, whose size no step of an axis is made for."""
        return rounded(self, block, up=True, finer=False) * block

    def log2(self) -> Any:
        """Its logarithm to base 2."""
        return opaque(self.domain, "log2", (self,), None, False, lambda value: math.log2(max(value, 1)))

    def counted(self) -> Any:
        """As an int."""
        if not self.real:
            return self
        return made(self.domain, self.terms, False) if self.whole else rounded(made(self.domain, self.terms, False), 1)

    def larger(self, other: Any) -> Any:
        """The larger of two."""
        from vidcalc.tables.choice import larger

        return larger(self, other)

    def smaller(self, other: Any) -> Any:
        """The smaller of two."""
        from vidcalc.tables.choice import smaller

        return smaller(self, other)

    def highest(self, peak: Any, at: str, live: Any, here: str) -> Any:
        """The larger of a peak and of what is alive, with where each is."""
        from vidcalc.tables.choice import Most

        return Most.of(peak, at).joined(live, here)

    # --- comparisons --------------------------------------------------------------------------------------

    def __gt__(self, other: Any) -> Any:
        from vidcalc.tables.choice import above

        return above(self, other)

    def __lt__(self, other: Any) -> Any:
        from vidcalc.tables.choice import above

        return above(other, self)

    def __ge__(self, other: Any) -> Any:
        from vidcalc.tables.choice import above, opposite

        return opposite(above(other, self))

    def __le__(self, other: Any) -> Any:
        from vidcalc.tables.choice import above, opposite

        return opposite(above(self, other))

    def __eq__(self, other: object) -> Any:
        from vidcalc.tables.choice import equal

        return equal(self, other)

    def __ne__(self, other: object) -> Any:
        from vidcalc.tables.choice import equal, opposite

        return opposite(equal(self, other))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise Undecided("the truth of a size")

    def like(self, other: Any) -> "Polynomial | None":
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


def known(domain: Domain, value: Any) -> Polynomial:
    """A plain number as a polynomial."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Undecided("no end")
    key = "known", value, isinstance(value, float)
    found: Polynomial | None = domain.polynomials.get(key)
    if found is None:
        found = interned(domain, {(): exact(value)} if value else {}, isinstance(value, float | Fraction))
        domain.polynomials[key] = found
    return found


def interned(domain: Domain, terms: dict[Monomial, Any], real: bool) -> Polynomial:
    """The one polynomial of these terms."""
    key = frozenset(terms.items()), real
    found: Polynomial | None = domain.polynomials.get(key)
    if found is None:
        domain.spent += len(terms)
        found = domain.polynomials[key] = Polynomial(domain, terms, real)
    return found


def made(domain: Domain, terms: dict[Monomial, Any], real: bool) -> Any:
    """The polynomial of these terms, or the plain number that it is."""
    if not terms:
        return 0.0 if real else 0
    if len(terms) == 1 and () in terms:
        value = terms[()]
        return float(value) if real or not isinstance(value, int) else value
    return interned(domain, terms, real)


def constant(polynomial: Polynomial) -> Any:
    """The number that it is whatever the sizes, or None."""
    terms = polynomial.terms
    if not terms:
        return 0
    return terms.get(()) if len(terms) == 1 else None


def opaque(domain: Domain, kind: str, args: tuple[Any, ...], floor: Any, whole: bool, rule: Any) -> Any:
    """An atom as a polynomial."""
    atom = domain.atom(kind, args, floor, whole, rule)
    return interned(domain, {((atom.index, 1),): 1}, not whole)


def rounded(polynomial: Polynomial, divisor: Any, *, up: bool = False, finer: bool = True) -> Any:
    """The polynomial over a plain number, rounded down or up to a whole one.

    finer  whether a size may be told apart by its remainder for it
    """
    if up:
        return rounded(polynomial * -1, divisor, finer=finer) * -1
    domain = polynomial.domain
    scale = math.lcm(*(Fraction(c).denominator for c in (divisor, *polynomial.terms.values())))
    by = int(divisor * scale)
    head: dict[Monomial, Any] = {}
    rest: dict[Monomial, int] = {}
    for monomial, c in polynomial.terms.items():
        whole = int(c * scale)
        if not domain.whole(monomial):
            rest[monomial] = whole
        elif whole % by == 0:
            head[monomial] = whole // by
        elif not monomial:
            head[monomial], rest[monomial] = whole // by, whole % by
        else:
            rest[monomial] = whole
    head = {monomial: c for monomial, c in head.items() if c}
    beside = rest.pop((), 0)
    if not rest:
        return made(domain, head, polynomial.real)
    shared = math.gcd(by, *rest.values())
    if all(domain.whole(monomial) for monomial in rest):
        # (g x + r) // (g d) is (x + r // g) // d
        by, beside = by // shared, beside // shared
        rest = {monomial: c // shared for monomial, c in rest.items()}
    if by == 1 and all(domain.whole(monomial) for monomial in rest):
        terms = dict(rest)
        for monomial, c in (*head.items(), ((), beside)):
            terms[monomial] = terms.get(monomial, 0) + c
        return made(domain, {monomial: c for monomial, c in terms.items() if c}, polynomial.real)
    if finer:
        _finer(domain, rest, by)
    return made(domain, head, polynomial.real) + _quotient(domain, rest, beside, by, polynomial.real)


def _finer(domain: Domain, rest: dict[Monomial, int], by: int) -> None:
    """Begin anew where a variable alone is in the way of an exact quotient. Raises Finer."""
    if len(rest) != 1 or by not in HALVES:
        return
    (monomial,) = rest
    if len(monomial) == 1 and monomial[0][1] == 1:
        atom = domain.atoms[monomial[0][0]]
        if atom.kind == "variable" and domain.axes[atom.name].step * by <= MOST_STEP:
            raise Finer(atom.name, by)


def _quotient(domain: Domain, rest: dict[Monomial, int], beside: int, by: int, real: bool) -> Any:
    """What is left of a quotient as an atom, rounded up where it is negative: -(-a // b)."""
    negative = all(c < 0 for c in rest.values())
    sign = -1 if negative else 1
    terms = {monomial: sign * c for monomial, c in rest.items()}
    if beside:
        terms[()] = sign * beside
    above = interned(domain, terms, False)
    floor = 0 if nonnegative(above) else None
    if negative:
        part = opaque(domain, "up", (above, by), floor, True, lambda a, b: -(-a // b)) * -1
    else:
        part = opaque(domain, "down", (above, by), floor, True, lambda a, b: a // b)
    return part * 1.0 if real else part


def divided(a: Polynomial, b: Polynomial) -> dict[Monomial, Any] | None:
    """The terms of a / b where that is a polynomial; None where it is not."""
    domain, left, quotient = a.domain, dict(a.terms), {}
    lead = max(b.terms)
    c = b.terms[lead]
    while left:
        top = max(left)
        powers = dict(top)
        for index, power in lead:
            rest = powers.get(index, 0) - power
            if rest < 0 or domain.atoms[index].binary:
                return None
            powers[index] = rest
        monomial = tuple((index, power) for index, power in sorted(powers.items()) if power)
        factor = exact(Fraction(left[top]) / Fraction(c))
        quotient[monomial] = factor
        for other, d in b.terms.items():
            product = domain.times(monomial, other)
            total = left.get(product, 0) - factor * d
            if total:
                left[product] = exact(total)
            else:
                left.pop(product, None)
        if len(quotient) > len(a.terms):
            return None
    return quotient


def nonnegative(polynomial: Any) -> bool:
    """Whether it is proven that the number is never below zero."""
    if not isinstance(polynomial, Polynomial):
        return bool(polynomial >= 0)
    if polynomial.never_below is None:
        from vidcalc.tables.proof import never_below

        polynomial.never_below = False  # while the proof runs
        polynomial.never_below = never_below(polynomial)
    return polynomial.never_below
