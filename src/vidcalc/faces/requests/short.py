"""The refusal of a search that finds nothing: what comes nearest, in words, and the flag that it does not keep to."""

from collections.abc import Callable, Mapping

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.terminal.numbers import data, duration, money
from vidcalc.faces.words import _

SAID: Mapping[str, Callable[[float], str]] = {"memory": data, "host_ram": data, "seconds": duration, "cost": money}
FLAGS = {"memory": "--gpu", "host_ram": "--host-ram"}


def amounts(at: str, needed: float, allowed: float) -> dict[str, str]:
    """What is needed and what there is, in words."""
    return {"needed": SAID[at](needed), "allowed": SAID[at](allowed)}


def refused(at: str, words: str, helps: str, flags: Mapping[str, str]) -> Refused:
    """The refusal; `helps` are flags with which something is found, `flags` those of seconds and cost."""
    if helps:
        words += "; " + _("what helps: {ways}", ways=helps)
    return Refused({**FLAGS, **flags}[at], None, words, None, ())
