"""The table of `vidcalc fit`: the largest jobs that fit, and the line that asks for each."""

from collections.abc import Sequence

from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table, typed
from vidcalc.faces.terminal.numbers import data, duration, money, significant, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.choose import Choice
from vidcalc.report.fit import FitReport, FitRow

SHOWN = 5  # rows; the rest are in the JSON
TITLES = {
    "frames": N_("{model}: the longest clip that fits"),
    "size": N_("{model}: the largest picture that fits"),
    "batch": N_("{model}: the most videos at once that fit"),
}
BOUNDS = {
    "memory": N_("One more does not fit into the memory of the GPU."),
    "host_ram": N_("One more does not fit into host RAM."),
    "seconds": N_("One more takes longer than --max-time."),
    "cost": N_("One more costs more than --max-cost."),
    "model": N_("The model accepts no more."),
    "search": N_("The search ends there."),
}


def draw(report: FitReport, look: Look | None = None) -> str:
    """The whole page."""
    paint, cells = look or here()
    shown = report.rows[:SHOWN]
    sections = (
        head(report, paint, cells),
        rows(report, shown, paint),
        lines(shown, paint, cells),
        notes(report, cells),
    )
    return "\n\n".join("\n".join(section) for section in sections if section)


def head(report: FitReport, paint: Paint, cells: int) -> list[str]:
    """Which job, on what, within what."""
    job, limits = report.workload, report.limits
    frames = _("{frames} frames", frames=whole(job["frames"]))
    size = f"{job['width']}×{job['height']}"
    pieces = [
        *([] if report.largest == "size" else [size]),
        *([] if report.largest == "frames" else [frames]),
        _("{steps} steps", steps=whole(job["steps"])),
        f"{report.gpus} × {report.name}" if report.gpus > 1 else report.name,
        data(report.capacity),
        report.framework,
        *([] if limits.host_ram is None else [_("host RAM {size}", size=data(limits.host_ram))]),
        *([] if limits.seconds is None else [f"≤ {duration(limits.seconds)}"]),
        *([] if limits.cost is None else [f"≤ {money(limits.cost)}"]),
    ]
    title = _(TITLES[report.largest], model=report.title)
    return [paint(title, "title"), *hanging(" · ".join(pieces), cells)]


def rows(report: FitReport, shown: list[FitRow], paint: Paint) -> list[str]:
    """A line per job."""
    names = ("", _("clip"), _("time"), _("a video"), _("per GPU"), "", _("host RAM"), _("cut"))
    drawn: list[list[Cell]] = [[(name, "dim") for name in names]]
    for place, row in enumerate(shown):
        style = "title" if place == 0 else ""
        cost = "–" if row.cost is None else money(row.cost)
        clip = _("{seconds} s", seconds=significant(row.video))
        verdict: Cell = (label(VERDICTS, row.verdict), STYLES.get(row.verdict, ""))
        spent: Cell = (duration(row.seconds), style)
        memory = data(row.device), verdict, data(row.host_ram)
        drawn.append([(size(report, row), style), clip, spent, cost, *memory, cut(row)])
    return table(drawn, ">>>>><><", paint, gap=1)


def size(report: FitReport, row: FitRow) -> str:
    """What is as large as it may be."""
    if report.largest == "frames":
        return _("{frames} frames", frames=whole(row.frames))
    return f"{row.width}×{row.height}" if report.largest == "size" else _("{count} at once", count=whole(row.batch))


def cut(row: FitRow) -> str:
    """What is cut in quality beside what was asked."""
    words = [str(value) for name, value in row.changes.items() if name in ("precision", "step_cache")]
    steps = [_("{steps} steps", steps=whole(row.steps))] if "steps" in row.changes else []
    return ", ".join([*words, *steps]) or "–"


def lines(shown: Sequence[FitRow | Choice], paint: Paint, cells: int) -> list[str]:
    """The command of each row, over several lines where one is too short."""
    return [paint(_("To look at one alone"), "dim"), *(line for row in shown for line in typed(row.command, cells))]


def notes(report: FitReport, cells: int) -> list[str]:
    """What ends the first row, what the model was made for, and what is not shown."""
    found = hanging(label(BOUNDS, report.bound), cells, "  · ")
    if any(not row.native for row in report.rows) and report.largest == "frames":
        made = _("The model was made for clips of up to {frames} frames.", frames=whole(report.native))
        found += hanging(made, cells, "  ! ")
    if any(row.verdict == "tight" for row in report.rows[:SHOWN]):
        found += hanging(
            _("A tight job may run out of memory: one reading in ten lies so far above the prediction."), cells, "  · "
        )
    rest = len(report.rows) - SHOWN
    if rest > 0:
        found += hanging(_("{count} more in --json.", count=rest), cells, "  · ")
    return found
