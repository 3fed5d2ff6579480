"""What people type for money: a currency, an amount in any currency there is a rate for, a price per hour."""

import re
from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.base.units import HOUR
from vidcalc.faces.flags.amounts import SPELLINGS
from vidcalc.faces.flags.inputs import LONGEST, SUFFIXES, Real, refuse
from vidcalc.faces.words import _

MOST, MOST_PER_HOUR = 10**15, 10_000  # USD
PLAIN = "USD"
EXAMPLE = "1,234.50"
# how a price says that it is one of an hour
PER, HOURS, EACH_HOUR = (
    ("/", "per", "an", "a"),
    (*SPELLINGS[HOUR], "시간"),
    "시간당",
)
DECIMAL = re.compile(r",(?!\d{3}(?!\d))")  # a comma that parts no thousands: elsewhere it is written for the point


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
    """An amount of money: 200000USD, $200,000, 1.5M, 300M KRW, ₩50,000, 50,000원, 20€; bare numbers are USD."""

    name = "money"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """US dollars. Raises Refused."""
        if isinstance(value, int | float):
            return value
        text, code = currency_of("".join(str(value).split()))
        suffix = text[-1:] if text[-1:].isalpha() else ""
        _thousands(text, value, param)
        try:
            size = SUFFIXES[suffix]
            amount = Real(1e-6, MOST).convert(text[: len(text) - len(suffix)], param, ctx) * size
        except (KeyError, InputError):
            expects = _("an amount of money, such as {example}", example="200000USD")
            raise refuse(param, value, expects, "200000USD", "NUMBER[K|M|B][USD|KRW|EUR|…]") from None
        return in_dollars(amount, code)


class PerHour(click.ParamType):  # type: ignore[type-arg]
    """A price per hour: 0.4, 0.4USD/h, $0.4 per hour, 550원/시간, ₩550; bare numbers are USD."""

    name = "price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """USD per hour. Raises Refused."""
        if isinstance(value, int | float):
            return Real(0, MOST_PER_HOUR).convert(value, param, ctx)
        text, code = currency_of(hourly("".join(str(value)[: 2 * LONGEST].split()).casefold()))
        _thousands(text, value, param)
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
    """(what is left, the currency) of an amount with a sign, a code or a name before or behind it:
    "₩550", "550krw" and "550원" -> ("550", "KRW"). One letter names a currency before an amount only: "R5" is rand,
    the end of "5kr" is not."""
    capitals = text.upper()
    if capitals.endswith(PLAIN) or capitals[:1] == "$":  # without looking at the others
        return capitals.removeprefix("$").removesuffix(PLAIN).removesuffix("$"), PLAIN
    if capitals[:1].isdigit() and capitals.removesuffix("$").rstrip("KMBT")[-1:].isdigit():
        return capitals.removesuffix("$"), PLAIN
    from vidcalc.catalog.currencies import marks

    known = marks()
    before = next((mark for mark in known if capitals.startswith(mark)), "")
    left = capitals.removeprefix(before)
    behind = next((mark for mark in known if left.endswith(mark) and not _letter(mark)), "")
    named = {known[mark] for mark in (before, behind) if mark}
    return (left.removesuffix(behind), named.pop()) if len(named) == 1 else (capitals, PLAIN)


def _letter(mark: str) -> bool:
    return len(mark) == 1 and mark.isascii() and mark.isalpha()


def _thousands(text: str, value: Any, param: click.Parameter | None) -> None:
    """Commas of an amount stand before three digits. Raises Refused."""
    if DECIMAL.search(text):
        expects = _("an amount such as {example}", example=EXAMPLE)
        raise refuse(param, value, expects, str(value)[:LONGEST].replace(",", "."), EXAMPLE)


def hourly(text: str) -> str:
    """An amount without the words that say "per hour"."""
    text = text.removeprefix(EACH_HOUR)
    ends = (f"{per}{hour}" for per in PER for hour in HOURS)
    return next((text.removesuffix(end) for end in ends if text.endswith(end)), text)


def in_dollars(amount: float, code: str) -> float:
    """An amount of a currency in USD; whole amounts of USD stay whole."""
    if code == PLAIN:
        return amount
    from vidcalc.catalog.currencies import dollars

    return dollars(amount, code)
