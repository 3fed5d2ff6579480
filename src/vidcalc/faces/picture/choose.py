"""The machines for a job as points: time of a generation across, its cost upwards.

picture = chart(report)
"""

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.picture.front import TIMES
from vidcalc.faces.picture.points import Axis, Point, drawn
from vidcalc.faces.picture.shapes import Picture
from vidcalc.faces.terminal.choose import machine
from vidcalc.faces.terminal.numbers import data, duration, money
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.choose import Choice, ChooseReport

CENTS = tuple(step * 10.0**power for power in range(-4, 8) for step in (1, 2, 5))


def chart(report: ChooseReport) -> Picture:
    """The picture of a report, in the language in use; of the machines with a price. Raises Refused where none has."""
    priced = [row for row in report.rows if row.cost is not None]
    if not priced:
        expects = _("needs machines with a known price, such as --gpu 4090,price=0.4USD/h")
        raise Refused("--svg", None, expects, None, ())
    job = report.workload
    size = _("{width}×{height}, {frames} frames", **{name: job[name] for name in ("width", "height", "frames")})
    title = _("{model}: which GPU to take", model=report.title)
    across = Axis(_("time of a generation"), duration, TIMES)
    upwards = Axis(_("cost of a generation"), money, CENTS)
    points = [Point(row.seconds, row.cost or 0, words(row), row.front) for row in priced]
    return drawn(title, f"{size} · {report.framework}", across, upwards, points)


def words(row: Choice) -> str:
    """A machine in words."""
    pieces = [
        machine(row),
        duration(row.seconds),
        money(row.cost),
        f"{data(row.device)} ({label(VERDICTS, row.verdict)})",
    ]
    return " · ".join(pieces)
