"""The flags of the search for the largest job: what is as large as it may be, what it may take, what may change."""

import click

from vidcalc.faces.flags.amounts import Duration
from vidcalc.faces.flags.catalogue import Flag
from vidcalc.faces.flags.inputs import OneOf
from vidcalc.faces.flags.money import Dollars
from vidcalc.faces.flags.search import Several
from vidcalc.faces.words import N_

LARGEST = ("frames", "size", "batch")
ALLOWED = ("precision", "cache", "steps")


def fit_flags() -> list[click.Parameter]:
    """--largest, --max-time, --max-cost and --allow."""
    return [
        Flag(
            ("--largest",),
            N_("What is to be as large as it may be: frames (the longest clip), size of the picture, or batch."),
            "frames",
            type=OneOf(*LARGEST),
            metavar="|".join(LARGEST),
            default="frames",
        ),
        Flag(
            ("--max-time",),
            N_("How long one generation may take: 20min, 90s, 1.5h."),
            N_("any time"),
            type=Duration(),
            metavar=N_("TIME"),
        ),
        Flag(
            ("--max-cost",),
            N_("What one generation may cost, at --price or the catalogue's prices."),
            N_("any cost"),
            type=Dollars(),
            metavar="USD",
        ),
        allow_flag(),
    ]


def allow_flag() -> Flag:
    """--allow."""
    return Flag(
        ("--allow",),
        N_("What may be cut in quality too: precision, cache, steps. Offload and VAE tiling always vary."),
        N_("nothing at all"),
        type=Several(*ALLOWED),
        metavar=N_("WORDS"),
    )
