"""Names with numbers of their own, as a user writes them: "taylorseer:interval=5,order=2", "teacache:0.2"."""

from collections.abc import Mapping
from typing import TypeAlias

from vidcalc.base.errors import InputError, nearest

Range: TypeAlias = tuple[int | float, int | float]
ANY_SHARE = "0.5"  # what stands for a share among the choices of a message


def name_of(flag: str, text: str, words: Mapping[str, str]) -> tuple[str, str]:
    """(the name that a text begins with, what it states of it): "teacache-0.2" as "teacache:0.2".

    words  every word -> its name
    Raises InputError(flag, …).
    """
    word, _, stated = text.partition(":")
    if word not in words and word.rpartition("-")[0] in words and not stated:
        word, _, stated = word.rpartition("-")
    if word not in words:
        raise InputError(flag, text, (*dict.fromkeys(words.values()), ANY_SHARE), nearest(word, list(words)))
    return words[word], stated


def numbers(
    flag: str, text: str, name: str, stated: str, known: Mapping[str, float], ranges: Mapping[str, Range]
) -> dict[str, float]:
    """The parameters of a name: those that are stated, and the others' defaults; a number alone is the first one.

    ranges  the least and the largest number of each; one of two whole numbers is of whole numbers
    Raises InputError(flag, …).
    """
    found, seen = dict(known), set[str]()
    for each in filter(None, stated.split(",")):
        key, _, number = each.partition("=") if "=" in each else (next(iter(known), ""), "", each)
        value = _number(number, ranges[key]) if key in known and key not in seen else None
        if value is None:
            allowed = tuple(f"{name}:{one}={_spelled(ranges[one])}" for one in known) or (name,)
            raise InputError(flag, text, allowed, _near(name, key, number, known, ranges))
        found[key] = value
        seen.add(key)
    return found


def _near(name: str, key: str, number: str, known: Mapping[str, float], ranges: Mapping[str, Range]) -> str:
    """The nearest that may be stated: that parameter, or the one of the nearest name, within its range."""
    meant = key if key in known else nearest(key, list(known))
    if not meant:
        return name
    try:
        value = min(max(float(number), ranges[meant][0]), ranges[meant][1])
    except ValueError:
        value = known[meant]
    value = value if value == value else known[meant]  # what is no number
    return f"{name}:{meant}={round(value) if _whole(ranges[meant]) else value:g}"


def _whole(limits: Range) -> bool:
    """Whether a parameter counts something."""
    return all(isinstance(each, int) for each in limits)


def _spelled(limits: Range) -> str:
    return f"{limits[0]:g}..{limits[1]:g}"


def _number(text: str, limits: Range) -> float | None:
    """A number within its limits, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    inside = limits[0] <= value <= limits[1]
    return value if inside and (not _whole(limits) or value == int(value)) else None
