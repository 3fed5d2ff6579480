"""Refuses flags of a generation that say nothing beside each other, or nothing at all: they were meant otherwise."""

from typing import Any

from vidcalc.describe.model import Model
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests.settings import flag_of
from vidcalc.faces.words import _
from vidcalc.passes.legal import depth

OF_GUIDANCE = ("guidance_mode", "guidance_interval")
SWAPPED = "block-swap"


def checked_together(asked: dict[str, Any], model: Model) -> None:
    """The flags that the user gave. Raises Refused."""
    _guided(asked)
    _swapped(asked, model)


def _guided(asked: dict[str, Any]) -> None:
    """Where guidance is off there is nothing to place."""
    if asked.get("guidance", 2) > 1:
        return
    for name in OF_GUIDANCE:
        if name in asked:
            raise Refused(flag_of(name), asked[name], _("only with a --guidance above 1"), None, ())


def _swapped(asked: dict[str, Any], model: Model) -> None:
    """Blocks that wait: some. More than there are means all of them, as in the programs that swap."""
    word, _colon, number = str(asked.get("offload", "")).partition(":")
    if word == SWAPPED and not int(number or asked.get("swapped_blocks") or 0):
        example = f"{SWAPPED}:{min(20, depth(model) or 20)}"
        expects = _("a number of blocks, such as {example}", example=example)
        raise Refused("--offload", asked["offload"], expects, example, (f"{SWAPPED}:N",))
