"""What is answered where no door answers: in the shape of a refusal, in the language asked for."""

import msgspec
from starlette.requests import Request

from vidcalc.faces import words
from vidcalc.faces.web.answers import speaking
from vidcalc.faces.web.bodies import Error, wrong
from vidcalc.faces.words import N_, _

BUSY = N_("too many questions at once; ask again in a moment")
TOO_LONG = N_("the answer takes longer than {seconds} s, which is the most here")
BROKEN = N_("the program failed at this question; that is a fault of its own")
NOWHERE = N_("there is no {path} here")
TOO_LARGE = N_("the body is too large")
TOO_MANY = N_("at most {most} questions at once")


def failure(message: str, lang: str, **values: object) -> bytes:
    """{"error": …} with one of these messages."""
    with speaking(lang):
        return msgspec.json.encode(Error(wrong(_(message, **values))))


def language(request: Request) -> str:
    """The language that a request asks for: ?lang=, else the first that there are words for of Accept-Language."""
    known = words.languages()
    asked = request.query_params.get("lang", "")
    if asked in known:
        return asked
    for part in request.headers.get("accept-language", "").split(",")[:16]:
        word = part.partition(";")[0].strip().partition("-")[0].casefold()
        if word in known:
            return word
    return words.SOURCE
