"""Choices among numbers that depend on sizes: conditions, and words that depend on them.

A condition is a polynomial that is 1 where it holds and 0 elsewhere; so a choice between two numbers is arithmetic.
"""

from vidcalc.base.symbolic import Formula, Symbolic
from vidcalc.tape.tables.domain import Undecided
from vidcalc.tape.tables.most import UNSETTLED, Most, extreme, parts_of
from vidcalc.tape.tables.polynomial import Polynomial, opaque
from vidcalc.tape.tables.proof import nonnegative
from vidcalc.tape.tables.quotient import LIMIT, assumed


class Condition(Symbolic):
    """A comparison that holds at some sizes alone: `number` is 1 there, else 0."""

    __slots__ = ("number",)

    def __init__(self, number: Polynomial) -> None:
        self.number = number

    def settled(self) -> Polynomial:
        """As a number."""
        return self.number

    def __bool__(self) -> bool:
        raise Undecided("a comparison that depends on sizes")

    def all(self) -> bool:
        """Whether it holds everywhere: it does not; a table does not stand for sizes where it happens to hold."""
        self.number.domain.guards.append(self.number)
        return False

    def chosen(self, yes: Formula, no: Formula) -> Formula:
        """`yes` where it holds, else `no`."""
        if isinstance(yes, str | Word) or isinstance(no, str | Word):
            return yes if yes is no or (isinstance(yes, str) and yes == no) else Word(self.number, yes, no)
        if yes is no:
            return yes
        if isinstance(yes, Most) or isinstance(no, Most):
            held, other = self.number, 1 - self.number
            parts = [(held * part, at) for part, at in parts_of(yes)]
            return Most([*parts, *((other * part, at) for part, at in parts_of(no))])
        try:
            return no + self.number * (yes - no) if isinstance(no, Polynomial) else self.number * (yes - no) + no
        except Undecided:  # without end
            return Either(self.number, yes, no)

    def __invert__(self) -> Formula:
        return opposite(self)

    def __and__(self, other: Formula) -> Formula:
        if isinstance(other, bool):
            return self if other else False
        return truth(self.number * other.number)

    __rand__ = __and__

    def __or__(self, other: Formula) -> Formula:
        if isinstance(other, bool):
            return True if other else self
        a, b = self.number, other.number
        return truth(a + b - a * b)

    __ror__ = __or__

    def __add__(self, other: Formula) -> Formula:
        return self.number + other

    def __sub__(self, other: Formula) -> Formula:
        return self.number - other

    def __rsub__(self, other: Formula) -> Formula:
        return other - self.number

    def __mul__(self, other: Formula) -> Formula:
        return self.number * other

    __radd__, __rmul__ = __add__, __mul__


class Word(Symbolic):
    """A word that depends on a condition."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, condition: Polynomial, yes: Formula, no: Formula) -> None:
        self.condition, self.yes, self.no = condition, yes, no


class Either(Word):
    """A number that depends on a condition and may be without end."""

    __slots__ = ()


def larger(a: Formula, b: Formula) -> Formula:
    """The larger of two numbers."""
    if isinstance(b, Most):
        return b.joined(a)
    if isinstance(b, Condition):
        b = b.number
    difference = a - b
    if nonnegative(difference):
        return a
    return b if nonnegative(-difference) else Most([(a, ""), (b, "")])


def smaller(a: Formula, b: Formula) -> Formula:
    """The smaller of two numbers."""
    a, b = (each.settled() if isinstance(each, Most | Condition) else each for each in (a, b))
    difference = a - b
    if nonnegative(difference):
        return b
    return a if nonnegative(-difference) else extreme("least", [a, b], min)


def truth(number: Formula) -> Formula:
    """The condition of a number that is 0 or 1."""
    return Condition(number) if isinstance(number, Polynomial) else bool(number)


def opposite(condition: Formula) -> Formula:
    """Where a condition does not hold."""
    return truth(1 - condition.number) if isinstance(condition, Condition) else not condition


def above(a: Formula, b: Formula) -> Formula:
    """a > b."""
    if isinstance(a, Most) or isinstance(b, Most):
        return _peaks(a, b)
    difference = a - b
    if not isinstance(difference, Polynomial):
        return bool(difference > 0)
    if nonnegative(-difference):
        return False
    if difference.whole and nonnegative(difference - 1):
        return True
    if difference.domain.assumes and abs(difference.terms.get((), 0)) >= LIMIT:
        return bool(
            assumed(opaque(difference.domain, "positive", (difference,), 0, True, lambda value: int(value > 0)))
        )
    return truth(opaque(difference.domain, "positive", (difference,), 0, True, lambda value: int(value > 0)))


def _peaks(a: Formula, b: Formula) -> Formula:
    """Above of maxima: not asked of every part of a peak, which is settled late."""
    if isinstance(b, Most) and not isinstance(a, Most):
        return UNSETTLED
    a, b = (each.settled() if isinstance(each, Most) else each for each in (a, b))
    return above(a, b)


def equal(a: Formula, b: Formula) -> Formula:
    """a == b."""
    if not isinstance(b, int | float | Symbolic):
        return False
    difference = a - b
    if not isinstance(difference, Polynomial):
        return bool(difference == 0)
    if nonnegative(difference - 1) or nonnegative(-difference - 1):
        return False
    return truth(opaque(difference.domain, "zero", (difference,), 0, True, lambda value: int(value == 0)))
