"""The question in an address: "v1:model=wan2.1-t2v-14b&gpu=h100" after "?q=", as the page writes it.

A version before the colon keeps old links working; a name that stands several times has several values; names that
begin with a dot are the page's own.
"""

from typing import Any
from urllib.parse import unquote_plus

VERSION = "v1:"
LONGEST = 4000  # letters


def read(text: str) -> dict[str, Any]:
    """The question of an address; {} for one that is of no version here."""
    if not text.startswith(VERSION) or len(text) > LONGEST:
        return {}
    asked: dict[str, Any] = {}
    for pair in filter(None, text.removeprefix(VERSION).split("&")):
        name, equals, value = pair.partition("=")
        name, said = unquote_plus(name), unquote_plus(value) if equals else "true"
        if name.startswith("."):
            continue
        before = asked.get(name)
        if before is None:
            asked[name] = True if said == "true" else said
        else:
            asked[name] = [*(before if isinstance(before, list) else [before]), said]
    return asked
