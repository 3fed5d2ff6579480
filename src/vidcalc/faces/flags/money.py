"""What people type for money: a currency, an amount in any currency there is a rate for, a price per hour."""

from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.faces.flags.inputs import LONGEST, SUFFIXES, Real, refuse
from vidcalc.faces.words import _

MOST, MOST_PER_HOUR = 10**15, 10_000  # USD
PLAIN = "USD"


class Code(click.ParamType):  # type: ignore[type-arg]
    """A currency of `data/currencies.toml`, by its code of three letters."""

    name = "currency"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The code in capitals. Raises Refused."""
        from vidcalc.catalog.currencies import codes, currency

        try:
            return currency(str(value).strip()[:LONGEST]).code
        except InputError as wrong:
            raise refuse(param, value, ", ".join(codes()), wrong.nearest or PLAIN, *codes()) from None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The codes that begin so."""
        from click.shell_completion import CompletionItem

        from vidcalc.catalog.currencies import codes

        return [CompletionItem(code) for code in codes() if code.startswith(incomplete.upper())]


class Dollars(click.ParamType):  # type: ignore[type-arg]
    """An amount of money: 200000USD, $200,000, 1.5M, 200k USD, 300M KRW, ₩50,000, €20; bare numbers are USD."""

    name = "money"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """US dollars. Raises Refused."""
        if isinstance(value, int | float):
            return value
        text, code = currency_of("".join(str(value).split()))
        suffix = text[-1:] if text[-1:].isalpha() else ""
        try:
            size = SUFFIXES[suffix]
            amount = Real(1e-6, MOST).convert(text[: len(text) - len(suffix)], param, ctx) * size
        except (KeyError, InputError):
            expects = _("an amount of money, such as {example}", example="200000USD")
            raise refuse(param, value, expects, "200000USD", "NUMBER[K|M|B][USD|KRW|EUR|…]") from None
        return in_dollars(amount, code)


class PerHour(click.ParamType):  # type: ignore[type-arg]
    """A price per hour: 0.4, 0.4USD/h, 550KRW/h, ₩550; bare numbers are USD."""

    name = "price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """USD per hour. Raises Refused."""
        if isinstance(value, int | float):
            return Real(0, MOST_PER_HOUR).convert(value, param, ctx)
        text, code = currency_of("".join(str(value).split()).casefold().removesuffix("/h"))
        try:
            return Real(0, MOST_PER_HOUR).convert(in_dollars(Real(0, MOST).convert(text, param, ctx), code), param, ctx)
        except InputError as wrong:
            expects = _(
                "a price per hour from {low} to {high} USD, such as {example}", low=0, high="10,000", example="0.4"
            )
            number = text.replace(".", "", 1).replace(",", "").lstrip("-").isdigit()
            near = wrong.nearest if code == PLAIN and number else "0.4"  # zero is no guess at a text
            raise refuse(param, value, expects, near, f"0..{MOST_PER_HOUR}", "NUMBER[USD|KRW|EUR|…]") from None


def currency_of(text: str) -> tuple[str, str]:
    """(what is left, the currency) of an amount with a sign before or a code behind it: "₩550" -> ("550", "KRW")."""
    from vidcalc.catalog.currencies import codes, currency

    capitals = text.upper()
    if capitals.endswith(PLAIN) or capitals[:1] == "$" or capitals[-1:] == "$":  # without looking at the others
        return capitals.removeprefix("$").removesuffix(PLAIN).removesuffix("$"), PLAIN
    if not capitals or (capitals.isascii() and not capitals[-3:].isalpha() and not capitals[:1].isalpha()):
        return capitals, PLAIN
    for code in codes():
        sign = currency(code).sign.strip().upper()
        if capitals.endswith(code):
            return capitals.removesuffix(code).removeprefix(sign), code
        if sign and capitals.startswith(sign):
            return capitals.removeprefix(sign), code
    return capitals, PLAIN


def in_dollars(amount: float, code: str) -> float:
    """An amount of a currency in USD; whole amounts of USD stay whole."""
    if code == PLAIN:
        return amount
    from vidcalc.catalog.currencies import dollars

    return dollars(amount, code)
