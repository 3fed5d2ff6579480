"""`--where 'seconds < 600 and verdict == "fits"'`: a condition on rows, read into a small tree and asked of blocks.

    condition = read('device <= 24GiB and cost < 0.5', names)
    condition.of(block)        a bool, or an array of them

Grammar, loosest first: `or`, `and`, `not`, comparisons (== != < <= > >= in), + and -, * and /, a sign; names of
columns, numbers with or without a unit (GiB, GB, 1h30m, %), words in quotes, parentheses. Nothing is evaluated that is
not in it.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from vidcalc.base.errors import nearest
from vidcalc.base.units import BINARY, DECIMAL, SYMBOLS, scale
from vidcalc.faces.flags.amounts import seconds_of
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _

# units in whatever case, as memory and energy are written: 24gib, 2 KWH
SPELLED = {(prefix + symbol).casefold(): prefix + symbol for prefix in (*DECIMAL, *BINARY) for symbol in SYMBOLS}
TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"""
    r"""(?P<unit>\s?(?!(?:and|or|not|in)\b)(?:%|[A-Za-z]+(?:[\d.]+[A-Za-z]+)*)(?!\w))?"""
    r"""|(?P<word>"[^"]*"|'[^']*')|(?P<name>[A-Za-z_][\w.]*)|(?P<sign>==|!=|<=|>=|[-<>()+*/,]))"""
)
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SUMS: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
KEPT = ("and", "or", "not", "in")
EXAMPLE = "seconds < 10min"
SIGNS = "and or not in == != < <= > >= + - * / ( ) ,"
FEW = 12  # columns worth listing
LONGEST_NAME = 40
LONGEST = 10_000  # letters of a condition worth reading
DEEPEST = 30  # parentheses and signs within each other


def _divided(one: Any, other: Any) -> Any:
    """A quotient, of one row as of many: by nothing it is infinite, or not known."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(one, other)


PRODUCTS: dict[str, Callable[[Any, Any], Any]] = {"*": operator.mul, "/": _divided}

Values = Mapping[str, Any]
Asked = Callable[[Values], Any]


class Condition:
    """A condition; `names` are the columns that it asks."""

    def __init__(self, text: str, asked: Asked, names: frozenset[str]) -> None:
        self.text, self._asked, self.names = text, asked, names

    def of(self, block: Values) -> Any:
        """Whether rows meet it: a bool, or an array of them."""
        return self._asked(block)


def read(text: str, names: Collection[str], words: Collection[str] = ()) -> Condition:
    """The condition that a text spells over columns of those names; of `words` the values are words.

    Raises Refused for what is no condition, with the nearest column where a name is none.
    """
    if len(text) > LONGEST:
        raise _wrong(text[:60], _("at most {count} letters", count=f"{LONGEST:,}"))
    reader = _Reader(text, names, words)
    asked, kind = reader.either()
    if reader.token is not None:
        raise _wrong(text, _("nothing after a condition such as {example}", example=EXAMPLE))
    if kind != "truth":
        raise _wrong(text, _("a comparison such as {example}", example=EXAMPLE))
    return Condition(text, asked, frozenset(reader.used))


def _wrong(text: str, expects: str) -> Refused:
    return Refused("--where", text, expects, None, ())


def _unknown(name: str, names: Collection[str]) -> Refused:
    """The refusal of a name that no column has."""
    near = nearest(name[:LONGEST_NAME], list(names)) or "seconds"
    expects = _("a column: {names} …", names=", ".join(list(names)[:FEW]))
    return Refused("--where", name, expects, near, tuple(names))


def _amount(number: str, unit: str) -> float:
    """A number with its unit in base units: a length of time as flags read it, any other as data files do.

    Raises Refused for a unit that nobody knows.
    """
    if not unit:
        return float(number)
    if unit == "%":
        return float(number) / 100
    time = None if unit == "M" else seconds_of(f"{number}{unit}".casefold())  # M is a million of nothing
    if time is not None:
        return time
    try:
        return float(number) * scale(SPELLED.get(unit.casefold(), unit))[0]
    except ValueError:
        expects = _("a number with a unit such as 24GiB, 10min or 5%")
        raise _wrong(f"{number}{unit}"[:LONGEST_NAME], expects) from None


class _Reader:
    """A text, read from left to right; each level of the grammar gives (what asks, "number", "word" or "truth")."""

    def __init__(self, text: str, names: Collection[str], words: Collection[str]) -> None:
        self.text, self.names, self.words = text, names, words
        self.place, self.depth = 0, 0
        self.used: set[str] = set()
        self.token: tuple[str, Any] | None = None
        self.next()

    def next(self) -> None:
        """Take the next token; None at the end."""
        if not self.text[self.place :].strip():
            self.token = None
            return
        found = TOKEN.match(self.text, self.place)
        if found is None:
            raise _wrong(self.text, _("names, numbers, words in quotes, and {signs}", signs=SIGNS))
        self.place = found.end()
        kind = str(found.lastgroup)
        if found["number"] is not None:
            self.token = "number", _amount(found["number"].replace("_", ""), (found["unit"] or "").strip())
        elif kind == "word":
            self.token = "word", found["word"][1:-1]
        elif kind == "name" and found["name"] in KEPT:
            self.token = "sign", found["name"]
        else:
            self.token = kind, found[kind]

    def takes(self, *signs: str) -> str:
        """The sign that comes next, taken, where it is one of those; else nothing."""
        if self.token is not None and self.token[0] == "sign" and self.token[1] in signs:
            sign = str(self.token[1])
            self.next()
            return sign
        return ""

    def either(self) -> tuple[Asked, str]:
        """… or …"""
        return self._joined("or", self.both, operator.or_)

    def both(self) -> tuple[Asked, str]:
        """… and …"""
        return self._joined("and", self.negated, operator.and_)

    def _joined(self, word: str, part: Callable[[], tuple[Asked, str]], join: Any) -> tuple[Asked, str]:
        left, kind = part()
        while self.takes(word):
            right, other = part()
            if kind != "truth" or other != "truth":
                raise _wrong(self.text, _("comparisons on both sides of {sign}", sign=word))
            left = _both(join, left, right)
        return left, kind

    def negated(self) -> tuple[Asked, str]:
        """not …"""
        if not self.takes("not"):
            return self.comparison()
        self.deeper()
        asked, kind = self.negated()
        if kind != "truth":
            raise _wrong(self.text, _("a comparison after {sign}", sign="not"))
        return (lambda block: _not(asked(block))), "truth"

    def comparison(self) -> tuple[Asked, str]:
        """… < …, or … in (…, …)"""
        left, kind = self.sum()
        sign = self.takes(*COMPARED, "in")
        if not sign:
            return left, kind
        if sign == "in":
            return self._among(left, kind), "truth"
        right, other = self.sum()
        if kind != other or (kind == "word" and sign not in ("==", "!=")) or kind == "truth":
            raise _wrong(self.text, _("numbers on both sides of {sign}, or words beside == or !=", sign=sign))
        return _both(COMPARED[sign], left, right), "truth"

    def _among(self, left: Asked, kind: str) -> Asked:
        if not self.takes("("):
            raise _wrong(self.text, _("a list such as {example} after {sign}", example='("fits", "tight")', sign="in"))
        entries = []
        while True:
            entry, other = self.sum()
            if other != kind:
                raise _wrong(self.text, _("a list of nothing but numbers, or of words"))
            entries.append(_both(operator.eq, left, entry))
            if not self.takes(","):
                break
        self._closed()
        among = entries[0]
        for entry in entries[1:]:
            among = _both(operator.or_, among, entry)
        return among

    def sum(self) -> tuple[Asked, str]:
        """… + …"""
        return self._reckoned(SUMS, self.product)

    def product(self) -> tuple[Asked, str]:
        """… * …"""
        return self._reckoned(PRODUCTS, self.single)

    def _reckoned(self, signs: dict[str, Any], part: Callable[[], tuple[Asked, str]]) -> tuple[Asked, str]:
        left, kind = part()
        while sign := self.takes(*signs):
            right, other = part()
            if kind != "number" or other != "number":
                raise _wrong(self.text, _("numbers on both sides of {sign}", sign=sign))
            left = _both(signs[sign], left, right)
        return left, kind

    def single(self) -> tuple[Asked, str]:
        """A number, a word, a name, something in parentheses, or one of them behind a sign."""
        if self.takes("-"):
            self.deeper()
            asked, kind = self.single()
            if kind != "number":
                raise _wrong(self.text, _("numbers on both sides of {sign}", sign="-"))
            return (lambda block: -asked(block)), "number"
        if self.takes("("):
            self.deeper()
            inner = self.either()
            self._closed()
            return inner
        if self.token is None or self.token[0] == "sign":
            raise _wrong(self.text, _("a column, a number or a word in quotes after each sign"))
        kind, value = self.token
        self.next()
        if kind == "name":
            return self._column(value)
        return (lambda block: value), kind

    def deeper(self) -> None:
        """One level further in. Raises InputError beyond what anybody writes."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _wrong(self.text[:60], _("at most {count} parentheses within each other", count=DEEPEST))

    def _closed(self) -> None:
        if not self.takes(")"):
            raise _wrong(self.text, _("a parenthesis that closes"))

    def _column(self, name: str) -> tuple[Asked, str]:
        if name not in self.names:
            raise _unknown(name, self.names)
        self.used.add(name)
        return (lambda block: block[name]), "word" if name in self.words else "number"


def _both(join: Callable[[Any, Any], Any], left: Asked, right: Asked) -> Asked:
    return lambda block: join(left(block), right(block))


def _not(truth: Any) -> Any:
    return ~truth if hasattr(truth, "dtype") else not truth
