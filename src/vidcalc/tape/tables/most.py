"""The largest of many numbers, settled late: parts that another is proven to reach are left out, all together.

A peak is the largest of hundreds of sums. Each part keeps the name of where it is, so that a table can say where the
peak lies at a size.
"""

from vidcalc.base.number import minimum
from vidcalc.base.symbolic import Formula, Symbolic
from vidcalc.tape.tables.domain import POINTS, Undecided
from vidcalc.tape.tables.polynomial import Polynomial, known, opaque
from vidcalc.tape.tables.proof import nonnegative


class Most(Symbolic):
    """The largest of some numbers that are not negative, each with the name of where it is."""

    __slots__ = ("_parts", "_settled", "before", "newest")

    def __init__(
        self, parts: list[tuple[Formula, str]] | None, before: "Most | None" = None, newest: Formula = None
    ) -> None:
        self._parts, self._settled = parts, None
        self.before, self.newest = before, newest

    @staticmethod
    def of(value: Formula, at: str = "") -> "Most":
        """A number as a maximum of one."""
        return value if isinstance(value, Most) else Most([(value, at)])

    def highest(self, peak: Formula, at: str, live: Formula, here: str) -> Formula:
        """The larger of a peak and of what is alive, with where each is."""
        return Most.of(peak, at).joined(live, here)

    def joined(self, live: Formula, here: str = "") -> "Most":
        """With one number more, which is at a place of that name."""
        if isinstance(live, Most):
            return Most([*self.parts(), *live.parts()])
        return Most(None, self, (live, here))

    def parts(self) -> list[tuple[Formula, str]]:
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

    def settled(self) -> Formula:
        """As a polynomial."""
        if self._settled is None:
            self._parts = parts = pruned(self.parts())
            values = [value for value, _ in parts]
            self._settled = values[0] if len(values) == 1 else extreme("most", values, max)
        return self._settled

    def larger(self, other: Formula) -> Formula:
        """The larger of two."""
        return self.joined(other)

    def smaller(self, other: Formula) -> Formula:
        """The smaller of two."""
        value = self.settled()
        return value.smaller(other) if isinstance(value, Symbolic) else minimum(value, other)

    def in_blocks(self, block: int) -> Formula:
        """Rounded up."""
        value = self.settled()
        return value.in_blocks(block) if isinstance(value, Symbolic) else -(-value // block) * block

    def counted(self) -> Formula:
        """As an int."""
        value = self.settled()
        return value.counted() if isinstance(value, Symbolic) else int(value)

    def __add__(self, other: Formula) -> Formula:
        if isinstance(other, int) and other == 0:
            return self
        if isinstance(other, Most):
            return self.settled() + other.settled()
        return Most([(value + other, at) for value, at in self.parts()])

    __radd__ = __add__

    def __sub__(self, other: Formula) -> Formula:
        return self.settled() - other

    def __rsub__(self, other: Formula) -> Formula:
        return other - self.settled()

    def __mul__(self, other: Formula) -> Formula:
        return self.settled() * other

    __rmul__ = __mul__

    def __truediv__(self, other: Formula) -> Formula:
        return self.settled() / other

    def __rtruediv__(self, other: Formula) -> Formula:
        return other / self.settled()

    def __floordiv__(self, other: Formula) -> Formula:
        return self.settled() // other

    def __neg__(self) -> Formula:
        return self.settled() * -1

    def __mod__(self, other: Formula) -> Formula:
        return self.settled() % other

    def __gt__(self, other: Formula) -> Formula:
        return self.settled() > other

    def __lt__(self, other: Formula) -> Formula:
        return other > self.settled()

    def __ge__(self, other: Formula) -> Formula:
        return self.settled() >= other

    def __le__(self, other: Formula) -> Formula:
        return other >= self.settled()

    def __eq__(self, other: object) -> Formula:
        return self.settled() == other

    def __ne__(self, other: object) -> Formula:
        return self.settled() != other

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise Undecided("the truth of a size")


def parts_of(value: Formula) -> list[tuple[Formula, str]]:
    """The parts of a maximum, or the number itself."""
    return value.parts() if isinstance(value, Most) else [(value, "")]


def pruned(parts: list[tuple[Formula, str]]) -> list[tuple[Formula, str]]:
    """The parts that no other is proven to reach, each once, in order; of equal ones the first stays."""
    parts = [(value.settled() if isinstance(value, Most) else value, at) for value, at in parts]
    first: dict[Formula, tuple[int, Formula, str]] = {}
    for order, (value, at) in enumerate(parts):
        first.setdefault(id(value) if isinstance(value, Polynomial) else value, (order, value, at))
    left = list(first.values())
    if len(left) == 1:
        return [(value, at) for _, value, at in left]
    domain = next((value.domain for _, value, _ in left if isinstance(value, Polynomial)), None)
    if domain is None:
        top = max(left, key=lambda each: (each[1], -each[0]))
        return [(top[1], top[2])]
    columns = [_points(value) for _, value, _ in left]
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


def _points(value: Formula) -> tuple[Formula, ...]:
    return value.points if isinstance(value, Polynomial) else (value,) * POINTS


def _reached(value: Formula, order: int, other: tuple[int, Formula, str]) -> bool:
    """Whether another part is never below this one, and above it where this one came first."""
    if any(a < b for a, b in zip(_points(other[1]), _points(value), strict=True)):
        return False
    difference = other[1] - value
    return nonnegative(difference - 1 if order < other[0] else difference)


def extreme(kind: str, values: list[Formula], rule: Formula) -> Formula:
    """The "most" or the "least" of some numbers as an atom; `rule` gives its value from theirs."""
    domain = next(value.domain for value in values if isinstance(value, Polynomial))
    lifted = [value if isinstance(value, Polynomial) else known(domain, value) for value in values]
    lifted.sort(key=lambda each: sorted(each.terms.items()))
    some = any if kind == "most" else all
    floor = 0 if some(nonnegative(value) for value in lifted) else None
    real = any(value.real for value in lifted)
    found = opaque(domain, kind, tuple(lifted), floor, all(value.whole for value in lifted), lambda *each: rule(each))
    return found * 1.0 if real else found


class Unsettled(Symbolic):
    """Whether something is above a peak that is settled late: no truth value."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise Undecided("above a peak")


UNSETTLED = Unsettled()
