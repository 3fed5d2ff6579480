"""Countries: carbon and price of their electricity, from `data/countries.toml`."""

from functools import cache

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.facts import Facts
from vidcalc.base.units import quantity
from vidcalc.catalog.currencies import dollars
from vidcalc.catalog.load import table

HOME, ELSEWHERE = "home", "datacenter"  # whose tariff it is


@cache
def countries() -> tuple[str, ...]:
    """ "world" and the three-letter codes (ISO 3166) of the countries there is a carbon intensity for."""
    return tuple(name for name, row in table("countries").items() if isinstance(row, dict))


@cache
def country(word: str) -> str:
    """The country of a code of three or of two letters, in any case. Raises InputError("country", …)."""
    name = word.strip().casefold()
    for code in countries():
        if name in (code.casefold(), str(_of(code).get("code", "")).casefold() or None):
            return code
    choices = {code.casefold(): code for code in countries()}
    near = nearest(name, tuple(choices))
    raise InputError("country", word, countries(), choices[near] if near else None)


@cache
def carbon(name: str = "world") -> float:
    """Carbon intensity of a country's electricity [g/J]. Raises InputError("country", …)."""
    return quantity(_of(country(name))["carbon"], "g/J")


@cache
def electricity(name: str, place: str) -> float | None:
    """What electricity costs in a country [USD/J], at a home or by the tariff of a data centre; None where not known.

    Other currencies are taken at the rate of `data/currencies.toml`. Raises InputError("country", …).
    """
    tariff = _of(country(name)).get("electricity")
    if tariff is None:
        return None
    amount, unit = tariff[HOME if place == HOME else ELSEWHERE].split()
    code, _slash, energy = unit.partition("/")
    return dollars(float(amount), code) / quantity(f"1 {energy}", "J")


def _of(code: str) -> Facts:
    facts: Facts = table("countries")[code]
    return facts
