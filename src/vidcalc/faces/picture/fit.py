"""The largest jobs that fit as points: time of a generation across, how large the job is upwards.

picture = chart(report)
"""

from vidcalc.faces.picture.front import TIMES
from vidcalc.faces.picture.points import Axis, Point, drawn
from vidcalc.faces.picture.shapes import Picture
from vidcalc.faces.terminal.fit import TITLES, cut, size
from vidcalc.faces.terminal.numbers import data, duration, whole
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.fit import FitReport, FitRow

TENS = tuple(step * 10.0**power for power in range(10) for step in (1, 2, 5))
UPWARDS = {"frames": N_("frames"), "size": N_("pixels of a frame"), "batch": N_("videos at once")}


def chart(report: FitReport) -> Picture:
    """The picture of a report, in the language in use."""
    title = _(TITLES[report.largest], model=report.title)
    beneath = f"{report.gpus} × {report.name} · {data(report.capacity)} · {report.framework}"
    across = Axis(_("time of a generation"), duration, TIMES)
    upwards = Axis(label(UPWARDS, report.largest), whole, TENS)
    points = [
        Point(row.seconds, amount(report, row), words(report, row), row.verdict == "fits" and row.native)
        for row in report.rows
    ]
    return drawn(title, beneath, across, upwards, points)


def amount(report: FitReport, row: FitRow) -> float:
    """How large a job is."""
    return float({"frames": row.frames, "size": row.width * row.height, "batch": row.batch}[report.largest])


def words(report: FitReport, row: FitRow) -> str:
    """A job in words."""
    pieces = [size(report, row), duration(row.seconds), f"{data(row.device)} ({label(VERDICTS, row.verdict)})"]
    ways = [str(value) for name, value in row.changes.items() if name == "offload"]
    return " · ".join([*pieces, *ways, *([] if cut(row) == "–" else [cut(row)])])
