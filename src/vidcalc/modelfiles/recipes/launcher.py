"""How a program that generates is called, and what its words mean here: the rows of `data/launchers.toml`."""

from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What follows from words that all stand in the names that a command gives: settings, or the model."""

    words: tuple[str, ...]
    settings: Facts = {}
    model: str = ""
    beside: str = ""


class Launcher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One program's way of being called: see `data/launchers.toml`."""

    title: str
    scripts: tuple[str, ...]
    marks: tuple[str, ...]
    keys: dict[str, str]
    silent: tuple[str, ...]
    usual: Facts = {}
    frameworks: dict[str, str] = {}
    shared: str = ""
    rest: str = ""
    switches: dict[str, Facts] = {}
    partly: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    areas: dict[str, int] = {}
    stride: int = 16
    squarer: bool = False
    pictured: Facts = {}
    beside: str = ""


@cache
def launchers() -> dict[str, Launcher]:
    """All of them."""
    rows = table("launchers")
    return {name: msgspec.convert(row, Launcher) for name, row in rows.items() if name != "words"}
