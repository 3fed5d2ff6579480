"""Every door of the API without HTTP: a name and a body as JSON, to a status and JSON. A page in a browser that runs
Python itself opens the same doors.

opened("page", b'{"asked": {"model": "ltx-2"}, "lang": "ko"}') -> (200, b'{"report": …, "said": …}')
"""

from typing import Any

import msgspec

from vidcalc.faces import words
from vidcalc.faces.emit import packed
from vidcalc.faces.web.answers import Refusal, document, refusals, speaking
from vidcalc.faces.web.bodies import Asked, Curve, Error, First, Listing, Page, wrong
from vidcalc.faces.words import _

OK, REFUSED = 200, 422
READ = "read"  # the door of files, whose body is one


def _page(body: Page) -> Any:
    from vidcalc.faces.web.page import page

    return page(body.asked, body.changes)


def _curve(body: Curve) -> Any:
    from vidcalc.faces.web.curve import curve

    return curve(body.asked, body.over, body.values)


def _catalog(body: Listing) -> Any:
    from vidcalc.faces.web.catalog import catalog

    return catalog()


def _words(body: Listing) -> Any:
    from vidcalc.faces.web.words import strings

    return strings()


def _first(body: First) -> Any:
    from vidcalc.faces.web.first import first

    return first(body.q)


def _openapi(body: Listing) -> Any:
    from vidcalc.faces.web.openapi import document as described

    return described()


DOORS: dict[str, tuple[type[Any], Any]] = {
    "page": (Page, _page),
    "curve": (Curve, _curve),
    "catalog": (Listing, _catalog),
    "words": (Listing, _words),
    "first": (First, _first),
    "openapi": (Listing, _openapi),
}


def opened(name: str, body: bytes, lang: str = words.SOURCE) -> tuple[int, bytes]:
    """(status, JSON) of a door, or of the command of that name; a refusal is 422 with what the command line says.

    lang  where the body names none
    """
    kind, does = DOORS.get(name, (Asked, None))
    try:
        asked = msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as raised:
        with speaking(lang):
            return REFUSED, unreadable(str(raised))
    try:
        with speaking(getattr(asked, "lang", None) or lang), refusals():
            return OK, packed(does(asked) if does else document(name, asked))
    except Refusal as refused:
        return REFUSED, msgspec.json.encode({"error": refused.as_dict()})


def received_file(name: str, content: bytes, lang: str, folder: str) -> tuple[int, bytes]:
    """(status, JSON) of the door of files: the question that one asks.

    folder  an empty one that may be written
    """
    from vidcalc.faces.web.read import read

    try:
        with speaking(lang), refusals():
            return OK, msgspec.json.encode(read(name, content, folder))
    except Refusal as refused:
        return REFUSED, msgspec.json.encode({"error": refused.as_dict()})


def unreadable(reason: str) -> bytes:
    """The refusal of a body that is no question."""
    message = _("the body is no JSON that is taken here: {reason}", reason=reason)
    return msgspec.json.encode(Error(wrong(message)))
