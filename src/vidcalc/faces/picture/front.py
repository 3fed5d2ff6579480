"""The front of plans as points: time of the run across, memory of a GPU upwards, the winner marked."""

from vidcalc.faces.picture.chart import COLOURS, EDGE, GRID, HEAD, INK, LIMIT, PALE, SMALL, TEXT, WIDTH
from vidcalc.faces.picture.shapes import Box, Line, Picture, Words, length
from vidcalc.faces.terminal.numbers import data, duration, whole
from vidcalc.faces.terminal.plan import way
from vidcalc.faces.words import _
from vidcalc.report.plan import PlanReport, PlanRow

HEIGHT = 360  # of the plot
DOT, BIG = 9, 13
STEPS = 6  # lines of an axis at most
AMOUNTS = tuple(2.0**power for power in range(20, 45))  # bytes apart
TIMES = (
    *(1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 7200.0, 14_400.0, 28_800.0),
    *(86_400.0 * days for days in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10**5, 10**7, 10**9)),
)  # seconds apart
POINT, FIRST = COLOURS["denoiser"][0], COLOURS["activations"][0]


def chart(report: PlanReport) -> Picture:
    """The picture of a report, in the language in use. Nothing may be missing: some plan fits."""
    rows, winner = report.front, report.best[0]
    left, top = EDGE + 84, EDGE + 92
    right, bottom = WIDTH - EDGE - 12, top + HEIGHT
    longest, largest = max(row.seconds for row in rows) * 1.05, report.capacity * 1.06
    title = f"{report.model.title} · {_('Front of time and memory')}"
    machine = f"{whole(winner.gpus)} × {report.hardware.name} · " + _(
        "global batch {count}", count=whole(report.global_batch)
    )
    shapes: list[Box | Line | Words] = [
        Words(EDGE, EDGE + HEAD, title, HEAD, INK, bold=True),
        Words(EDGE, EDGE + HEAD + 22, machine, TEXT, PALE),
    ]

    def place(seconds: float, nbytes: float) -> tuple[float, float]:
        return left + seconds / longest * (right - left), bottom - nbytes / largest * HEIGHT

    for value in steps(largest, AMOUNTS):
        _x, y = place(0, value)
        name = data(value).replace(".00", "").replace(".0 ", " ")
        shapes += [Line(left, y, right, y, GRID), Words(left - 8, y + 4, name, SMALL, PALE, "end")]
    for value in steps(longest, TIMES):
        x, _y = place(value, 0)
        shapes += [Line(x, top, x, bottom, GRID), Words(x, bottom + 18, duration(value), SMALL, PALE, "middle")]
    _x, limit = place(0, report.capacity)
    holds = _("GPU memory {size}", size=data(report.capacity))
    shapes += [Line(left, limit, right, limit, LIMIT, 2), Words(right, limit - 6, holds, SMALL, LIMIT, "end")]
    for row in rows:
        x, y = place(row.seconds, row.peak)
        side, colour = (BIG, FIRST) if same(row, winner) else (DOT, POINT)
        shapes.append(Box(x - side / 2, y - side / 2, side, side, colour, point(row)))
    below = bottom + 50
    shapes += [Box(EDGE, below - 12, BIG, BIG, FIRST), Words(EDGE + 22, below, point(winner), SMALL, INK)]
    if length(point(winner), SMALL) > WIDTH - 2 * EDGE - 22:
        shapes[-1] = Words(EDGE + 22, below, way(winner), SMALL, INK)
    beside = _("Time of the run across, memory of each GPU upwards.")
    shapes.append(Words(EDGE, below + 26, beside, SMALL, PALE))
    return Picture(WIDTH, below + 26 + EDGE, title, "; ".join(map(point, rows)) + f". {holds}.", tuple(shapes))


def point(row: PlanRow) -> str:
    """A plan in words: time, memory and way."""
    return f"{duration(row.seconds)} · {data(row.peak)} · {way(row)}"


def same(row: PlanRow, winner: PlanRow) -> bool:
    """Whether a point of the front is the winner."""
    return (row.seconds, row.peak) == (winner.seconds, winner.peak)


def steps(longest: float, apart: tuple[float, ...]) -> list[float]:
    """Amounts from 0 on as far apart as the axis has room for."""
    step = next((step for step in apart if longest / step <= STEPS), longest)
    return [place * step for place in range(int(longest / step) + 1)]
