"""Refuses what the framework that the user names does not have: a way of offloading or of sharing, an accelerator.

Where no framework is named the calculation goes on as diffusers runs the model, and a warning says what that lacks:
what was asked for may be of a program that has no profile.
"""

from typing import Any

from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.offered import having, made_by, near, offered
from vidcalc.describe.hardware import Accelerator
from vidcalc.describe.plan import GROUPED, WAYS
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _

WAY_OF = {field: way for way, field in WAYS.items()}


def checked(flags: dict[str, Any], chip: Accelerator) -> None:
    """The flags that the user gave, on an accelerator of that kind. Raises Refused."""
    _grouped(str(flags.get("offload_to", "pinned")), str(flags.get("offload", "")))
    name = flags.get("framework")
    if name is None:
        return
    _away(name, str(flags.get("offload", "")))
    _kept(name, str(flags.get("offload_to", "pinned")))
    degrees = {WAY_OF.get(field, field): degree for field, degree in (flags.get("parallel") or {}).items()}
    shared(name, {way: degree for way, degree in degrees.items() if degree != 1})
    _runs_on(name, flags, chip)


def _grouped(place: str, asked: str) -> None:
    """Groups alone wait elsewhere than in pinned memory."""
    if place != "pinned" and asked.partition(":")[0] not in GROUPED:
        raise Refused("--offload-to", place, _("only with --offload {way}", way=", ".join(GROUPED)), None, ("pinned",))


def _kept(name: str, place: str) -> None:
    """Weights wait elsewhere only where no copies of them stay in host memory."""
    if place != "pinned" and framework(name).runtime.kept:
        expects = _("pinned: {framework} keeps copies of all that is away", framework=name)
        raise Refused("--offload-to", place, expects, "pinned", ("pinned",))


def _away(name: str, asked: str) -> None:
    """Weights wait in a way that the framework has."""
    word, ways = asked.partition(":")[0], offered("offload", name)
    if not word or ways is None or word in ways:
        return
    expects = _("what {framework} has: {ways}", framework=name, ways=", ".join(ways))
    others = having("offload", word)
    if others:
        expects += "; " + _("frameworks with {way}: {names}", way=word, names=", ".join(others))
    raise Refused("--offload", asked, expects, near(word, ways), ways)


def shared(name: str, degrees: dict[str, int | None]) -> None:
    """A video is shared in ways that the framework has; a degree of None is any. Raises Refused."""
    ways = offered("parallel", name)
    wrong = next((way for way in degrees if ways is not None and way not in ways), None)
    if ways is None or wrong is None:
        return
    degree = "" if degrees[wrong] is None else f"={degrees[wrong]}"
    if ways:
        expects = _("what {framework} has: {ways}", framework=name, ways=", ".join(ways))
    else:
        expects = _("nothing: {framework} runs a video on one GPU", framework=name)
    others = having("parallel", wrong)
    if others:
        expects += "; " + _("frameworks with {way}: {names}", way=wrong, names=", ".join(others))
    raise Refused("--parallel", wrong + degree, expects, f"{ways[0]}{degree}" if ways else None, ways)


def _runs_on(name: str, flags: dict[str, Any], chip: Accelerator) -> None:
    """The accelerator is one that the framework runs on."""
    makers = offered("vendors", name)
    if makers is None or chip.vendor in makers:
        return
    chips = made_by(makers)
    expects = _("what {framework} runs on: {makers}", framework=name, makers=", ".join(makers))
    raise Refused("--gpu", flags.get("gpu", chip.id), expects, chips[-1], chips)
