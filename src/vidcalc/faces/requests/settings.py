"""From flags to fields of a plan, each read as its setting is declared."""

from typing import Any

from vidcalc.describe.setting import Counted, Declared, Job, Published, Whole, declared
from vidcalc.describe.sharing import Sharing, of
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.words import _


def stated(given: dict[str, Any]) -> dict[str, Any]:
    """The flags that were given: without those that may be repeated and were not."""
    empty = {name for name, value in given.items() if isinstance(value, tuple) and len(value) == 0}
    return {name: value for name, value in given.items() if value is not None and name not in empty}


def flag_of(name: str) -> str:
    """The flag of a setting's name: "lora_rank" -> "--lora-rank"."""
    return "--" + name.replace("_", "-")


def fields(plan: type[Sharing], flags: dict[str, Any], model: str = "", *jobs: Job) -> dict[str, Any]:
    """The fields of a plan that flags settle, of those jobs or of any; without degrees, which settle each other.

    model  name of the model that published settings must be of
    Raises InputError for a setting that was not published for it and for flags that contradict each other.
    """
    settings: dict[str, Any] = {}
    for each in of(plan, *jobs):
        kind = each.setting.takes
        if isinstance(kind, Counted):
            settings |= _counted(each, kind, declared(plan), flags)
        elif each.setting.flag and each.setting.key in flags:
            settings |= _read(each, flags[each.setting.key], model)
    return settings


def _read(each: Declared, value: Any, model: str) -> dict[str, Any]:
    """What one flag settles."""
    kind = each.setting.takes
    if not isinstance(kind, Published):
        return {each.field: dict(each.setting.means).get(value, value)}
    if not isinstance(value, str):
        return {each.field: "stated", kind.share: value}
    from vidcalc.catalog.speedups import chosen

    return chosen(kind.kind, value, model)


def _counted(each: Declared, kind: Counted, others: dict[str, Declared], flags: dict[str, Any]) -> dict[str, Any]:
    """A word and the number it may carry: "block-swap:20" says both. Raises Refused."""
    word, _colon, number = str(flags.get(each.setting.key, "")).partition(":")
    settled: dict[str, Any] = {each.field: word} if word else {}
    for counted, field in kind.words:
        count = others[field].setting
        flag, stated = "--" + count.flag, flags.get(count.key)
        if number and word == counted:
            settled[field] = int(number) if isinstance(count.takes, Whole) else float(number)
            if stated not in (None, settled[field]):
                expects = _("not together with {flag}, which settles it", flag="--" + each.setting.flag)
                raise Refused(flag, None, expects, None, ())
        elif stated and word != counted and (word, field) not in kind.beside:
            ways = (counted, *(way for way, what in kind.beside if what == field))
            raise Refused(flag, None, _("only with --offload {way}", way=", ".join(ways)), None, ways)
    return settled
