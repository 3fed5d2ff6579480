"""The flags of the search for a machine: which there are, how many GPUs, what the job may take."""

from typing import Any

import click

from vidcalc.faces.flags.amounts import Duration
from vidcalc.faces.flags.catalogue import Flag
from vidcalc.faces.flags.fit import allow_flag
from vidcalc.faces.flags.hardware import PerTime
from vidcalc.faces.flags.inputs import Named, Whole, refuse
from vidcalc.faces.flags.money import Dollars
from vidcalc.faces.flags.search import Several
from vidcalc.faces.words import N_, _

CLASSES = ("consumer", "workstation", "datacenter", "soc", "asic")
USUAL_CLASSES = ("consumer", "workstation", "datacenter")  # those that run PyTorch on GPUs with memory of their own
MOST, USUAL_MOST = 64, 8
SHELF = Whole(1, MOST)


class Shelf(click.ParamType):  # type: ignore[type-arg]
    """GPUs that one has: "4090x2,3090" are two of one kind and one of another."""

    name = "shelf"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """(name, how many) of each kind. Raises Refused."""
        if isinstance(value, tuple):
            return value
        found = []
        for part in str(value).split(","):
            name, times, count = part.strip().rpartition("x")
            whole = bool(times) and count.isdigit()
            if not part.strip():
                raise refuse(param, value, _("GPUs with how many of each, such as 4090x2,3090"), "4090x2,3090")
            found.append((name, SHELF.convert(count, param, ctx)) if whole else (part.strip(), 1))
        return tuple(found)


class OneGpu(Named):
    """A GPU of the catalogue; the flag may be repeated."""

    multiple = True


def choose_flags() -> list[click.Parameter]:
    """--deadline, --budget, --rate, --gpu, --gpus, --class, --have and --allow."""
    return [
        Flag(
            ("--deadline",),
            N_("How long one generation may take: 20min, 90s, 1.5h."),
            N_("any time"),
            type=Duration(),
            metavar=N_("TIME"),
        ),
        Flag(
            ("--budget",),
            N_("What one generation may cost."),
            N_("any cost"),
            type=Dollars(),
            metavar="USD",
        ),
        Flag(
            ("--rate",),
            N_("Videos to make, such as 100/h: tells how many machines that takes, and what they cost."),
            type=PerTime(),
            metavar="N/h",
        ),
        Flag(
            ("--gpu",),
            N_("A GPU to look at instead of all that have a known price. May be repeated."),
            N_("all with a known price"),
            type=OneGpu("accelerators", here="auto"),
            metavar=N_("NAME"),
            multiple=True,
        ),
        Flag(
            ("--gpus",),
            N_("The most GPUs to share a video among."),
            str(USUAL_MOST),
            type=Whole(1, MOST),
            metavar=N_("N"),
        ),
        Flag(
            ("--class", "kinds"),
            N_("Only GPUs of these classes: consumer, workstation, datacenter, soc, asic."),
            ",".join(USUAL_CLASSES),
            type=Several(*CLASSES),
            metavar=N_("WORDS"),
        ),
        Flag(
            ("--have", "shelf"),
            N_("GPUs that you have, with how many of each: 4090x2,3090. Only these are looked at."),
            type=Shelf(),
            metavar="GPUxN,…",
        ),
        allow_flag(),
    ]
