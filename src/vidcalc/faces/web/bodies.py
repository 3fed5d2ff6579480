"""What the doors take, as types: read from JSON, and described in OpenAPI."""

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


class Explain(msgspec.Struct, forbid_unknown_fields=True):
    """The chain behind a number of a report, by its place in the JSON."""

    asked: Asked
    path: str
    lang: str | None = None


class First(msgspec.Struct, forbid_unknown_fields=True):
    """The first answer as HTML, to the question in an address."""

    q: str = ""
    lang: str | None = None


class Listing(msgspec.Struct, forbid_unknown_fields=True):
    """What is listed in a language."""

    lang: str | None = None
