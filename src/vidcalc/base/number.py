"""The few choices that formulas need, written once for Python ints, floats and float64 arrays alike.

A formula must never branch on a number (`if degree > 1`), because the number may be an array of a million
values. These helpers are the arithmetic way to choose. Guests (`vidcalc.base.guest`) remember the choice. NumPy is
imported only when an array really comes by, so that a scalar run never pays for it.
"""

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from vidcalc.base.guest import Guest, chosen, plain, typed
from vidcalc.base.symbolic import Deferred, Symbolic

if TYPE_CHECKING:
    import numpy as np

    Column: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
    Places: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]
    Number: TypeAlias = int | float | Column
    Condition: TypeAlias = bool | np.ndarray[Any, np.dtype[np.bool_]]
else:
    Column: TypeAlias = Any
    Places: TypeAlias = Any
    Number: TypeAlias = Any
    Condition: TypeAlias = Any

SCALARS = (int, float, bool)
SINGLE = (*SCALARS, Guest)
FEW = 256  # numbers of an array that a search asks for again and again: what they come to is worth keeping


def is_array(value: object) -> bool:
    """Whether `value` is an array-like number (anything that is neither a plain Python number nor a guest)."""
    return not isinstance(value, SINGLE)


def few(value: Number) -> bool:
    """Whether a number is one job's, or those of the few jobs of a search, and not those of a sweep."""
    return isinstance(value, SINGLE) or (not isinstance(value, Symbolic | Deferred) and value.size <= FEW)


def scalar(value: Number) -> int | float:
    """A number that is known not to be an array: of one job, not of a sweep."""
    assert isinstance(value, SINGLE)
    return value


def unchanged(value: Number, neutral: int) -> bool:
    """Whether a plain number is the one at which a formula changes nothing: what it would do to many ops may be left
    out. An array never is."""
    return isinstance(value, SINGLE) and value == neutral


@overload
def maximum(a: int, b: int) -> int: ...
@overload
def maximum(a: float, b: float) -> float: ...
@overload
def maximum(a: Number, b: Number) -> Number: ...
def maximum(a: Number, b: Number) -> Number:
    """The larger of two numbers, elementwise for arrays."""
    if isinstance(a, SCALARS) and isinstance(b, SCALARS):
        return a if a >= b else b
    if isinstance(a, Guest) or isinstance(b, Guest):
        return chosen("max", a, b)
    if isinstance(a, Symbolic) or isinstance(b, Symbolic):
        formula: Number = a.larger(b) if isinstance(a, Symbolic) else b.larger(a)  # type: ignore[union-attr]
        return formula
    import numpy as np

    return np.maximum(a, b)


@overload
def minimum(a: int, b: int) -> int: ...
@overload
def minimum(a: float, b: float) -> float: ...
@overload
def minimum(a: Number, b: Number) -> Number: ...
def minimum(a: Number, b: Number) -> Number:
    """The smaller of two numbers, elementwise for arrays."""
    if isinstance(a, SCALARS) and isinstance(b, SCALARS):
        return a if a <= b else b
    if isinstance(a, Guest) or isinstance(b, Guest):
        return chosen("min", a, b)
    if isinstance(a, Symbolic) or isinstance(b, Symbolic):
        formula: Number = a.smaller(b) if isinstance(a, Symbolic) else b.smaller(a)  # type: ignore[union-attr]
        return formula
    import numpy as np

    return np.minimum(a, b)


def highest(peak: Number, at: str, live: Number, here: str) -> Number:
    """The larger of a peak, which is at a place of that name, and of what is alive here; formulas remember where."""
    formula = next((each for each in (peak, live) if isinstance(each, Symbolic)), None)
    if formula is None:
        return maximum(peak, live)
    higher: Number = formula.highest(peak, at, live, here)
    return higher


def largest(values: Iterable[Number]) -> Number:
    """The largest of some numbers that are not negative, elementwise for arrays; 0 of none."""
    top: Number = 0
    for value in values:
        top = maximum(top, value)
    return top


@overload
def where(condition: Condition, a: str, b: str) -> str: ...
@overload
def where(condition: Condition, a: Number, b: Number) -> Number: ...
def where(condition: Condition, a: Number | str, b: Number | str) -> Number | str:
    """`a` where the condition holds, else `b`; elementwise for arrays."""
    if isinstance(condition, bool):
        return a if condition else b
    if isinstance(condition, Symbolic):
        either: Number | str = condition.chosen(a, b)
        return either
    import numpy as np

    chosen: Number = np.where(condition, a, b)
    return chosen


@overload
def ceil_div(a: int, b: int) -> int: ...
@overload
def ceil_div(a: float, b: float) -> float: ...
@overload
def ceil_div(a: Number, b: Number) -> Number: ...
def ceil_div(a: Number, b: Number) -> Number:
    """a / b rounded up: exact for ints, elementwise for float64 arrays of whole numbers below 2^52, divided and then
    rounded: five times faster than floor division."""
    if isinstance(a, SINGLE) and isinstance(b, SINGLE):
        return -(-a // b)
    if isinstance(a, Symbolic) or isinstance(b, Symbolic):
        return -(-a // b)
    import numpy as np

    return np.ceil(a / b)


def floor(a: Number) -> Number:
    """The whole number below, as an int where it is a plain number; elementwise for arrays."""
    if isinstance(a, SCALARS):
        return int(a // 1)
    if isinstance(a, Guest):
        return as_count(a // 1)
    if isinstance(a, Symbolic):
        return as_count(a // 1)
    import numpy as np

    return np.floor(a)


def nearest(a: Number) -> Number:
    """The nearest whole number, of two equally near the even one; an int where it is a plain number."""
    if isinstance(a, (*SINGLE, Symbolic)):
        return round(a)
    import numpy as np

    whole: Number = np.rint(a)
    return whole


def round_up(a: Number, multiple: Number) -> Number:
    """The smallest multiple of `multiple` that is not below `a`."""
    return -(-a // multiple) * multiple


def whole_blocks(a: Number, power_of_two: int) -> Number:
    """`round_up` for blocks of a power of two: arrays are multiplied, ten times faster than floor division."""
    if isinstance(a, SCALARS):
        return -(-a // power_of_two) * power_of_two
    if isinstance(a, Guest):
        return round_up(a, power_of_two)
    if isinstance(a, Symbolic):
        formula: Number = a.in_blocks(power_of_two)
        return formula
    import numpy as np

    blocks: Number = np.ceil(a * (1 / power_of_two))
    return blocks * power_of_two


def power_of_two(a: Number) -> Number:
    """The smallest power of two that is not below `a`, which is 1 or more; elementwise for arrays."""
    if isinstance(a, SCALARS):
        return 1 << (math.ceil(a) - 1).bit_length()
    import numpy as np

    return np.exp2(np.ceil(np.log2(a)))


@overload
def as_count(a: float) -> int: ...
@overload
def as_count(a: Number) -> Number: ...
def as_count(a: Number) -> Number:
    """A whole number that arithmetic with a fraction left as a float, as an int again; arrays stay float64."""
    if isinstance(a, float):
        return int(a)
    if isinstance(a, Symbolic):
        formula: Number = a.counted()
        return formula
    return typed(int(a.value), a) if isinstance(a, Guest) else a


def log2(a: Number) -> Number:
    """Base-2 logarithm, elementwise for arrays."""
    if isinstance(a, SCALARS):
        return math.log2(a)
    if isinstance(a, Guest):
        return Guest(math.log2(plain(a)), "log2", (a,))
    if isinstance(a, Symbolic):
        formula: Number = a.log2()
        return formula
    import numpy as np

    return np.log2(a)


def power(a: Number, exponent: float) -> Number:
    """a ** exponent as a float, elementwise for arrays."""
    return a**exponent


@overload
def product(values: Iterable[int]) -> int: ...
@overload
def product(values: Iterable[Number]) -> Number: ...
def product(values: Iterable[Number]) -> Number:
    """The product of a sequence of numbers; exact for ints, elementwise for arrays."""
    out: Number = math.prod(values)
    return out


def of_each(rule: Callable[..., float], *numbers: Number) -> Number:
    """A rule for plain numbers, elementwise for arrays: asked once for each combination that comes by."""
    if all(isinstance(number, SINGLE) for number in numbers):
        return rule(*map(plain, numbers))
    for number in numbers:
        if isinstance(number, Deferred):
            made: Number = number.of_each(rule, *map(plain, numbers))
            return made
    import numpy as np

    columns = np.broadcast_arrays(*map(plain, numbers))
    cases, places = np.unique(np.stack([column.ravel() for column in columns]), axis=1, return_inverse=True)
    made = np.array([rule(*case) for case in cases.T.tolist()], dtype=float)
    answers: Number = made[places.ravel()].reshape(columns[0].shape)
    return answers
