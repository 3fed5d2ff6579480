"""Numbers that stand for any size: what `vidcalc.base.number` asks of them.

A tape that runs on them gives formulas instead of figures (`vidcalc.tape.tables`). They behave as arrays do: a
comparison that is not the same at every size has no truth value (it raises ValueError), and choices are made by the
functions of `vidcalc.base.number`, which come here.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

Formula: TypeAlias = Any  # a number of `Symbolic` kind, or a plain one


class Symbolic:
    """A number, or a condition, whose value is not known yet."""

    __slots__ = ()

    def larger(self, other: Formula) -> Formula:
        """The larger of this number and another."""
        raise NotImplementedError

    def smaller(self, other: Formula) -> Formula:
        """The smaller of this number and another."""
        raise NotImplementedError

    def chosen(self, yes: Formula, no: Formula) -> Formula:
        """Of a condition: `yes` where it holds, else `no`."""
        raise NotImplementedError

    def in_blocks(self, block: int) -> Formula:
        """The number rounded up to whole blocks."""
        raise NotImplementedError

    def log2(self) -> Formula:
        """Its logarithm to base 2."""
        raise NotImplementedError

    def counted(self) -> Formula:
        """A whole number that arithmetic with a fraction left as a float, as an int again."""
        raise NotImplementedError

    def highest(self, peak: Formula, at: str, live: Formula, here: str) -> Formula:
        """The larger of a peak, which is at a place of that name, and of what is alive here; it remembers where.

        One of the two is this number.
        """
        raise NotImplementedError


class Deferred:
    """What stands where a calculation expects an array of NumPy, and is worked out later (`vidcalc.search.sweeps`).

    It takes part in NumPy's own functions, so it needs none of `Symbolic`; what no function of NumPy is comes here.
    """

    __slots__ = ()

    def of_each(self, rule: Callable[..., float], *numbers: Formula) -> Formula:
        """A rule for plain numbers, asked of each row; this is one of the numbers."""
        raise NotImplementedError
