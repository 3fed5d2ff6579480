"""The flags of a sweep: every setting of an estimate as an axis, which rows are kept, and where they go."""

from typing import Any

import click

from vidcalc.base.errors import nearest
from vidcalc.faces.flags.catalogue import FLAGS, Flag, asked_for, json_flag
from vidcalc.faces.flags.inputs import LONGEST, OneOf, Whole, refuse
from vidcalc.faces.flags.reach import Address, File, Plain
from vidcalc.faces.words import N_, _
from vidcalc.search.sweeps.columns import COLUMNS
from vidcalc.search.sweeps.keep import Key

MOST_KEPT = 10_000_000
ALL = "all"
ENGINES = ("local", "ray")
RESERVED = ("auto", "replay", "share")


class Columns(click.ParamType):  # type: ignore[type-arg]
    """Names of results, joined by commas, or all."""

    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """In the order given. Raises Refused."""
        if isinstance(value, tuple):
            return value
        found: dict[str, None] = {}
        for piece in str(value).split(","):
            word = piece.strip().casefold().replace("-", "_")
            found.update(dict.fromkeys(COLUMNS) if word == ALL else {known(word, param, ALL): None})
        return tuple(found)


class Keys(click.ParamType):  # type: ignore[type-arg]
    """Results or settings to order rows by, joined by commas; NAME:desc where more is better."""

    name = "keys"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Key, ...]:
        """Raises Refused for their number and for what is neither; whether a setting varies is settled later."""
        if isinstance(value, tuple):
            return value
        keys = []
        for piece in str(value).split(","):
            name, _colon, order = piece.strip().casefold().partition(":")
            if order not in ("", "asc", "desc"):
                raise refuse(param, value, _("NAME, or NAME:desc for the largest first"), f"{name}:desc")
            number = name.replace("-", "_")
            known(number, param, *(each for each in FLAGS))
            keys.append(Key(number, order == "desc"))
        if not self.least <= len(keys) <= self.most:
            expects = _("{least} to {most} columns joined by commas", least=self.least, most=self.most)
            raise refuse(param, value, expects, "cost,seconds")
        return tuple(keys)


def known(word: str, param: click.Parameter | None, *beside: str) -> str:
    """The name of a result, or a word beside. Raises Refused."""
    if word not in COLUMNS and word not in beside:
        near = nearest(word[:LONGEST], list(COLUMNS)) or "seconds"
        raise refuse(param, word, ", ".join(COLUMNS), near, *COLUMNS)
    return word


def axis_flags() -> list[click.Parameter]:
    """Every setting of an estimate; each takes several values, and may be repeated."""
    flags: list[click.Parameter] = []
    for name in asked_for("generate", "train"):
        names, takes, metavar, shown, words, _jobs = FLAGS[name]
        if takes is click.BOOL:
            flags.append(Flag((*names, name), words, is_flag=True))
        else:
            flags.append(Flag((*names, name), words, shown, type=click.STRING, metavar=metavar, multiple=True))
    return flags


def own_flags() -> list[click.Parameter]:
    """--where, --sort, --top, --pareto, --columns, --output, --resume, --engine, --ray-address and --json."""
    return [
        Flag(
            ("--where",),
            N_("Keep rows that meet a condition: 'seconds < 10min and verdict == \"fits\"'."),
            type=Plain(),
            metavar=N_("CONDITION"),
        ),
        Flag(
            ("--sort",),
            N_("Order rows by a column; NAME:desc for the largest first."),
            type=Keys(1, 1),
            metavar=N_("NAME"),
        ),
        Flag(("--top",), N_("Keep the first N rows of that order."), type=Whole(1, MOST_KEPT), metavar=N_("N")),
        Flag(
            ("--pareto",),
            N_("Keep rows that no other beats in all of these columns: cost,seconds."),
            type=Keys(2, 6),
            metavar=N_("NAMES"),
        ),
        Flag(
            ("--columns",),
            N_("Results of a row, joined by commas, or all; `list` shows them."),
            N_("a few on a terminal, all in a file"),
            type=Columns(),
            metavar=N_("NAMES"),
        ),
        Flag(
            ("--reserved",),
            N_(
                "What the allocator reserves, and with it verdicts: replayed at each size as for an estimate, or by "
                "the measured share of activations, which is fast and may be off by a quarter."
            ),
            N_("auto: replay for up to 100 sizes of a combination"),
            type=OneOf(*RESERVED),
            metavar="|".join(RESERVED),
        ),
        Flag(
            ("-o", "--output"),
            N_("Write rows to a file: .csv, .jsonl or .parquet."),
            type=File(),
            metavar=N_("FILE"),
        ),
        Flag(("--resume",), N_("Go on with the parts of a sweep that was stopped."), is_flag=True),
        Flag(
            ("--engine",),
            N_("Who works: this process, or a Ray cluster (the extra `ray`)."),
            "local",
            type=OneOf(*ENGINES),
            metavar="|".join(ENGINES),
        ),
        Flag(
            ("--ray-address",),
            N_("The Ray cluster: HOST:PORT, ray://HOST:PORT or auto."),
            N_("one of this machine alone"),
            type=Address(),
            metavar=N_("ADDRESS"),
        ),
        json_flag(),
    ]
