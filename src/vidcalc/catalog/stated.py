"""Names with numbers of their own, as a user writes them: "taylorseer:interval=5,order=2", "teacache:0.2"."""

from collections.abc import Mapping

from vidcalc.base.errors import InputError, nearest

ANY_SHARE = "0.5"  # what stands for a share among the choices of a message


def name_of(flag: str, text: str, words: Mapping[str, str]) -> tuple[str, str]:
    """(the name that a text begins with, what it states of it): "teacache-0.2" as "teacache:0.2".

    words  every word -> its name
    Raises InputError(flag, …).
    """
    word, _, stated = text.partition(":")
    if word not in words and word.rpartition("-")[0] in words:
        word, _, stated = word.rpartition("-")
    if word not in words:
        raise InputError(flag, text, (*dict.fromkeys(words.values()), ANY_SHARE), nearest(word, list(words)))
    return words[word], stated


def numbers(flag: str, text: str, name: str, stated: str, known: Mapping[str, float]) -> dict[str, float]:
    """The parameters of a name: those that are stated, and the others' defaults; a number alone is the first one.

    Raises InputError(flag, …).
    """
    found = dict(known)
    for each in filter(None, stated.split(",")):
        key, _, number = each.partition("=") if "=" in each else (next(iter(known), ""), "", each)
        value = _number(number)
        if key not in known or value is None:
            allowed = tuple(f"{name}:{one}={default:g}" for one, default in known.items()) or (name,)
            near = nearest(f"{name}:{key}", [one.partition("=")[0] for one in allowed])
            raise InputError(flag, text, allowed, next((one for one in allowed if near and one.startswith(near)), name))
        found[key] = value
    return found


def _number(text: str) -> float | None:
    """A number that is not negative, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
