"""The flags of `vidcalc budget`: what there is to spend, and which scaling law to ask."""

import click

from vidcalc.faces.flags.inputs import Listed, Real
from vidcalc.faces.flags.money import Dollars
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_


def _laws() -> tuple[str, ...]:
    from vidcalc.catalog.scaling import names

    return names()


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
