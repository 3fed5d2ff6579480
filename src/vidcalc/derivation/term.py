"""A guest number that remembers how it was made: put one in each field of a formula and read the expression back.

    Term("rows", 75600) * Term("d_in", 5120) * 2   ->   text "2·rows·d_in"… and digits "2·75,600·5,120"…

The same arithmetic that prices a job thus explains it; nobody writes a formula twice.
"""

from typing import Any

SUM, PRODUCT, POWER, ATOM = range(4)


class Term:
    """A value with the symbols and the digits that lead to it. `rank` says how tightly its text holds together."""

    __slots__ = ("digits", "rank", "text", "value")

    def __init__(self, text: str, value: Any, digits: str | None = None, rank: int = ATOM) -> None:
        self.text = text
        self.value = value
        self.digits = spelled(value) if digits is None else digits
        self.rank = rank

    def __add__(self, other: Any) -> "Term":
        return _joined(self, " + ", other, SUM, lambda a, b: a + b)

    def __radd__(self, other: Any) -> "Term":
        # sum() starts from a plain 0, which says nothing
        return self if _unsaid(other, 0) else _joined(other, " + ", self, SUM, lambda a, b: a + b)

    def __sub__(self, other: Any) -> "Term":
        return _joined(self, " − ", other, SUM, lambda a, b: a - b, right=PRODUCT)

    def __rsub__(self, other: Any) -> "Term":
        return _joined(other, " − ", self, SUM, lambda a, b: a - b, right=PRODUCT)

    def __mul__(self, other: Any) -> "Term":
        # a plain 1 says nothing
        return self if _unsaid(other, 1) else _joined(self, "·", other, PRODUCT, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> "Term":
        return _joined(other, "·", self, PRODUCT, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> "Term":
        return _joined(self, " / ", other, PRODUCT, lambda a, b: a / b, right=POWER)

    def __rtruediv__(self, other: Any) -> "Term":
        return _joined(other, " / ", self, PRODUCT, lambda a, b: a / b, right=POWER)

    def __floordiv__(self, other: Any) -> "Term":
        inner = _joined(self, " / ", other, PRODUCT, lambda a, b: a // b, right=POWER)
        return Term(f"⌊{inner.text}⌋", inner.value, f"⌊{inner.digits}⌋")

    def __pow__(self, other: Any) -> "Term":
        return _joined(self, "^", other, POWER, lambda a, b: a**b, right=ATOM)

    def __neg__(self) -> "Term":
        return Term(f"−{_held(self, POWER)[0]}", -self.value, f"−{_held(self, POWER)[1]}", PRODUCT)


def maximum(a: Term, b: Term) -> Term:
    """max(a, b), remembered."""
    return Term(f"max({a.text}, {b.text})", max(a.value, b.value), f"max({a.digits}, {b.digits})")


def ceiling(a: Term, b: Term) -> Term:
    """a / b rounded up, remembered."""
    ratio = a / b
    return Term(f"⌈{ratio.text}⌉", -(-a.value // b.value), f"⌈{ratio.digits}⌉")


def spelled(value: Any) -> str:
    """A value's digits: whole numbers with separated thousands, others with four significant digits."""
    if isinstance(value, int):
        return f"{value:,}"
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def _unsaid(value: Any, neutral: int) -> bool:
    """Whether a side is a plain number that changes nothing."""
    return not isinstance(value, Term) and bool(value == neutral)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Term) else value


def _held(side: Any, rank: int) -> tuple[str, str]:
    """Text and digits of one side, in brackets where it would fall apart."""
    if not isinstance(side, Term):
        return spelled(side), spelled(side)
    return (f"({side.text})", f"({side.digits})") if side.rank < rank else (side.text, side.digits)


def _joined(a: Any, sign: str, b: Any, rank: int, apply: Any, right: int | None = None) -> Term:
    left_text, left_digits = _held(a, rank)
    right_text, right_digits = _held(b, rank if right is None else right)
    value = apply(_plain(a), _plain(b))
    return Term(left_text + sign + right_text, value, left_digits + sign + right_digits, rank)
