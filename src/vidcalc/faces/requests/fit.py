"""From flags to a search for the largest job: what was asked, what may be tried instead, and the limits.

What may change beside offload and tiles is asked for as its own flags would: so a row's command gives that row.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from vidcalc.base.errors import InputError
from vidcalc.catalog.precisions import precision
from vidcalc.describe.plan import WAYS
from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.spelled import command_line, flag_line
from vidcalc.faces.requests.estimate import request as asked_for
from vidcalc.faces.requests.short import amounts, refused
from vidcalc.faces.words import _
from vidcalc.rates.machines import placed
from vidcalc.report.fit import FitReport, FitRow
from vidcalc.search import rungs
from vidcalc.search.relief import FEWER_BITS
from vidcalc.search.rungs import Ladder
from vidcalc.search.sharing import plans, used
from vidcalc.search.short import taken
from vidcalc.search.ways import FREE, Base

OWN = ("largest", "max_time", "max_cost", "allow")
SETTLED = {"frames": ("frames", "seconds"), "size": (), "batch": ("batch_size",)}  # by what is to be largest
MOST = 64  # GPUs among which ways of sharing a video are searched
FEWER_STEPS = (3 / 4, 1 / 2)  # of the steps asked for


def without_own(given: dict[str, Any]) -> dict[str, Any]:
    """The flags of the job itself."""
    return {name: value for name, value in given.items() if value is not None and name not in OWN}


def bases(given: dict[str, Any], allow: tuple[str, ...], largest: str = "frames", cut: str = "") -> list[Base]:
    """What the flags ask for, first, and the same with what may be cut; on several GPUs, in every way of sharing it.

    largest  what the ladder settles: a model made from a count has no length of its own;  cut  as of `several`
    Raises InputError, also for a number of GPUs that cannot share the job.
    """
    if "parallel" not in given and given.get("gpus", 1) > MOST:
        raise Refused(
            "--gpus", given["gpus"], _("a whole number from {low} to {high}", low=1, high=MOST), str(MOST), (MOST,)
        )
    length = {"frames": 1} if "params" in given and largest == "frames" and "seconds" not in given else {}
    found = several({**length, **given, "snap": True}, allow, cut)
    if not found and not cut:
        expects = _("a number of GPUs that --framework can share the video among")
        raise Refused("--gpus", given["gpus"], expects, "1", (1,))
    return found


def several(flags: dict[str, Any], allow: tuple[str, ...], cut: str = "") -> list[Base]:
    """The same; none where so many GPUs cannot share the job. Raises InputError.

    cut  what is cut in every one of them, beside what may be: those that there are not without it
    """
    first = _one(flags)
    words = [word for word in ("precision", "cache", "steps") if word == cut or word in allow]
    cuts = {word: _cut(flags, first, word) for word in words}
    found = [] if cut else [*_shared(Base({}, first), flags)]
    for picked in product(*(choices if word == cut else [{}, *choices] for word, choices in cuts.items())):
        changes = {name: value for one in picked for name, value in one.items()}
        if not changes:
            continue
        try:
            question = _one({**flags, **changes})
        except InputError:  # settings that do not go together
            continue
        found += _shared(Base(changes, question), flags)
    return found


def _one(flags: dict[str, Any]) -> Question:
    """One job on one GPU, or shared as the flags say."""
    rest = flags if "parallel" in flags else {name: value for name, value in flags.items() if name != "gpus"}
    return asked_for(rest)


def _shared(base: Base, flags: dict[str, Any]) -> Iterator[Base]:
    """A base on as many GPUs as the flags say, in every way that its framework can share a video among them."""
    count = flags.get("gpus", 1)
    if "parallel" in flags or count == 1:
        yield base
        return
    machine = placed(base.question.hardware, count)
    for each in plans(base.question._replace(hardware=machine), count):
        degrees = {WAYS[way]: degree for way, degree in used(each.plan).items()}
        yield Base({**base.changes, **degrees}, each)


def _cut(flags: dict[str, Any], asked: Question, word: str) -> list[dict[str, Any]]:
    """Flags that cut quality in one respect, as far as nobody stated it."""
    plan = asked.plan
    if word == "precision":
        chosen = precision(plan.precision)
        fewer = [name for name in FEWER_BITS if precision(name).compute == chosen.compute]
        return [{"precision": name} for name in fewer if "precision" not in flags and chosen.covers == "all"]
    if word == "steps":
        steps = int(asked.workload.steps)
        counts = dict.fromkeys(max(1, round(steps * share)) for share in FEWER_STEPS)
        return [{"steps": count} for count in counts if count < steps]
    from vidcalc.catalog.caches import methods, read
    from vidcalc.catalog.reach import hooked, works

    class_, stacked = asked.model.denoiser.class_, plan.guidance_mode not in ("sequential", "fitting")
    caches = {name: read(name) for name in methods()} if "step_cache" not in flags else {}
    useful = [name for name, cache in caches.items() if works(cache, class_, stacked) and hooked(cache, class_)]
    return [{"step_cache": name} for name in useful]


def ladder(question: Question, flags: dict[str, Any], largest: str) -> Ladder:
    """The jobs that are tried. Raises Refused for a flag that settles what is searched."""
    for name in SETTLED[largest]:
        if name in flags:
            flag = "--" + name.replace("_", "-")
            expects = _("not together with --largest {word}, which settles it", word=largest)
            raise Refused(flag, None, expects, None, ())
    if largest == "size":
        return rungs.sizes(question.model, question.workload)
    if largest == "batch":
        return rungs.batches(question.workload)
    return rungs.lengths(question.model, question.workload)


def free(flags: dict[str, Any]) -> tuple[str, ...]:
    """The settings that nobody stated."""
    return tuple(name for name in FREE if name not in flags)


def command_of(flags: dict[str, Any], row: FitRow) -> str:
    """The line that asks for one row alone: the flags asked for, the size of its job, and what it changes."""
    asked = {name: value for name, value in flags.items() if name not in ("snap", "seconds")}
    asked.update(frames=row.frames, resolution=(row.width, row.height))
    if row.batch != 1:
        asked["batch_size"] = row.batch
    further = changed(row.changes)
    if "parallel" in further:
        asked.pop("gpus", None)
    return command_line("estimate", {**asked, **further})


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Changed fields as flags."""
    flags = {name: value for name, value in changes.items() if name not in WAYS.values()}
    degrees = {name: value for name, value in changes.items() if name not in flags}
    swapped = flags.pop("swapped_blocks", None)
    if swapped is not None:
        flags["offload"] = f"{flags['offload']}:{swapped}"
    return {**flags, "parallel": degrees} if degrees else flags


def refusal(report: FitReport, helps: str) -> Refused:
    """What the smallest job needs where nothing fits; `helps` are flags with which something does."""
    lacking = report.lacking
    assert lacking is not None
    row = lacking.row
    amount = taken(lacking.at, row, report.capacity, row.batch * (row.cost or 0), report.limits)
    job = _("{width}×{height}, {frames} frames", width=row.width, height=row.height, frames=row.frames)
    sizes = {"job": job, **amounts(lacking.at, *amount), "way": flag_line(changed(row.changes)) or _("as asked")}
    words = {
        "memory": _("nothing fits: the smallest job ({job}) needs {needed} of {allowed} with {way}", **sizes),
        "host_ram": _("nothing fits: the smallest job ({job}) needs {needed} of host RAM, not {allowed}", **sizes),
        "seconds": _("nothing fits: the smallest job ({job}) takes {needed}, not {allowed}", **sizes),
        "cost": _("nothing fits: the smallest job ({job}) costs {needed}, not {allowed}", **sizes),
    }[lacking.at]
    return refused(lacking.at, words, helps, {"seconds": "--max-time", "cost": "--max-cost"})
