"""Every door of the API without HTTP: a name and a body as JSON, to a status and JSON. A page in a browser that runs
Python itself opens the same doors.

opened("page", b'{"asked": {"model": "ltx-2"}, "lang": "ko"}') -> (200, b'{"report": …, "said": …}')
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from vidcalc.faces import words
from vidcalc.faces.web.answers import Refusal, document, refusals, speaking
from vidcalc.faces.words import _

OK, REFUSED = 200, 422
DEEP = 64  # levels of a body

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


class Listing(msgspec.Struct, forbid_unknown_fields=True):
    """What is listed in a language."""

    lang: str | None = None


def _page(body: Page) -> Any:
    from vidcalc.faces.web.page import page

    return page(body.asked, body.changes)


def _curve(body: Curve) -> Any:
    from vidcalc.faces.web.curve import curve

    return curve(body.asked, body.over, body.values)


def _explain(body: Explain) -> Any:
    return document("explain", {**body.asked, "quantity": body.path})


def _catalog(body: Listing) -> Any:
    from vidcalc.faces.web.catalog import catalog

    return catalog()


def _words(body: Listing) -> Any:
    from vidcalc.faces.web.words import strings

    return strings()


DOORS: dict[str, tuple[type[Any], Any]] = {
    "page": (Page, _page),
    "curve": (Curve, _curve),
    "explained": (Explain, _explain),
    "catalog": (Listing, _catalog),
    "words": (Listing, _words),
}


def opened(name: str, body: bytes, lang: str = words.SOURCE) -> tuple[int, bytes]:
    """(status, JSON) of a door, or of the command of that name; a refusal is 422 with what the command line says.

    lang  where the body names none
    """
    kind, does = DOORS.get(name, (Asked, None))
    try:
        asked = _decoded(body or b"{}", kind)
        with speaking(getattr(asked, "lang", None) or lang), refusals():
            return OK, msgspec.json.encode(does(asked) if does else document(name, asked))
    except Refusal as refused:
        return REFUSED, msgspec.json.encode({"error": refused.as_dict()})
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as wrong:
        if not isinstance(wrong, msgspec.MsgspecError | UnicodeDecodeError):
            raise
        with speaking(lang):
            return REFUSED, msgspec.json.encode({"error": unreadable(str(wrong))})


def _decoded(body: bytes, kind: type[Any]) -> Any:
    """A body as a door takes it. Raises MsgspecError."""
    return msgspec.json.decode(body, type=kind)


def unreadable(reason: str) -> Mapping[str, Any]:
    """The refusal of a body that is no question."""
    message = _("the body is no JSON that is taken here: {reason}", reason=reason)
    return {"flag": "", "value": None, "allowed": [], "nearest": None, "message": message}
