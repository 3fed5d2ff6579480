"""The flags of `vidcalc budget`: what there is to spend, and which scaling law to ask."""

from typing import Any

import click

from vidcalc.base.errors import InputError
from vidcalc.faces.flags.inputs import SUFFIXES, Listed, Real, refuse
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_, _

MOST = 10**15


def _laws() -> tuple[str, ...]:
    from vidcalc.catalog.scaling import names

    return names()


class Dollars(click.ParamType):  # type: ignore[type-arg]
    """An amount of money: 200000USD, $200,000, 1.5M, 200k USD."""

    name = "money"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """US dollars. Raises Refused."""
        if isinstance(value, int | float):
            return value
        text = "".join(str(value).split()).upper().removeprefix("$").removesuffix("USD").removesuffix("$")
        suffix = text[-1:] if text[-1:].isalpha() else ""
        try:
            size = SUFFIXES[suffix]
            return Real(1e-6, MOST).convert(text[: len(text) - len(suffix)], param, ctx) * size
        except (KeyError, InputError):
            expects = _("an amount of US dollars, such as {example}", example="200000USD")
            raise refuse(param, value, expects, "200000USD", "NUMBER[K|M|B][USD]") from None


BUDGET: Specs = {
    "hours": Spec(
        ("--hours",), Real(1e-6, 10**7), N_("HOURS"), "", N_("The budget: all --gpus for that many hours."), ()
    ),
    "gpu_hours": Spec(("--gpu-hours",), Real(1e-6, 10**12), N_("HOURS"), "", N_("The budget in GPU-hours."), ()),
    "budget": Spec(
        ("--budget",),
        Dollars(),
        "USD",
        "",
        N_("The budget in money, such as 200000USD, at --price or the catalogue's prices."),
        (),
    ),
    "law": Spec(
        ("--law",),
        Listed(_laws),
        N_("NAME"),
        "video-dit",
        N_("Scaling law to follow: video-dit, image-dit or text (for comparison)."),
        (),
    ),
    "fill": Spec(
        ("--fill",),
        click.BOOL,
        "",
        "",
        N_("Train on the largest batch of each size that fits, instead of the one given."),
        (),
    ),
}
