"""From the flags of a sweep to what is asked, checked before any work."""

from typing import Any

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.sweep import MOST_KEPT
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.axes import SETTINGS
from vidcalc.faces.words import _
from vidcalc.search.sweeps.columns import COLUMNS, HEADLINE
from vidcalc.search.sweeps.keep import Key


def asked_of(given: dict[str, Any], every: bool) -> Asked:
    """What the flags ask for; `every` column where they name none. Raises InputError."""
    settings = {name: given[name] for name in SETTINGS if given.get(name) is not None}
    columns = given.get("columns") or (tuple(COLUMNS) if every or given.get("output") else HEADLINE)
    order, best = given.get("sort"), given.get("pareto") or ()
    asked = Asked(settings, columns, given.get("where") or "", order[0] if order else None, 0, best)
    asked.reserve = given.get("reserved") or "auto"
    asked.top = _kept(asked, given)
    _whole(asked)
    return asked


def _kept(asked: Asked, given: dict[str, Any]) -> int:
    """How many rows an order keeps. Raises Refused for flags that say nothing alone."""
    top = given.get("top")
    if asked.order is None and top is not None:
        raise Refused("--top", top, _("only together with {flags}", flags="--sort"), None, ())
    if asked.order is not None and asked.best:
        raise Refused("--sort", None, _("not together with {flag}, which settles it", flag="--pareto"), None, ())
    for flag in ("ray_address",) if given.get("engine") != "ray" else ():
        if given.get(flag):
            raise Refused("--ray-address", given[flag], _("only together with {flags}", flags="--engine ray"), None, ())
    if given.get("resume") and not given.get("output"):
        raise Refused("--resume", None, _("only together with {flags}", flags="--output"), None, ())
    if asked.order is None or top is not None:
        return int(top or 0)
    if asked.combined.rows > MOST_KEPT:
        expects = _("together with --top N: there are {count} rows", count=f"{asked.combined.rows:,}")
        raise Refused("--sort", asked.order.name, expects, None, ())
    return asked.combined.rows


def _whole(asked: Asked) -> None:
    """What can be wrong with a sweep as a whole: a key that does not vary, a first combination that nobody takes."""
    keys = (*((("--sort", asked.order),) if asked.order else ()), *(("--pareto", key) for key in asked.best))
    for flag, key in keys:
        _ordered(asked, flag, key)
    asked.condition  # noqa: B018
    if not any(axis.name in ("model", "params", "from") for axis in asked.axes):
        asked.combined.question(asked.combined.combination(0))  # says what is missing


def _ordered(asked: Asked, flag: str, key: Key) -> None:
    """A key is a number of every row. Raises Refused."""
    words = key.name in COLUMNS and COLUMNS[key.name].kind == "word"
    if words or asked.settings.get(key.name, key.name not in COLUMNS):
        numbers = [name for name, column in COLUMNS.items() if column.kind == "number"]
        raise Refused(flag, key.name, _("a column of numbers: {names}", names=", ".join(numbers)), None, tuple(numbers))
