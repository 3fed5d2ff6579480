"""Free text of measured rows -> words, by ordered patterns that are data (data/validation/)."""

import re
from functools import cache

from vidcalc.base.errors import UnknownName
from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import accelerator

KIND = "validation"
ABOUT = ("match", "term", "fact", "source")  # what a rule says of itself
OPEN = "?"  # a setting whose meaning the text leaves open


@cache
def _rules(file: str, table: str) -> tuple[tuple[re.Pattern[str], Facts], ...]:
    rows = load.entry(KIND, file)[table]
    return tuple((re.compile(row["match"], re.IGNORECASE), row) for row in rows)


def first(table: str, text: str, file: str = "settings") -> Facts:
    """The first rule of a table of a file whose pattern is found in the text; empty where none is."""
    return next((row for pattern, row in _rules(file, table) if pattern.search(text)), {})


def found(table: str, text: str, file: str = "settings") -> tuple[re.Match[str], Facts] | None:
    """The first rule that is found in the text, with what was found; None where none is."""
    return next(iter(every(table, text, file)), None)


def rule(table: str, text: str, file: str = "settings") -> Facts:
    """What the first rule that is found in the text says, without what tells of the rule itself."""
    return {name: value for name, value in first(table, text, file).items() if name not in ABOUT}


def every(table: str, text: str, file: str) -> list[tuple[re.Match[str], Facts]]:
    """All rules of a table whose pattern is found in the text, with what was found."""
    matches = ((pattern.search(text), row) for pattern, row in _rules(file, table))
    return [(match, row) for match, row in matches if match]


def model(name: str, width: int) -> str | None:
    """The catalogue's id of a model as people write it, or None."""
    for pattern, row in _rules("models", "rule"):
        if pattern.fullmatch(name) and width >= row.get("width_from", 0):
            return str(row["model"])
    try:
        return load.resolve("models", name)
    except UnknownName:
        return None


def gpu(name: str) -> str | None:
    """The catalogue's id of an accelerator as people write it, or None."""
    for pattern, row in _rules("accelerators", "rule"):
        if pattern.search(name):
            return str(row["accelerator"])
    try:
        return accelerator(name).id
    except UnknownName:
        return None


def speedups(words: str) -> tuple[dict[str, str], str]:
    """Names of caches and of sparse attention by their kind, and what the text says beside them."""
    names: dict[str, str] = {}
    for pattern, row in _rules("settings", "speedup"):
        match = pattern.search(words)
        if match:
            names[row["kind"]] = str(row["name"]).format(*(group.casefold() for group in match.groups()))
            words = words[: match.start()] + words[match.end() :]
    return names, words
