"""Refuses flags of a generation that say nothing beside each other: they were meant otherwise."""

from typing import Any

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests.settings import flag_of
from vidcalc.faces.words import _

INTERVAL = "guidance_interval"


def checked_together(asked: dict[str, Any]) -> None:
    """The flags that the user gave: where guidance is off there is no part of the steps to guide. Raises Refused."""
    if asked.get("guidance", 2) <= 1 and INTERVAL in asked:
        raise Refused(flag_of(INTERVAL), asked[INTERVAL], _("only with a --guidance above 1"), None, ())
