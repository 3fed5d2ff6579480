"""The number that a tape runs on to be recorded: a polynomial that divides, rounds and compares as Python's numbers do.

A result that no longer depends on any size is a plain number again; a comparison that holds at every size is a plain
truth, else a `Condition`.
"""

import math
from fractions import Fraction

from vidcalc.base.symbolic import Formula
from vidcalc.tape.tables.choice import above, equal, larger, opposite, smaller
from vidcalc.tape.tables.domain import exact
from vidcalc.tape.tables.most import Most
from vidcalc.tape.tables.polynomial import Polynomial, constant, made, opaque
from vidcalc.tape.tables.proof import nonnegative
from vidcalc.tape.tables.quotient import divided, rounded


class Size(Polynomial):
    """A size of a call, or what follows from some."""

    __slots__ = ()

    def __truediv__(self, other: Formula) -> Formula:
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

    def __rtruediv__(self, other: Formula) -> Formula:
        left: Formula = self.like(other)
        return NotImplemented if left is None else left.__truediv__(self)

    def __floordiv__(self, other: Formula) -> Formula:
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

    def __rfloordiv__(self, other: Formula) -> Formula:
        left: Formula = self.like(other)
        return NotImplemented if left is None else left.__floordiv__(self)

    def __mod__(self, other: Formula) -> Formula:
        return self - (self // other) * other

    def __pow__(self, exponent: Formula) -> Formula:
        if isinstance(exponent, int) and exponent >= 0:
            return math.prod([self] * exponent)
        return opaque(self.domain, "power", (self, exponent), 0, False, lambda value, power: float(value) ** power)

    def __round__(self, digits: int | None = None) -> Formula:
        if self.whole:
            return self.counted()
        floor = 0 if nonnegative(self) else None
        return opaque(self.domain, "round", (self,), floor, True, round)

    def in_blocks(self, block: int) -> Formula:
        """Rounded up to whole blocks, whose size no step of an axis is made for."""
        return rounded(self, block, up=True, finer=False) * block

    def log2(self) -> Formula:
        """Its logarithm to base 2."""
        return opaque(self.domain, "log2", (self,), None, False, lambda value: math.log2(max(value, 1)))

    def counted(self) -> Formula:
        """As an int."""
        if not self.real:
            return self
        return made(self.domain, self.terms, False) if self.whole else rounded(made(self.domain, self.terms, False), 1)

    def larger(self, other: Formula) -> Formula:
        """The larger of two."""
        return larger(self, other)

    def smaller(self, other: Formula) -> Formula:
        """The smaller of two."""
        return smaller(self, other)

    def highest(self, peak: Formula, at: str, live: Formula, here: str) -> Formula:
        """The larger of a peak and of what is alive, with where each is."""
        return Most.of(peak, at).joined(live, here)

    def __gt__(self, other: Formula) -> Formula:
        return above(self, other)

    def __lt__(self, other: Formula) -> Formula:
        return above(other, self)

    def __ge__(self, other: Formula) -> Formula:
        return opposite(above(other, self))

    def __le__(self, other: Formula) -> Formula:
        return opposite(above(self, other))

    def __eq__(self, other: object) -> Formula:
        return equal(self, other)

    def __ne__(self, other: object) -> Formula:
        return opposite(equal(self, other))

    __hash__ = None  # type: ignore[assignment]
