"""What is answered where no door answers: in the shape of a refusal, in the language asked for."""

import msgspec

from vidcalc.faces.web.answers import speaking
from vidcalc.faces.words import N_, _

BUSY = N_("too many questions at once; ask again in a moment")
TOO_LONG = N_("the answer takes longer than {seconds} s, which is the most here")
BROKEN = N_("the program failed at this question; that is a fault of its own")
NOWHERE = N_("there is no {path} here")
TOO_MANY = N_("at most {most} questions at once")


def failure(message: str, lang: str, **values: object) -> bytes:
    """{"error": …} with one of these messages."""
    with speaking(lang):
        said: dict[str, object] = {
            "flag": "",
            "value": None,
            "allowed": [],
            "nearest": None,
            "message": _(message, **values),
        }
    return msgspec.json.encode({"error": said})
