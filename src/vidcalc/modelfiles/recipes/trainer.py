"""Whose a training configuration is, and its values by dotted key, whatever format it is written in."""

from collections.abc import Iterator
from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table

MOST = 4_000  # values of one file
DEEPEST = 12  # levels of one


class Trainer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One training program's way of writing.

    marks    keys that a file of its has, all of them;  scripts: what its commands run
    usual    settings that it has where a file says nothing
    keys     its keys -> what they settle;  silent: keys that decide nothing here, by how they begin
    """

    title: str
    marks: tuple[str, ...]
    keys: dict[str, str]
    silent: tuple[str, ...]
    scripts: tuple[str, ...] = ()
    usual: Facts = {}

    def settles(self, key: str) -> str:
        """What a key settles; "" for one that is not known, "nothing" for one that decides nothing."""
        general = ".".join("*" if piece.isdigit() else piece for piece in key.split("."))
        open_ = "*." + general.partition(".")[2]
        for name in (key, general, open_):
            if name in self.keys:
                return self.keys[name]
        begins = any(general.startswith(word) or key.startswith(word) for word in self.silent)
        return "nothing" if begins else ""


@cache
def trainers() -> dict[str, Trainer]:
    """All of them."""
    rows = table("trainer_files")
    return {name: msgspec.convert(row, Trainer) for name, row in rows.items() if name != "words"}


def of_values(values: Facts) -> str:
    """The trainer whose marks a configuration has; "" for none."""
    fitting = [name for name, each in trainers().items() if all(mark in values for mark in each.marks)]
    return fitting[0] if fitting else ""


def of_command(words: list[str], flags: Facts) -> str:
    """The trainer that a command runs; "" for none."""
    run = " ".join(word for word in words[:12] if not word.startswith("--"))
    found = of_values(flags)
    if found:
        return found
    for name, each in trainers().items():
        if any(script in run for script in each.scripts) and any(mark in flags for mark in each.marks):
            return name
    return ""


def flat(facts: object, above: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """(dotted key, value) of everything in a table; lists of plain values are one value."""
    if depth > DEEPEST:
        return
    if isinstance(facts, dict):
        for key, value in facts.items():
            yield from flat(value, f"{above}{key}.", depth + 1)
    elif isinstance(facts, list) and any(isinstance(each, dict) for each in facts):
        for place, value in enumerate(facts):
            yield from flat(value, f"{above}{place}.", depth + 1)
    else:
        yield above[:-1], facts


def values(facts: object) -> Facts:
    """The same as a table, of at most MOST values."""
    found: Facts = {}
    for key, value in flat(facts):
        if len(found) >= MOST:
            break
        found[key] = value
    return found
