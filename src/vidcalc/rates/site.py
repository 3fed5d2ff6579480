"""What a site adds to accelerators: overhead, the power they really draw, carbon, electricity, how busy they are."""

import msgspec

from vidcalc.base.guest import given
from vidcalc.base.number import Number
from vidcalc.catalog import countries, defaults
from vidcalc.describe.hardware import Hardware, Site

FILE, COUNTRIES = "data/defaults.toml", "data/countries.toml"
LOADS = ("idle", "low", "likely", "high")


class Figures(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Figures of one site.

    pue          facility energy over computing energy
    power        share of nominal power that is drawn, by load
    carbon       of its electricity [g/J];  electricity  its price [USD/J]
    utilisation  share of the time in which an accelerator has a job
    """

    pue: float
    power: dict[str, float]
    carbon: float
    electricity: float
    utilisation: Number


def figures(hardware: Hardware) -> Figures:
    """The figures of the hardware's site. Raises InputError("place"/"country", …)."""
    site, many = hardware.site, hardware.count
    return Figures(
        pue=given("pue", defaults.pue(site.place), many, FILE, "", "assumed", site.place),
        power={load: given(f"load_{load}", defaults.power_share(load), many, FILE, "", "assumed") for load in LOADS},
        carbon=given("intensity", countries.carbon(site.country), many, COUNTRIES, "g/J", "assumed", site.country),
        electricity=_electricity(site, many),
        utilisation=busy_share(hardware),
    )


def _electricity(site: Site, many: Number) -> float:
    """The country's tariff for a home or a data centre [USD/J], else the assumed one. Raises InputError("country")."""
    own = countries.electricity(site.country, site.place)
    if own is None:
        return given("electricity", defaults.electricity(site.place), many, FILE, "USD/J", "assumed", site.place)
    return given("electricity", own, many, COUNTRIES, "USD/J", "measured", f"{site.country}, {site.place}")


def busy_share(hardware: Hardware) -> Number:
    """Share of the time in which an accelerator of the site has a job: stated, else the usual one of a fleet."""
    stated = hardware.site.utilisation
    usual = given("utilisation", defaults.utilisation(), hardware.count, FILE, "", "assumed")
    return usual if stated is None else stated
