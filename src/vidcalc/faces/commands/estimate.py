"""`vidcalc estimate`: everything about one job."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.catalogue import asked_for, flags, picture_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.estimate import Report


def result(given: dict[str, Any], advise: bool = True) -> "Report":
    """The report that the flags ask for; `advise` what to change where it does not fit. Raises InputError."""
    from vidcalc.base.number import is_array
    from vidcalc.calculate import calculate
    from vidcalc.faces.requests.estimate import request

    job = request(given)
    report = calculate(*job)
    memory = report.memory.inference
    swept = is_array(memory.margin) or is_array(report.time.inference.total) or not isinstance(memory.verdict, str)
    if not advise or swept or memory.verdict != "too_big":  # advice is about one job, not about a sweep
        return report
    from vidcalc.search.relief import advised

    return advised(report, job)


def estimate(as_json: bool, advise: bool = True, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Print what the flags ask for, as a report or as JSON; write pictures."""
    from vidcalc.faces.answer import answer

    answer(result(given, advise), as_json, "report", "chart", svg, png)


command = Command(
    "estimate",
    params=[*flags(asked_for("generate", "train")), *picture_flags()],
    callback=estimate,
    help=N_("What one job needs: memory, FLOPs, time, cost and energy, to generate and to train."),
    examples=(
        "vidcalc estimate -m wan2.1-t2v-14b",
        "vidcalc estimate -m wan2.1-t2v-1.3b -r 480p -f 81 --gpu rtx-4090",
        "vidcalc estimate -m wan2.1-t2v-14b --gpu rtx-4090 --svg stages.svg",
        "vidcalc estimate -p 3B -r 1080p --seconds 5 --gpu h100-sxm --json",
    ),
)
