"""What is no polynomial: maxima, roundings, comparisons and choices, each folded where the bounds decide it."""

import math

from vidcalc.base.symbolic import Deferred
from vidcalc.search.sweeps.algebra import ANYTHING, ONE, Bounds, Value

MOST_SIDES = 64  # of a maximum; a larger one becomes a side of the next


class Chosen(Deferred):
    """A word that depends on a condition; `yes` and `no` are words or further choices."""

    __slots__ = ("condition", "no", "yes")
    shape = (2,)
    ndim = 1

    def __init__(self, condition: Value, yes: Value, no: Value) -> None:
        self.condition, self.yes, self.no = condition, yes, no

    def __bool__(self) -> bool:
        raise ValueError("a formula has no truth")

    def __array_function__(self, function: Value, types: Value, args: Value, named: Value) -> Value:
        if function.__name__ != "where" or named:
            raise NotImplementedError(f"{function.__name__} of a formula")
        return where(*args)


def bounds_of(value: Value) -> Bounds:
    """The bounds of a form or a number."""
    return value.bounds if hasattr(value, "terms") else (value, value)


def is_whole(value: Value) -> bool:
    """Whether a form or a number is whole."""
    return bool(value.whole) if hasattr(value, "terms") else float(value).is_integer()


def algebra_of(*values: Value) -> Value:
    """The algebra of the first form among some values."""
    return next(value.algebra for value in values if hasattr(value, "terms"))


def maximum(one: Value, other: Value) -> Value:
    """The larger of two."""
    return _extreme("max", one, other)


def minimum(one: Value, other: Value) -> Value:
    """The smaller of two."""
    return _extreme("min", one, other)


def _extreme(kind: str, one: Value, other: Value) -> Value:
    """The larger or the smaller: of all sides so far those that can be it."""
    if not (hasattr(one, "terms") or hasattr(other, "terms")):
        return max(one, other) if kind == "max" else min(one, other)
    sides = [*_sides(kind, one)]
    for side in _sides(kind, other):
        sides = _with(kind, sides, side)
    if len(sides) == 1:
        return sides[0]
    ends = [bounds_of(side) for side in sides]
    pick = max if kind == "max" else min
    bounds = pick(low for low, _ in ends), pick(high for _, high in ends)
    sides.sort(key=lambda side: id(side) if hasattr(side, "terms") else -1)
    return algebra_of(*sides).atom(kind, tuple(sides), bounds, all(map(is_whole, sides)))


def _sides(kind: str, value: Value) -> tuple[Value, ...]:
    """The sides of a maximum that is nothing else; or the value."""
    if hasattr(value, "terms") and len(value.terms) == 1:
        ((mono, factor),) = value.terms.items()
        if factor == 1 and len(mono) == 1 and mono[0][1] == 1:
            atom = value.algebra.atoms[mono[0][0]]
            if atom.kind == kind and len(atom.args) < MOST_SIDES:
                return tuple(atom.args)
    return (value,)


def _with(kind: str, sides: list[Value], side: Value) -> list[Value]:
    """The sides with a further one, without those that another is never behind."""
    left = []
    for each in sides:
        ahead, behind = bounds_of(each - side)
        if kind == "min":
            ahead, behind = -behind, -ahead
        if ahead >= 0:
            return sides  # the new one is never ahead
        if behind > 0:
            left.append(each)
    return [*left, side]


def ceiling(value: Value) -> Value:
    """The whole number above; exact of a quotient of whole numbers."""
    if not hasattr(value, "terms"):
        return float(math.ceil(value))
    if value.whole:
        return value
    if value.over is not None:
        upper, lower = value.over
        return -floor_divide(-upper, lower)
    return -floor(-value)


def floor(value: Value) -> Value:
    """The whole number below."""
    if not hasattr(value, "terms"):
        return float(math.floor(value))
    if value.whole:
        return value
    if value.over is not None:
        return floor_divide(*value.over)
    algebra = value.algebra
    out = {mono: factor for mono, factor in value.terms.items() if factor.is_integer() and algebra.whole(mono)}
    inside = algebra.form({mono: factor for mono, factor in value.terms.items() if mono not in out})
    low, high = bounds_of(inside)
    if abs(low) < math.inf and abs(high) < math.inf and math.floor(low) == math.floor(high):
        return algebra.form(out) + float(math.floor(low))
    return algebra.form(out) + algebra.atom("floor", (inside,), (_floor(low), _floor(high)), True)


def _floor(value: float) -> float:
    return float(math.floor(value)) if abs(value) < math.inf else value


def floor_divide(one: Value, other: Value) -> Value:
    """one // other; of whole numbers what is divided without a rest goes out of it."""
    if hasattr(other, "terms") or not hasattr(one, "terms"):
        quotient = one / other
        low, high = bounds_of(quotient)
        whole = (_floor(low), _floor(high))
        return algebra_of(one, other).atom("floor_divide", (one, other), whole, True)
    if other == 1:
        return floor(one)
    if not one.whole or other != int(other) or other <= 0:
        low, high = bounds_of(one / other)
        return one.algebra.atom("floor_divide", (one, float(other)), (_floor(low), _floor(high)), True)
    even = {mono: factor / other for mono, factor in one.terms.items() if factor % other == 0}
    rest = {mono: factor for mono, factor in one.terms.items() if factor % other}
    if ONE in rest:  # a whole multiple of it goes out too
        kept = rest.pop(ONE)
        more = kept // other
        if more:
            even[ONE] = even.get(ONE, 0.0) + more
        if kept - more * other:
            rest[ONE] = kept - more * other
    outside, inside = one.algebra.form(even), one.algebra.form(rest)
    low, high = bounds_of(inside)
    if abs(low) < math.inf and abs(high) < math.inf and low // other == high // other:
        return outside + low // other
    ends = (low // other if abs(low) < math.inf else low, high // other if abs(high) < math.inf else high)
    return outside + one.algebra.atom("whole_divide", (inside, float(other)), ends, True)


def below(difference: Value, sign: str) -> Value:
    """Whether a difference is below nothing ("<", "<=") or nothing ("=="): True, False, or a condition."""
    low, high = bounds_of(difference)
    if sign == "==":
        if low > 0 or high < 0:
            return False
        if low == high == 0:
            return True
    elif high < 0 or (high == 0 and sign == "<="):
        return True
    elif low > 0 or (low == 0 and sign == "<"):
        return False
    return difference.algebra.atom(sign, (difference,), (0.0, 1.0), True)


def negated(condition: Value) -> Value:
    """Where a condition does not hold."""
    return (not condition) if isinstance(condition, bool) else 1.0 - condition


def both(one: Value, other: Value) -> Value:
    """Where two conditions hold."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one * other


def where(condition: Value, yes: Value, no: Value) -> Value:
    """A choice; of words a `Chosen`."""
    if not hasattr(condition, "terms"):
        return yes if condition else no
    if yes is no or (not hasattr(yes, "terms") and not hasattr(no, "terms") and type(yes) is type(no) and yes == no):
        return yes
    if isinstance(yes, str | Chosen) or isinstance(no, str | Chosen):
        return Chosen(condition, yes, no)
    if not hasattr(yes, "terms") and not hasattr(no, "terms") and abs(yes) < math.inf and abs(no) < math.inf:
        return no + (yes - no) * condition
    (least, most), (lower, upper) = bounds_of(yes), bounds_of(no)
    ends = min(least, lower), max(most, upper)
    return condition.algebra.atom("where", (condition, yes, no), ends, is_whole(yes) and is_whole(no))


MONOTONE: dict[str, tuple[Value, bool]] = {
    "rint": (lambda value: float(round(value)), True),
    "log2": (math.log2, False),
    "exp2": (math.exp2, False),
    "sqrt": (math.sqrt, False),
}


def opaque(name: str, *values: Value) -> Value:
    """A function of NumPy that nothing is known of but its ends, where it rises."""
    if not any(hasattr(value, "terms") for value in values):
        import numpy as np

        return float(getattr(np, name)(*values))
    if name == "rint" and values[0].whole:
        return values[0]
    ends, whole = ANYTHING, False
    if name in MONOTONE:
        rule, whole = MONOTONE[name]
        low, high = bounds_of(values[0])
        try:
            ends = rule(low), rule(high)
        except (ValueError, OverflowError):
            ends = ANYTHING
    return algebra_of(*values).atom(name, values, ends, whole)


def each(rule: Value, *values: Value) -> Value:
    """A rule for plain numbers, asked of each row. The rule is what it is called with, not its name."""
    return algebra_of(*values).atom("each", (rule, *values), ANYTHING)
