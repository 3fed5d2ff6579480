"""`vidcalc scale`: one video on one GPU, on two, on four … and whether the further ones are worth it."""

from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.flags.catalogue import Flag, asked_for, flags, picture_flags
from vidcalc.faces.flags.inputs import OneOf, Refused, Whole
from vidcalc.faces.flags.parallel import Pattern
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _

if TYPE_CHECKING:
    from vidcalc.search.scale import Scaling

USUAL, MOST = 8, 1024
# what this command asks in its own way, and what changes none of its figures: energy, a fleet's load
NOT_HERE = (*("gpus", "nodes", "parallel"), *("target_rate", "place", "country", "utilisation"))


def result(given: dict[str, Any]) -> "Scaling":
    """Every count that the flags ask for, priced. Raises InputError."""
    from vidcalc.faces.requests.estimate import request
    from vidcalc.faces.requests.offered import shared
    from vidcalc.search.scale import doubling, scaling

    rest = {name: value for name, value in given.items() if name not in ("gpus", "counts", "parallel")}
    most, parallel = given.get("gpus") or USUAL, given.get("parallel")
    tried = range(1, most + 1) if given.get("counts") == "all" else doubling(most)
    if parallel is not None and "framework" in rest:
        shared(rest["framework"], parallel)
    report = scaling(request(rest), tried, parallel)
    if parallel is not None and len(report.rows) == 1 and most > 1:
        expects = _("ways that it can be shared in, of up to {count} GPUs", count=most)
        named = ",".join(way if degree is None else f"{way}={degree}" for way, degree in parallel.items())
        raise Refused("--parallel", named, expects, None, ())
    return report


def scale(as_json: bool, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Print a table, or JSON; write pictures."""
    from vidcalc.faces.answer import answer

    answer(result(given), as_json, "scale", "scale", svg, png)


def own_flags() -> list[click.Parameter]:
    """What this command asks in its own way."""
    return [
        Flag(
            ("--gpus",),
            N_("The most GPUs to share a video among."),
            str(USUAL),
            type=Whole(1, MOST),
            metavar=N_("N"),
        ),
        Flag(
            ("--counts",),
            N_("Which counts up to that: 1, 2, 4 … (doubling), or every one that has a legal way (all)."),
            "doubling",
            type=OneOf("doubling", "all"),
            metavar="doubling|all",
        ),
        Flag(
            ("--parallel",),
            N_("Ways that may be used, with a degree or any: ulysses,cfg=2. Of them the fastest is taken."),
            N_("those of the framework"),
            type=Pattern(),
            metavar=N_("WAYS"),
        ),
    ]


command = Command(
    "scale",
    params=[
        *own_flags(),
        *flags(asked_for("generate", without=NOT_HERE)),
        *picture_flags(N_("Also draw time, efficiency and cost by GPUs as an SVG picture.")),
    ],
    callback=scale,
    help=N_(
        "One video on 1, 2, 4 … GPUs: the best legal way of sharing it at each count, time, memory of a GPU, "
        "efficiency, cost, and whether the further GPUs are worth it."
    ),
    examples=(
        "vidcalc scale -m wan2.1-t2v-14b --gpu h100-sxm --gpus 8",
        "vidcalc scale -m wan2.1-t2v-14b --gpu rtx-4090 --framework xdit",
        "vidcalc scale -m cogvideox-5b --gpu l40s --parallel ulysses,cfg --svg x.svg",
    ),
)
