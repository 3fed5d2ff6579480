"""`vidcalc estimate`: everything about one job."""

from typing import Any

from vidcalc.faces.flags.catalogue import asked_for, flags, picture_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_


def estimate(as_json: bool, advise: bool = True, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Calculate and print, as a report or as JSON; `advise` what to change where it does not fit; write pictures."""
    from vidcalc.calculate import calculate
    from vidcalc.faces.answer import answer
    from vidcalc.faces.requests.estimate import request

    asked = request(given)
    report = calculate(*asked)
    if advise and report.memory.inference.margin < 0:
        from vidcalc.search.relief import advised

        report = advised(report, *asked)
    answer(report, as_json, "report", "chart", svg, png)


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
