"""`vidcalc estimate`: everything about one job."""

from typing import Any

from vidcalc.faces.flags import ALL, flags, picture_flags
from vidcalc.faces.group import Command
from vidcalc.words import N_


def estimate(as_json: bool, advise: bool = True, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Calculate and print, as a report or as JSON; `advise` what to change where it does not fit; write pictures."""
    from vidcalc.calculate import calculate
    from vidcalc.faces.request import request

    asked = request(given)
    report = calculate(*asked)
    if advise and report.memory.inference.margin < 0:
        from vidcalc.search.relief import advised

        report = advised(report, *asked)
    if svg is not None or png is not None:
        from vidcalc.faces.picture.chart import chart
        from vidcalc.faces.picture.write import write

        write(lambda: chart(report), svg, png)
    if as_json:
        from vidcalc.faces.emit import emit

        emit(report)
    else:
        from vidcalc.faces.terminal.page import show
        from vidcalc.faces.terminal.report import draw

        show(draw(report))


command = Command(
    "estimate",
    params=[*flags(ALL), *picture_flags()],
    callback=estimate,
    help=N_("What one job needs: memory, FLOPs, time, cost and energy, to generate and to train."),
    examples=(
        "vidcalc estimate -m wan2.1-t2v-14b",
        "vidcalc estimate -m wan2.1-t2v-1.3b -r 480p -f 81 --gpu rtx-4090",
        "vidcalc estimate -m wan2.1-t2v-14b --gpu rtx-4090 --svg stages.svg",
        "vidcalc estimate -p 3B -r 1080p --seconds 5 --gpu h100-sxm --json",
    ),
)
