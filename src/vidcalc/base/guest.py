"""Guest numbers: numbers that remember how they were made, so that the code which calculates explains itself.

    rows, d_in = symbol("rows", 75600), symbol("d_in", 5120)
    2 * rows * d_in        a guest of value 774144000 that knows the product it came from

A guest stands where a plain number stands. Arithmetic gives further guests; comparing, hashing and printing go by the
value alone, so that no formula has to know of them. Whoever explains puts guests in for the inputs of a calculation
and reads the expression behind each result (`vidcalc.derivation`); a plain run makes none, and pays for none.
"""

import math
import operator
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")  # a number, for one of which a guest passes
Noun = TypeVar("Noun", bound=Struct)


class Label(NamedTuple):
    """What an expression is called where it is a number of its own, and where an input or a fact is from.

    name, unit   "rate", "FLOP/s";  source, provenance, note  as in a step of an explanation
    home         of a field of an op: the op's path;  counts  whether it says how often the op runs
    """

    name: str
    unit: str = ""
    source: str = ""
    provenance: str = "exact"
    note: str = ""
    home: str = ""
    counts: bool = False


class Guest:
    """A value and the expression behind it.

    op     "symbol" (an input, a fact), "named" (an expression with a name), "as" (nothing but another type), or the
           arithmetic: + - * / // % ** neg ceil max min log2 round
    args   guests and plain numbers it was made from
    size   how many numbers are in the expression, down to those with a name
    """

    __slots__ = ("args", "label", "op", "size", "value")

    def __init__(self, value: float, op: str, args: tuple[Any, ...] = (), label: Label | None = None) -> None:
        self.value = value
        self.op = op
        self.args = args
        self.label = label
        self.size: int = 1 if label else sum(side.size if isinstance(side, Guest) else 1 for side in args)
        kept = KEPT.get()
        if kept is not None:
            kept.append(self)

    def __add__(self, other: "Operand") -> "Operand":
        return _made("+", self, other, lambda a, b: a + b, right=0)

    def __radd__(self, other: "Operand") -> "Operand":
        return _made("+", other, self, lambda a, b: a + b, left=0)

    def __sub__(self, other: "Operand") -> "Operand":
        return _made("-", self, other, lambda a, b: a - b, right=0)

    def __rsub__(self, other: "Operand") -> "Operand":
        return _made("-", other, self, lambda a, b: a - b)

    def __mul__(self, other: "Operand") -> "Operand":
        return _product(self, other)

    def __rmul__(self, other: "Operand") -> "Operand":
        return _product(other, self)

    def __truediv__(self, other: "Operand") -> "Operand":
        if other is self and self.value:
            return 1.0
        return _made("/", self, other, lambda a, b: a / b, right=1)

    def __rtruediv__(self, other: "Operand") -> "Operand":
        return _made("/", other, self, lambda a, b: a / b)

    def __floordiv__(self, other: "Operand") -> "Operand":
        return _made("//", self, other, lambda a, b: a // b, right=1 if isinstance(self.value, int) else None)

    def __rfloordiv__(self, other: "Operand") -> "Operand":
        return _made("//", other, self, lambda a, b: a // b)

    def __mod__(self, other: "Operand") -> "Operand":
        return _made("%", self, other, lambda a, b: a % b)

    def __rmod__(self, other: "Operand") -> "Operand":
        return _made("%", other, self, lambda a, b: a % b)

    def __pow__(self, other: "Operand") -> "Operand":
        return _made("**", self, other, lambda a, b: a**b, right=1)

    def __rpow__(self, other: "Operand") -> "Operand":
        return _made("**", other, self, lambda a, b: a**b)

    def __neg__(self) -> "Operand":
        if self.op == "neg":
            within: Operand = self.args[0]
            return within
        if self.op == "//":  # -(-a // b) is a / b rounded up
            above, below = self.args
            if isinstance(above, Guest) and above.op == "neg":
                return Guest(-self.value, "ceil", (above.args[0], below))
            if not isinstance(above, Guest):
                return Guest(-self.value, "ceil", (-above, below))
        return Guest(-self.value, "neg", (self,))

    def __pos__(self) -> "Operand":
        return self

    def __abs__(self) -> "Operand":
        return self if self.value >= 0 else -self

    def __round__(self, digits: int | None = None) -> "Guest":
        value = round(self.value, digits)
        return self if type(value) is type(self.value) else Guest(value, "round", (self,))

    def __ceil__(self) -> "Guest":
        value = math.ceil(self.value)
        return self if type(value) is type(self.value) else Guest(value, "ceil", (self, 1))

    def __lt__(self, other: "Operand") -> bool:
        return bool(self.value < plain(other))

    def __le__(self, other: "Operand") -> bool:
        return bool(self.value <= plain(other))

    def __gt__(self, other: "Operand") -> bool:
        return bool(self.value > plain(other))

    def __ge__(self, other: "Operand") -> bool:
        return bool(self.value >= plain(other))

    def __eq__(self, other: object) -> bool:
        return bool(self.value == plain(other))

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __index__(self) -> int:
        return operator.index(cast(int, self.value))

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return repr(self.value)

    def __format__(self, how: str) -> str:
        return format(self.value, how)


Operand: TypeAlias = Guest | int | float


def plain(value: Any) -> Any:
    """The value of a guest; anything else as it is."""
    return value.value if isinstance(value, Guest) else value


def symbol(name: str, value: T, unit: str = "", source: str = "", provenance: str = "exact", note: str = "") -> T:
    """A guest for an input or a fact: where an explanation ends."""
    return cast(T, Guest(plain(value), "symbol", (), Label(name, unit, source, provenance, note)))


def given(
    name: str, value: T, beside: object, source: str, unit: str = "", provenance: str = "exact", note: str = ""
) -> T:
    """A fact that a calculation looks up: a symbol beside guests, else the plain value."""
    if not isinstance(beside, Guest) or isinstance(value, Guest):
        return value
    return symbol(name, value, unit, source, provenance, note)


def named(name: str, value: T, unit: str = "", source: str = "", provenance: str = "exact", note: str = "") -> T:
    """A guest as a number of its own, shown by this name and explained by itself; plain numbers as they are."""
    if not isinstance(value, Guest):
        return value
    return cast(T, Guest(value.value, "named", (value,), Label(name, unit, source, provenance, note)))


def named_fields(record: Noun, beside: object, unit: str = "", source: str = "", note: str = "") -> Noun:
    """A record whose guests are called as its fields are; beside a plain number it is left as it is."""
    if not isinstance(beside, Guest):
        return record
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    names = {
        name: named(name, value, unit, source, note=note)
        for name, value in values.items()
        if isinstance(value, Guest) and value.op not in ("symbol", "named")
    }
    return replace(record, **names) if names else record


def typed(value: float, guest: Guest) -> Guest:
    """The same number as another type."""
    return guest if type(value) is type(guest.value) else Guest(value, "as", (guest,))


def chosen(op: str, a: Operand, b: Operand) -> Guest:
    """The larger ("max") or the smaller ("min") of two numbers of which one is a guest, remembered."""
    left, right = plain(a), plain(b)
    value = (left if left >= right else right) if op == "max" else (left if left <= right else right)
    return Guest(value, op, (a, b))


def _product(a: Operand, b: Operand) -> Operand:
    """A product; with a plain 0 nothing is left to remember."""
    for side in (a, b):
        if not isinstance(side, Guest) and _is(side, 0):
            nothing: float = plain(a) * plain(b)
            return nothing
    return _made("*", a, b, lambda x, y: x * y, left=1, right=1)


def _made(
    op: str,
    a: Operand,
    b: Operand,
    apply: Callable[[float, float], float],
    left: int | None = None,
    right: int | None = None,
) -> Guest:
    """The guest of an operation; plain sides equal to `left`, `right` change nothing and are not remembered."""
    value = apply(plain(a), plain(b))
    if left is not None and not isinstance(a, Guest) and _is(a, left):
        return typed(value, cast(Guest, b))
    if right is not None and not isinstance(b, Guest) and _is(b, right):
        return typed(value, cast(Guest, a))
    return Guest(value, op, (a, b))


def _is(side: object, neutral: int) -> bool:
    """Whether a plain side is that number."""
    return isinstance(side, int | float) and side == neutral


KEPT: ContextVar[list[Guest] | None] = ContextVar("kept", default=None)
"""Where guests are kept as they are made; None: nowhere. A long expression that is let go of whole takes C's stack once
for each of its parts, more than a browser has: so whoever explains keeps them all, and then takes them apart."""


def take_apart(guests: Iterable[Guest]) -> None:
    """Empties expressions that nobody reads any more, one by one; `guests` are all that were made."""
    for guest in guests:
        guest.args = ()
