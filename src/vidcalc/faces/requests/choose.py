"""From flags to a search for a machine: the job on each that may be had, and what the machine must keep to."""

from typing import Any

from vidcalc.base.errors import InputError, UnknownName
from vidcalc.base.units import HOUR
from vidcalc.catalog.load import names, resolve
from vidcalc.faces.flags.choose import USUAL_CLASSES, USUAL_MOST
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.spelled import command_line
from vidcalc.faces.requests.fit import changed, several
from vidcalc.faces.requests.short import amounts, refused
from vidcalc.faces.words import _
from vidcalc.rates.machines import accelerator
from vidcalc.report.choose import Choice, ChooseReport, Wanted
from vidcalc.search.scale import doubling
from vidcalc.search.short import taken
from vidcalc.search.ways import Base

OWN = ("deadline", "budget", "rate", "gpu", "gpus", "kinds", "shelf", "allow")


def job(given: dict[str, Any]) -> dict[str, Any]:
    """The flags of the job itself."""
    return {name: value for name, value in given.items() if value is not None and name not in OWN}


def wanted(given: dict[str, Any]) -> Wanted:
    """What a machine must keep to."""
    rate = given.get("rate")
    return Wanted(
        seconds=given.get("deadline"),
        cost=given.get("budget"),
        rate=None if rate is None else rate * HOUR,
        host_ram=given.get("host_ram"),
    )


def had(given: dict[str, Any]) -> tuple[dict[str, int], int]:
    """The most GPUs of each accelerator that may be had, by name, and how many are left out for want of a price.

    Raises Refused for flags that contradict each other.
    """
    most, kinds = given.get("gpus") or USUAL_MOST, given.get("kinds")
    if given.get("shelf"):
        for name in ("gpu", "kinds"):
            if given.get(name):
                flag = {"gpu": "--gpu", "kinds": "--class"}[name]
                raise Refused(flag, None, _("not together with --have, which settles it"), None, ())
        found: dict[str, int] = {}
        for name, count in given["shelf"]:
            id_ = _had(name)
            found[id_] = found.get(id_, 0) + count
        return {name: min(count, most) for name, count in found.items()}, 0
    chosen = given.get("gpu") or ()
    if chosen:
        return dict.fromkeys(chosen, most), 0
    chips = [each for each in map(accelerator, names("accelerators")) if each.kind in (kinds or USUAL_CLASSES)]
    of = given.get("provider")
    priced = [each for each in chips if any(of in (None, offer.provider) for offer in each.prices)]
    if not priced:
        expects = _("a class of GPUs with known prices; name one with --gpu")
        raise Refused("--class", ",".join(kinds or ()), expects, "consumer", USUAL_CLASSES)
    return {each.id: most for each in priced}, len(chips) - len(priced)


def _had(name: str) -> str:
    """The accelerator of a name on the shelf. Raises UnknownName("have", …)."""
    try:
        return resolve("accelerators", name)
    except UnknownName as unknown:
        unknown.flag = "have"
        raise


def machines(flags: dict[str, Any], most: dict[str, int], allow: tuple[str, ...], cut: str = "") -> list[list[Base]]:
    """The job on each machine, in every way of sharing it. Raises InputError where it can be asked of none.

    cut  what is cut in all of them, beside what may be: then none where it cannot be cut
    """
    found: list[list[Base]] = []
    refused: InputError | None = None
    for name, count in most.items():
        for gpus in doubling(count):
            try:
                bases = several({**flags, "gpu": name, "gpus": gpus}, allow, cut)
            except InputError as wrong:  # a framework that does not run there
                refused = refused or wrong
                continue
            if bases:
                found.append(bases)
    if not found and not cut:
        assert refused is not None
        raise refused
    return found


def command_of(flags: dict[str, Any], row: Choice) -> str:
    """The line that asks for one row alone."""
    return command_line("estimate", {**flags, "gpu": row.accelerator, **changed(row.changes)})


def refusal(report: ChooseReport, helps: str) -> Refused:
    """What comes nearest where no machine keeps to what is wanted; `helps` are flags with which one does."""
    near = report.near
    assert near is not None
    row = near.row
    amount = taken(near.at, row, row.capacity, row.cost or 0, report.wanted)
    values = {"gpus": row.gpus, "name": row.name, **amounts(near.at, *amount)}
    words = {
        "memory": _("no machine fits: {gpus} × {name} comes nearest and needs {needed} of {allowed}", **values),
        "host_ram": _(
            "no machine fits: {gpus} × {name} comes nearest and needs {needed} of host RAM, not {allowed}", **values
        ),
        "seconds": _("no machine fits: {gpus} × {name} comes nearest and takes {needed}, not {allowed}", **values),
        "cost": _("no machine fits: {gpus} × {name} comes nearest and costs {needed}, not {allowed}", **values),
    }[near.at]
    return refused(near.at, words, helps, {"seconds": "--deadline", "cost": "--budget"})
