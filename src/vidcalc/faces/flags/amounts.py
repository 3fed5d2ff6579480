"""Amounts of memory and of time as people write them: 48GiB, 32 GB, 20min, 1h30m."""

from typing import Any

import click

from vidcalc.base.units import HOUR
from vidcalc.faces.flags.inputs import LONGEST, refuse
from vidcalc.faces.words import _

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
AS_SOLD = ("G", "GB", "gb", "g")  # of memory modules: a gigabyte of these is 2^30 bytes
GIB = 2**30
MOST = 2**50  # byte: more than any machine has
SHORTEST, LONGEST_TIME = 0.001, 10**9  # seconds
SPELLINGS = {
    1: ("s", "sec", "second", "seconds"),
    60: ("m", "min", "minute", "minutes"),
    HOUR: ("h", "hr", "hour", "hours"),
    86_400: ("d", "day", "days"),
}
SECONDS = {name: seconds for seconds, names in SPELLINGS.items() for name in names}


class Memory(click.ParamType):  # type: ignore[type-arg]
    """An amount of memory: 48GiB, 80 GB; a bare number is GiB. Read into bytes.

    as_sold  whether GB means 2^30 bytes, as on the box of a memory module
    least    bytes of the smallest amount
    """

    name = "memory"

    def __init__(self, as_sold: bool = False, least: int = 0) -> None:
        self.as_sold, self.least = as_sold, least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises Refused."""
        from vidcalc.base.units import quantity

        text = str(value).replace(" ", "")[:LONGEST]
        number = text.rstrip(LETTERS)
        unit = text[len(number) :] or "GiB"
        if self.as_sold and unit in AS_SOLD:
            unit = "GiB"
        try:
            size = int(quantity(f"{number} {unit}", "B"))
        except (ValueError, OverflowError):
            size = -1
        if not self.least <= size <= MOST:
            raise refuse(param, value, _("an amount of memory such as 48GiB"), "48GiB")
        return size

    @staticmethod
    def spelled(size: int) -> str:
        """Bytes as one types them: whole GiB where they are."""
        return f"{size // GIB}GiB" if size % GIB == 0 else f"{size}B"


class Duration(click.ParamType):  # type: ignore[type-arg]
    """A length of time: 20min, 90s, 1.5h, 1h30m; a bare number is seconds. Read into seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises Refused."""
        seconds = seconds_of("".join(str(value).split()).casefold())
        if seconds is None or not SHORTEST <= seconds <= LONGEST_TIME:
            near = "20min" if seconds is None else f"{min(max(seconds, SHORTEST), LONGEST_TIME):g}s"
            expects = _("a length of time such as 20min, 90s or 1.5h")
            raise refuse(param, value, expects, near, "NUMBER[s|min|h|d]")
        return seconds


def seconds_of(text: str) -> float | None:
    """The seconds that a text spells, a number and a unit or several of these; None for anything else."""
    import re

    if len(text) > LONGEST:
        return None
    pieces = re.findall(r"([0-9.]+)([a-z]*)", text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text:
        return None
    alone = len(pieces) == 1
    total = 0.0
    for number, unit in pieces:
        each = SECONDS.get(unit or ("s" if alone else ""))
        try:
            total += float(number) * (each or float("nan"))
        except ValueError:
            return None
    return total if total == total else None
