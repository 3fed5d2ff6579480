"""What the doors take, and what they say instead of an answer, as types: read from JSON, and described in OpenAPI."""

from typing import Any

import msgspec

Asked = dict[str, Any]


class Page(msgspec.Struct, forbid_unknown_fields=True):
    """What a page asks: a question, its language, whether to look for what to change."""

    asked: Asked
    lang: str | None = None
    changes: bool = True


class Curve(msgspec.Struct, forbid_unknown_fields=True):
    """A curve of a question over one of its settings, at values of one's own or at usual ones."""

    asked: Asked
    over: str
    values: list[int | float | str] | None = None
    lang: str | None = None


class First(msgspec.Struct, forbid_unknown_fields=True):
    """The first answer as HTML, to the question in an address."""

    q: str = ""
    lang: str | None = None


class Listing(msgspec.Struct, forbid_unknown_fields=True):
    """What is listed in a language."""

    lang: str | None = None


class Problem(msgspec.Struct, kw_only=True):
    """What is wrong: of which flag, with which value, what is allowed, the nearest of that; and in a sentence."""

    flag: str
    value: str | int | float | None
    allowed: list[str]
    nearest: str | None
    message: str


class Error(msgspec.Struct):
    """What stands in the place of an answer, as `vidcalc … --json` prints it."""

    error: Problem


def wrong(message: str) -> Problem:
    """What is wrong of no flag in particular."""
    return Problem(flag="", value=None, allowed=[], nearest=None, message=message)
