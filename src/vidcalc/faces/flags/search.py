"""The flags of a search for a plan: how many GPUs, what is asked of each step, what may change, what comes first."""

from typing import Any

import click

from vidcalc.faces.flags.catalogue import Flag
from vidcalc.faces.flags.inputs import OneOf, Whole, refuse
from vidcalc.faces.flags.model import MANY
from vidcalc.faces.words import N_, _

COUNT = Whole(1, 65_536)
MOST_COUNTS = 64
ORDERS = ("time", "cost", "memory")
TRIED = ("recipe", "optimizer", "update", "offload")


class Counts(click.ParamType):  # type: ignore[type-arg]
    """Numbers of GPUs, joined by commas: 8,16,32."""

    name = "counts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Rising, each once. Raises Refused."""
        if isinstance(value, tuple):
            return value
        counts = sorted({COUNT.convert(piece.strip(), param, ctx) for piece in str(value).split(",")})
        if len(counts) > MOST_COUNTS:
            expects = _("at most {count} numbers of GPUs", count=MOST_COUNTS)
            raise refuse(param, value, expects, ",".join(map(str, counts[:MOST_COUNTS])))
        return tuple(counts)


class Several(click.ParamType):  # type: ignore[type-arg]
    """Some of a few words, joined by commas."""

    name = "several"

    def __init__(self, *choices: str) -> None:
        self.one = OneOf(*choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Raises Refused."""
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(self.one.convert(piece.strip(), param, ctx) for piece in str(value).split(",")))


def search_flags() -> list[click.Parameter]:
    """--gpus, --global-batch, --by and --try."""
    return [
        Flag(
            ("--gpus",),
            N_("How many GPUs work on the job; several numbers are compared: 8,16,32."),
            "8",
            type=Counts(),
            metavar="N[,N…]",
        ),
        Flag(
            ("--global-batch",),
            N_("Samples of one optimizer step; micro-batches and their accumulation follow from it."),
            N_("one a GPU, of the largest number"),
            type=Whole(1, MANY),
            metavar=N_("N"),
        ),
        Flag(
            ("--by",),
            N_("Which plan comes first: that of the shortest run, the cheapest, or that of the least memory."),
            N_("time: the shortest run"),
            type=OneOf(*ORDERS),
            metavar="|".join(ORDERS),
            default="time",
        ),
        Flag(
            ("--try", "tried"),
            N_("What may change beside the degrees, sharding and checkpointing: recipe, optimizer, update, offload."),
            type=Several(*TRIED),
            metavar=N_("WORDS"),
        ),
    ]
