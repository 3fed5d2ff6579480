"""Choices among numbers that depend on sizes: conditions, maxima that remember where each of their parts is, words.

A condition is a polynomial that is 1 where it holds and 0 elsewhere; so a choice between two numbers is arithmetic.
A maximum keeps its parts and is settled late: parts that another part is proven to reach are left out, together.
"""

from typing import Any

from vidcalc.base.symbolic import Symbolic
from vidcalc.tables.domain import Undecided
from vidcalc.tables.polynomial import Polynomial, known, nonnegative, opaque


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

    def chosen(self, yes: Any, no: Any) -> Any:
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

    def __invert__(self) -> Any:
        return opposite(self)

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return self if other else False
        return truth(self.number * other.number)

    __rand__ = __and__

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return True if other else self
        a, b = self.number, other.number
        return truth(a + b - a * b)

    __ror__ = __or__

    def __add__(self, other: Any) -> Any:
        return self.number + other

    def __sub__(self, other: Any) -> Any:
        return self.number - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.number

    def __mul__(self, other: Any) -> Any:
        return self.number * other

    __radd__, __rmul__ = __add__, __mul__


class Word(Symbolic):
    """A word that depends on a condition."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, condition: Polynomial, yes: Any, no: Any) -> None:
        self.condition, self.yes, self.no = condition, yes, no


class Either(Word):
    """A number that depends on a condition and may be without end."""

    __slots__ = ()


class Most(Symbolic):
    """The largest of some numbers that are not negative, each with the name of where it is."""

    __slots__ = ("_parts", "_settled", "before", "newest")

    def __init__(self, parts: list[tuple[Any, str]] | None, before: "Most | None" = None, newest: Any = None) -> None:
        self._parts, self._settled = parts, None
        self.before, self.newest = before, newest

    @staticmethod
    def of(value: Any, at: str = "") -> "Most":
        """A number as a maximum of one."""
        return value if isinstance(value, Most) else Most([(value, at)])

    def highest(self, peak: Any, at: str, live: Any, here: str) -> "Most":
        """The larger of a peak and of what is alive, with where each is."""
        return Most.of(peak, at).joined(live, here)

    def joined(self, live: Any, here: str = "") -> "Most":
        """With one number more, which is at a place of that name."""
        if isinstance(live, Most):
            return Most([*self.parts(), *live.parts()])
        return Most(None, self, (live, here))

    def parts(self) -> list[tuple[Any, str]]:
        """What it is the largest of, first come first, without what is proven to be reached by another."""
        if self._parts is None:
            newer = []
            one: Most | None = self
            while one is not None and one._parts is None:
                newer.append(one.newest)
                one = one.before
            self._parts = pruned([*(one._parts or [] if one is not None else []), *reversed(newer)])
            self.before = self.newest = None
        return self._parts

    def settled(self) -> Any:
        """As a polynomial."""
        if self._settled is None:
            self._parts = parts = pruned(self.parts())
            values = [value for value, _ in parts]
            self._settled = values[0] if len(values) == 1 else _atom("most", values, max)
        return self._settled

    def larger(self, other: Any) -> Any:
        """The larger of two."""
        return self.joined(other)

    def smaller(self, other: Any) -> Any:
        """The smaller of two."""
        return smaller(self.settled(), other)

    def in_blocks(self, block: int) -> Any:
        """Rounded up."""
        value = self.settled()
        return value.in_blocks(block) if isinstance(value, Symbolic) else -(-value // block) * block

    def counted(self) -> Any:
        """As an int."""
        value = self.settled()
        return value.counted() if isinstance(value, Symbolic) else int(value)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, int) and other == 0:
            return self
        if isinstance(other, Most):
            return self.settled() + other.settled()
        return Most([(value + other, at) for value, at in self.parts()])

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.settled() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.settled()

    def __mul__(self, other: Any) -> Any:
        return self.settled() * other

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self.settled() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.settled()

    def __floordiv__(self, other: Any) -> Any:
        return self.settled() // other

    def __neg__(self) -> Any:
        return self.settled() * -1

    def __mod__(self, other: Any) -> Any:
        return self.settled() % other

    def __gt__(self, other: Any) -> Any:
        return self.settled() > other

    def __lt__(self, other: Any) -> Any:
        return other > self.settled()

    def __ge__(self, other: Any) -> Any:
        return self.settled() >= other

    def __le__(self, other: Any) -> Any:
        return other >= self.settled()

    def __eq__(self, other: object) -> Any:
        return self.settled() == other

    def __ne__(self, other: object) -> Any:
        return self.settled() != other

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise Undecided("the truth of a size")


def parts_of(value: Any) -> list[tuple[Any, str]]:
    """The parts of a maximum, or the number itself."""
    return value.parts() if isinstance(value, Most) else [(value, "")]


def pruned(parts: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """The parts that no other is proven to reach, each once, in order; of equal ones the first stays."""
    parts = [(value.settled() if isinstance(value, Most) else value, at) for value, at in parts]
    first: dict[Any, tuple[int, Any, str]] = {}
    for order, (value, at) in enumerate(parts):
        first.setdefault(id(value) if isinstance(value, Polynomial) else value, (order, value, at))
    left = list(first.values())
    if len(left) == 1:
        return [(value, at) for _, value, at in left]
    domain = next((value.domain for _, value, _ in left if isinstance(value, Polynomial)), None)
    if domain is None:
        top = max(left, key=lambda each: (each[1], -each[0]))
        return [(top[1], top[2])]
    columns = [value.points if isinstance(value, Polynomial) else (value,) * 12 for _, value, _ in left]
    wins = [0] * len(left)
    for column in zip(*columns, strict=True):
        wins[column.index(max(column))] += 1
    ranked = sorted(range(len(left)), key=lambda i: -wins[i])
    kept: list[int] = []
    for i in ranked:
        order, value, _ = left[i]
        if not any(_reached(value, order, left[k]) for k in kept):
            kept.append(i)
    return [(left[i][1], left[i][2]) for i in sorted(kept)]


def _reached(value: Any, order: int, other: tuple[int, Any, str]) -> bool:
    """Whether another part is never below this one, and above it where this one came first."""
    difference = other[1] - value
    return nonnegative(difference - 1 if order < other[0] else difference)


def _atom(kind: str, values: list[Any], rule: Any) -> Any:
    domain = next(value.domain for value in values if isinstance(value, Polynomial))
    lifted = [value if isinstance(value, Polynomial) else known(domain, value) for value in values]
    lifted.sort(key=lambda each: sorted(each.terms.items()))
    some = any if kind == "most" else all
    floor = 0 if some(nonnegative(value) for value in lifted) else None
    real = any(value.real for value in lifted)
    found = opaque(domain, kind, tuple(lifted), floor, all(value.whole for value in lifted), lambda *each: rule(each))
    return found * 1.0 if real else found


def larger(a: Any, b: Any) -> Any:
    """The larger of two numbers."""
    if isinstance(b, Most):
        return b.joined(a)
    if isinstance(b, Condition):
        b = b.number
    difference = a - b
    if nonnegative(difference):
        return a
    return b if nonnegative(-difference) else Most([(a, ""), (b, "")])


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two numbers."""
    a, b = (each.settled() if isinstance(each, Most | Condition) else each for each in (a, b))
    difference = a - b
    if nonnegative(difference):
        return b
    return a if nonnegative(-difference) else _atom("least", [a, b], min)


def truth(number: Any) -> Any:
    """The condition of a number that is 0 or 1."""
    return Condition(number) if isinstance(number, Polynomial) else bool(number)


def opposite(condition: Any) -> Any:
    """Where a condition does not hold."""
    return truth(1 - condition.number) if isinstance(condition, Condition) else not condition


def above(a: Any, b: Any) -> Any:
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
    return truth(opaque(difference.domain, "positive", (difference,), 0, True, lambda value: int(value > 0)))


def _peaks(a: Any, b: Any) -> Any:
    """Above of maxima: not asked of every part of a peak, which is settled late."""
    if isinstance(b, Most) and not isinstance(a, Most):
        return UNSETTLED
    a, b = (each.settled() if isinstance(each, Most) else each for each in (a, b))
    return above(a, b)


def equal(a: Any, b: Any) -> Any:
    """a == b."""
    if not isinstance(b, int | float | Symbolic):
        return False
    difference = a - b
    if not isinstance(difference, Polynomial):
        return bool(difference == 0)
    if nonnegative(difference - 1) or nonnegative(-difference - 1):
        return False
    return truth(opaque(difference.domain, "zero", (difference,), 0, True, lambda value: int(value == 0)))


class Unsettled(Symbolic):
    """Whether something is above a peak that is settled late: no truth value."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise Undecided("above a peak")


UNSETTLED = Unsettled()
