"""Countries: their codes, the carbon and the price of their electricity."""

import tomllib

import pytest

from vidcalc.base.errors import InputError
from vidcalc.catalog.countries import carbon, countries, country, electricity
from vidcalc.catalog.currencies import codes, currency
from vidcalc.catalog.defaults import electricity as assumed
from vidcalc.catalog.load import contents

FACTS = tomllib.loads(contents("countries.toml").decode())
PRICED = [name for name, row in FACTS.items() if isinstance(row, dict) and "electricity" in row]


def test_a_country_has_two_codes():
    assert country("kr") == country("KOR") == country(" Kor ") == "KOR"
    assert country("world") == "world"
    with pytest.raises(InputError) as wrong:
        country("KORE")
    assert wrong.value.nearest == "KOR"


def test_codes_are_of_three_and_of_two_letters_and_stand_once():
    names = [name for name in countries() if name != "world"]
    short = [FACTS[name]["code"] for name in names]
    assert all(len(name) == 3 and name.isupper() for name in names)
    assert all(len(code) == 2 and code.isupper() for code in short)
    assert len(set(short)) == len(short)
    assert all(0 < carbon(name) * 3.6e6 < 1000 for name in countries())


@pytest.mark.parametrize("name", PRICED)
def test_a_tariff_has_its_currency_source_and_day(name):
    tariff = FACTS[name]["electricity"]
    assert tariff["source"]
    assert tariff["as_of"] >= "2025"
    for place in ("home", "datacenter"):
        number, unit = tariff[place].split()
        code = unit.removesuffix("/kWh")
        assert code in codes()
        assert electricity(name, place) * 3.6e6 == pytest.approx(float(number) / currency(code).per_usd)
    assert electricity(name, "cloud") == electricity(name, "datacenter") < electricity(name, "home")


def test_a_country_without_a_tariff_pays_the_assumed_price():
    assert electricity("SWE", "home") is None
    assert electricity("world", "home") is None
    assert assumed("home") > assumed("cloud") > 0
