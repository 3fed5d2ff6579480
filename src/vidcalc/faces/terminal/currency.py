"""Money as people read it: US dollars, or the currency asked for at the rate of one day, which is said below a page.

Reports and JSON stay in USD; what is read is converted here and nowhere else.
"""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidcalc.catalog.currencies import Currency

USD = "USD"
BANKS = (N_("European Central Bank"),)  # the sources of data/currencies.toml
FEW = 10  # of a currency without coins: below that two digits are told, as amounts so small are only compared

_used: "Currency | None" = None


def use(code: str | None = None) -> None:
    """Tell money in the currency of that code from now on; None: in US dollars. Raises InputError("currency", …)."""
    global _used
    if code is None or code.upper() == USD:
        _used = None
        return
    from vidcalc.catalog.currencies import currency

    _used = currency(code)


def used() -> "Currency | None":
    """The currency in use; None for US dollars."""
    return _used


def written(usd: Any, digits: "Callable[[float, int], str]") -> str:
    """An amount of USD in the currency in use: "$1.23", "₩1,642"; `digits` writes so many significant ones."""
    sign, whole, per_usd = ("$", False, 1.0) if _used is None else (_used.sign, _used.whole, _used.per_usd)
    amount = usd * per_usd
    if amount == 0:
        return f"{sign}0"
    if whole:
        return sign + (f"{amount:,.0f}" if abs(amount) >= FEW else digits(amount, 2))
    return sign + (f"{amount:,.2f}" if 1 <= abs(amount) < 1000 else digits(amount, 3))


def rate() -> str:
    """What a page says of the rate below it: "1 USD = ₩1,335 (…, 2026-10-30)"; "" for US dollars."""
    if _used is None:
        return ""
    amount = f"{_used.sign}{_used.per_usd:,.4g}" if _used.per_usd < 1000 else f"{_used.sign}{_used.per_usd:,.0f}"
    bank = _(_used.source.partition(",")[0])
    return _("1 USD = {amount} ({source}, {date})", amount=amount, source=bank, date=_used.as_of)
