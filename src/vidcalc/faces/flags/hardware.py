"""The flags of what a job runs on: GPUs of the user's own, what they cost, where they stand, how busy they are."""

from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.describe.setting import GENERATE
from vidcalc.faces.flags.amounts import SECONDS, Memory
from vidcalc.faces.flags.inputs import LONGEST, Listed, OneOf, Real, refuse
from vidcalc.faces.flags.money import PerHour
from vidcalc.faces.flags.reach import File
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_, _

PLACES = ("cloud", "own_rack", "home", "hyperscale_fleet", "industry_average")
PER = {unit: SECONDS[unit] for unit in ("s", "min", "h", "hour", "day", "d")}


class Country(click.ParamType):  # type: ignore[type-arg]
    """A code of three or two letters of a country with a known carbon intensity, or world."""

    name = "country"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The code of three letters. Raises Refused."""
        from vidcalc.catalog.countries import countries, country

        try:
            return country(str(value)[:LONGEST])
        except InputError as wrong:
            expects = ", ".join(countries())
            raise refuse(param, value, expects, wrong.nearest or "world", *countries()) from None


class PerTime(click.ParamType):  # type: ignore[type-arg]
    """A rate: 100/h, 2/min, 5000/day; a bare number is per hour. Read into 1/s."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises Refused."""
        if isinstance(value, float):
            return value
        number, _slash, unit = str(value).replace(" ", "").partition("/")
        try:
            rate = float(Real(1e-6, 10**9).convert(number, param, ctx)) / PER[unit.casefold() or "h"]
        except (KeyError, ValueError, InputError):
            expects = _("a number per {units}, such as 100/h", units=", ".join(PER))
            raise refuse(param, value, expects, "100/h", *(f"N/{unit}" for unit in PER)) from None
        return rate


def _providers() -> tuple[str, ...]:
    from vidcalc.cost.money import PROVIDERS, STATED

    return tuple(name for name in PROVIDERS if name != STATED)


HARDWARE: Specs = {
    "gpu_file": Spec(
        ("--gpu-file",),
        File(),
        N_("FILE"),
        "",
        N_("A GPU of your own as TOML in the catalogue's layout; rates are those of its nearest relative."),
    ),
    "calibration": Spec(
        ("--calibration",),
        File(),
        N_("FILE"),
        "",
        N_("Rates that `vidcalc measure` found on a machine, instead of the catalogue's."),
    ),
    "used": Spec(
        ("--used",),
        Memory(),
        "1.2GiB",
        N_("nothing; with --gpu auto what is in use now"),
        N_("Memory of the GPU that other programs hold: a desktop, a browser."),
    ),
    "price": Spec(
        ("--price",),
        PerHour(),
        "USD/h",
        N_("of the first class of provider known"),
        N_("What one GPU costs per hour, such as 0.4, or 550KRW."),
    ),
    "provider": Spec(
        ("--provider",),
        Listed(_providers),
        N_("CLASS"),
        N_("the first known"),
        N_("Whose prices to take: neocloud, hyperscaler, marketplace, serverless, spot (may be taken back) …"),
    ),
    "host_ram": Spec(
        ("--host-ram",),
        Memory(as_sold=True, least=1),
        "32GB",
        N_("any amount"),
        N_("Memory of the machine beside that of its GPUs, as it is sold: 32GB."),
    ),
    "place": Spec(
        ("--place",),
        OneOf(*PLACES),
        N_("PLACE"),
        "cloud",
        N_("Where the GPUs stand, for the power of the building: cloud, own_rack, home, hyperscale_fleet …"),
    ),
    "country": Spec(
        ("--country",),
        Country(),
        N_("CODE"),
        "world",
        N_("Country of the electricity, for carbon and price: KOR, USA, DEU …; `list` shows all."),
    ),
    "utilisation": Spec(
        ("--utilisation",),
        Real(0.01, 1),
        N_("SHARE"),
        "0.8",
        N_("Share of the time in which the GPUs of a fleet have a job."),
    ),
    "target_rate": Spec(
        ("--target-rate",),
        PerTime(),
        "N/h",
        "",
        N_("Videos that a fleet must make: 100/h, 5000/day. Tells how many GPUs that takes."),
        GENERATE,
    ),
}
