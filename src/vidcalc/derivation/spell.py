"""Expressions in writing: symbols for a reader, and the digits that stand behind them, bracketed as they bind.

`Writing(text, digits, rank)` is one expression; `rank` says how tightly it holds together. What is an atom (a number
with a name of its own) the caller says; everything between atoms is spelled out here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from vidcalc.base.guest import Guest, plain

SUM, PRODUCT, POWER, ATOM = range(4)
FEW, MANY = 4, 10  # significant digits: of most numbers, and where a difference would lose them
SIGNS = {  # what stands between two sides, how tight the whole is, how tight each side must be
    "+": (" + ", SUM, SUM, SUM),
    "-": (" − ", SUM, SUM, PRODUCT),
    "*": ("·", PRODUCT, PRODUCT, PRODUCT),
    "/": (" / ", PRODUCT, PRODUCT, POWER),
    "%": (" mod ", PRODUCT, PRODUCT, POWER),
    "**": ("^", POWER, ATOM, ATOM),
}
AROUND = {"//": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}
LOSING = ("-", "%", *AROUND)  # what a difference, or rounding, makes of the last digits


class Writing(NamedTuple):
    """An expression in symbols and in digits."""

    text: str
    digits: str
    rank: int = ATOM


Name = Callable[[Guest, str], str]


def spell(guest: Guest, name: Name) -> Writing:
    """The expression of a guest; `name` gives what an atom is called where it stands below
    an operation, "" for what is spelled out."""
    return _spell(guest, "", name, MANY if _loses(guest, "", name) else FEW)


def _spell(side: Any, below: str, name: Name, precise: int) -> Writing:
    """One side of the operation `below`."""
    if not isinstance(side, Guest):
        written = spelled(side, precise)
        return Writing(written, written)
    called = name(side, below) if below else ""
    if side.op == "symbol" and side.label is not None:
        called = called or side.label.name
    if called:
        return Writing(called, spelled(side.value, precise))
    op, args = side.op, side.args
    if op in ("as", "named"):
        return _spell(args[0], op, name, precise)
    if op in ("max", "min"):
        args = tuple(flat(side, op, name))
    elif op in AROUND and not isinstance(args[1], Guest) and args[1] == 1:
        args = args[:1]
    pieces = [_spell(each, op, name, precise) for each in args]
    if op in SIGNS:
        return _joined(pieces, *SIGNS[op])
    if op in AROUND:
        left, right = AROUND[op]
        inner = _joined(pieces, *SIGNS["/"]) if len(pieces) > 1 else pieces[0]
        return Writing(f"{left}{inner.text}{right}", f"{left}{inner.digits}{right}")
    if op == "neg":
        (inner,) = pieces
        return Writing("−" + _in(inner.text, inner.rank, POWER), "−" + _in(inner.digits, inner.rank, POWER), PRODUCT)
    texts, digits = ", ".join(piece.text for piece in pieces), ", ".join(piece.digits for piece in pieces)
    return Writing(f"{op}({texts})", f"{op}({digits})")


def flat(guest: Guest, op: str, name: Callable[[Guest, str], Any]) -> list[Any]:
    """The sides of one operation on and on, down to those with a name: a, b and c of max(a, max(b, c))."""
    sides: list[Any] = []
    left: list[Any] = [guest]
    while left:
        side = left.pop()
        inner = side
        while isinstance(inner, Guest) and inner.op == "as" and not name(inner, op):
            inner = inner.args[0]
        if isinstance(inner, Guest) and inner.op == op and (side is guest or not name(inner, op)):
            left += reversed(inner.args)
        else:
            sides.append(inner)
    return sides


def spelled(value: Any, precise: int = FEW) -> str:
    """A value's digits: whole numbers with separated thousands, others with so many significant digits."""
    value = plain(value)
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    plain_digits = 1000 <= abs(value) < 1e15
    decimals = max(1, precise - len(str(int(abs(value)))))
    return (f"{value:,.{decimals}f}" if plain_digits else f"{value:.{precise}g}").replace("-", "−")


def _joined(pieces: list[Writing], sign: str, rank: int, left: int, right: int) -> Writing:
    first, second = pieces
    return Writing(
        _in(first.text, first.rank, left) + sign + _in(second.text, second.rank, right),
        _in(first.digits, first.rank, left) + sign + _in(second.digits, second.rank, right),
        rank,
    )


def _in(text: str, rank: int, needed: int) -> str:
    """In brackets where it would fall apart."""
    return f"({text})" if rank < needed else text


def _loses(side: object, below: str, name: Name) -> bool:
    """Whether an expression takes a difference or rounds."""
    if not isinstance(side, Guest) or (below and name(side, below)):
        return False
    return side.op in LOSING or any(_loses(each, side.op, name) for each in side.args)
