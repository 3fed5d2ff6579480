"""Which program ran a row, by words of any of its columns; where none names it, that is said, never a silent default.

named    a column, the source's own address or its note names a program
maker    the source is the repository of the model's makers, whose script ran
assumed  nothing names one: what the makers' script and diffusers would take is then a range
"""

import re

import msgspec

from vidcalc.catalog import load
from vidcalc.catalog.frameworks import framework as profile
from vidcalc.catalog.frameworks import names as profiles
from vidcalc.catalog.models import model as described
from vidcalc.validate import text
from vidcalc.validate.sources import REPOSITORY, origin
from vidcalc.validate.table import Row

OFFICIAL, PLAIN = "official", "diffusers"  # the makers' own script; the library most others call
DATE = re.compile(r"\b20\d\d-[01]\d\b")
OWN = ("engine", "other_optim", "parallelism", "precision", "offload", "attention_backend")


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """Profile of data/frameworks/ it ran under, how that is known, and the other profiles it may have been.

    unprofiled  the program is named but has no profile
    """

    framework: str
    known: str
    others: tuple[str, ...] = ()
    unprofiled: bool = False

    @property
    def label(self) -> str:
        """The profile where it is known, else empty."""
        return "" if self.known == "assumed" or self.unprofiled else self.framework


def engine(row: Row, model: str) -> Engine:
    """The program of a row of a model of the catalogue (empty where it has none)."""
    found, rule = _engine(row, model), text.first("maker", model)
    if rule.get("pipeline") and found.framework.startswith(("xdit", PLAIN)):
        return msgspec.structs.replace(found, framework=str(rule["framework"]), others=())
    return found


def _engine(row: Row, model: str) -> Engine:
    whole = origin(row.source)
    told = "; ".join(getattr(row, column) for column in OWN)
    own = spoken(told)
    if own:
        return _named(own, row, model)
    read = of_repository(whole, model)
    if read:
        return Engine(framework=dated(read, model, row), known="maker" if read in _scripts() else "named")
    beside = spoken(row.source) or spoken(row.note)
    if beside:
        return _named(beside, row, model)
    plain, makers = dated(PLAIN, model, row), official(model)
    if whole in _makers(model):
        return Engine(framework=plain if makers in ("", PLAIN) else makers, known="maker", unprofiled=not makers)
    implied = text.first("implied", f"{told}; {row.note}").get("engine")
    maybe = (
        [str(implied), plain] if implied else [name for name in (makers, plain) if name not in ("", PLAIN)] or [plain]
    )
    return Engine(framework=maybe[0], known="assumed", others=tuple(maybe[1:]))


def spoken(words: str) -> str:
    """What words call a program: a profile, "official", "?" for one without a profile, or empty."""
    found = text.found("engine", words) if words else None
    if found is None:
        return ""
    match, rule = found
    name = str(rule["engine"]).format(*match.groups())
    return name if name in (OFFICIAL, PLAIN, *profiles()) else text.OPEN


def _named(name: str, row: Row, model: str) -> Engine:
    plain = dated(PLAIN, model, row)
    if name == text.OPEN:
        return Engine(framework=plain, known="named", unprofiled=True)
    if name == OFFICIAL:
        own = of_repository(origin(row.source), model)
        makers = own if own.endswith(OFFICIAL) else official(model)
        return Engine(framework=plain if makers in ("", PLAIN) else makers, known="named", unprofiled=not makers)
    return Engine(framework=dated(name, model, row), known="named")


def _scripts() -> frozenset[str]:
    """Profiles of makers' own scripts: each runs the models of its makers alone."""
    return frozenset(str(rule["framework"]) for rule in load.entry(text.KIND, "settings")["maker"])


def official(model: str) -> str:
    """The profile of the makers' own script of a model; empty where there is none."""
    name = str(text.first("maker", model).get("framework", "")) if model else ""
    return name if name in profiles() else ""


def of_repository(whole: str, model: str) -> str:
    """The profile that was read in a repository, unless it is a makers' script that does not run the model."""
    found = [name for name in profiles() if whole in _repositories(name)]
    fitting = [name for name in found if name not in _scripts() or official(model) == name]
    return fitting[0] if fitting else ""


def _repositories(name: str) -> set[str]:
    """The repositories that a profile was read in."""
    found = (
        REPOSITORY.match(part.strip()) for source in profile(name).sources for part in source.casefold().split(", ")
    )
    return {match.group(1).partition("@")[0] for match in found if match}


def _makers(model: str) -> set[str]:
    """The repositories that a model's configuration is from."""
    if not model:
        return set()
    found = (REPOSITORY.match(source.casefold()) for source in described(model).sources)
    return {match.group(1).partition("@")[0] for match in found if match}


def dated(program: str, model: str, row: Row) -> str:
    """A program's profile of about the time of a job: the date its source states, else that its model came out; and of
    torch no older than the card needs."""
    stated = sorted(DATE.findall(f"{row.source}; {row.note}"))
    released = stated[-1] if stated else described(model).released if model else ""
    if program == PLAIN and text.first("recent", row.gpu):
        return PLAIN
    rules = [rule for rule in load.entry(text.KIND, "settings")["age"] if rule["program"] == program]
    return next((str(rule["framework"]) for rule in rules if released and released < rule["before"]), program)
