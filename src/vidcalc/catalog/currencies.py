"""Currencies and what they were worth on one day, from `data/currencies.toml`. Inside the project money is in USD."""

from functools import cache

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table


class Currency(msgspec.Struct, frozen=True, kw_only=True):
    """A currency and its rate of one day.

    code     of three letters (ISO 4217);  sign  what stands before an amount
    whole    whether amounts are written without a fraction
    per_usd  how much of it one USD bought, `as_of` that day, by `source`
    """

    code: str
    sign: str
    whole: bool
    per_usd: float
    as_of: str
    source: str


@cache
def currency(code: str) -> Currency:
    """The currency of a code in any case. Raises InputError("currency", …)."""
    rates, name = _rates(), code.upper()
    if name not in codes():
        near = nearest(name, [each.casefold() for each in codes()])
        raise InputError("currency", code, codes(), near and near.upper())
    row = rates[name]
    return Currency(
        code=name,
        sign=row["sign"],
        whole=row["whole"],
        per_usd=row["per_euro"] / rates["USD"]["per_euro"],
        as_of=rates["as_of"],
        source=rates["source"],
    )


@cache
def codes() -> tuple[str, ...]:
    """The codes of the currencies there is a rate for, USD first."""
    return tuple(name for name, row in _rates().items() if isinstance(row, dict))


@cache
def marks() -> dict[str, str]:
    """Everything that names a currency beside an amount, in capitals, the longest first: {"CN¥": "CNY", …}."""
    rates = _rates()
    every = {mark: code for code in codes() for mark in (code, rates[code]["sign"], *rates[code].get("called", ()))}
    return {mark.strip().upper(): every[mark] for mark in sorted(every, key=len, reverse=True)}


def dollars(amount: float, code: str) -> float:
    """An amount of a currency in USD at the rate of its day. Raises InputError("currency", …)."""
    return amount if code == "USD" else amount / currency(code).per_usd


def _rates() -> Facts:
    return table("currencies")
