"""The table of `vidcalc choose`: machines that keep to what is wanted, the cheapest first, and how to run the job."""

from vidcalc.faces.terminal.cells import Cell, Paint, clip, hanging, table
from vidcalc.faces.terminal.fit import lines as commands
from vidcalc.faces.terminal.numbers import data, duration, money, significant, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.report.choose import Choice, ChooseReport

SHOWN, LINES = 10, 3  # rows of the table, and commands below it; the rest are in the JSON
NAME = 30  # cells of a machine's name


def draw(report: ChooseReport, look: Look | None = None) -> str:
    """The whole page."""
    paint, cells = look or here()
    asked, machines = head(report, paint, cells), rows(report, paint)
    sections = (asked, machines, lines(report, paint, cells), notes(report, cells))
    return "\n\n".join("\n".join(section) for section in sections)


def head(report: ChooseReport, paint: Paint, cells: int) -> list[str]:
    """Which job, within what."""
    job, wanted = report.workload, report.wanted
    size = _("{width}×{height}, {frames} frames", **{name: job[name] for name in ("width", "height", "frames")})
    pieces = [
        size,
        _("{steps} steps", steps=whole(job["steps"])),
        report.framework,
        *([] if wanted.seconds is None else [f"≤ {duration(wanted.seconds)}"]),
        *([] if wanted.cost is None else [f"≤ {money(wanted.cost)}"]),
        *([] if wanted.rate is None else [_("{rate} videos/h", rate=significant(wanted.rate))]),
        *([] if wanted.host_ram is None else [_("host RAM {size}", size=data(wanted.host_ram))]),
    ]
    title = _("{model}: which GPU to take", model=report.title)
    return [paint(title, "title"), *hanging(" · ".join(pieces), cells)]


def rows(report: ChooseReport, paint: Paint) -> list[str]:
    """A line per machine; those that no other beats in time and cost at once are marked."""
    rate = report.wanted.rate is not None
    names = ("", "", _("time"), _("a video"), _("machines") if rate else _("an hour"), _("per GPU"), "")
    drawn: list[list[Cell]] = [[(name, "dim") for name in names]]
    for row in report.rows[:SHOWN]:
        style = "title" if row.front else ""
        hourly = "–" if row.per_hour is None else money(row.per_hour)
        fleet = f"{whole(row.machines)} × {hourly}"
        verdict: Cell = (label(VERDICTS, row.verdict), STYLES.get(row.verdict, ""))
        cost = "–" if row.cost is None else money(row.cost / report.workload["batch"])
        spent: tuple[Cell, ...] = ((duration(row.seconds), style), (cost, style))
        drawn.append([star(row), (machine(row), style), *spent, fleet if rate else hourly, data(row.device), verdict])
    return table(drawn, "<<>>>><", paint, gap=1)


def star(row: Choice) -> str:
    """The mark of a machine that none beats."""
    return "*" if row.front else " "


def machine(row: Choice) -> str:
    """How many of which."""
    return clip(f"{row.gpus} × {row.name.removeprefix('NVIDIA ').removeprefix('GeForce ')}", NAME)


def lines(report: ChooseReport, paint: Paint, cells: int) -> list[str]:
    """The commands of the first machines."""
    return commands(report.rows[:LINES], paint, cells)


def notes(report: ChooseReport, cells: int) -> list[str]:
    """What the marks mean, what prices rest on, and what is not shown."""
    found = hanging(_("No other machine is as fast, as cheap and as sure to fit."), cells, "  * ")
    if any(row.cost is not None for row in report.rows):
        paid = _("Prices are dated ranges of the first class of provider known: --json names it and the date.")
        found += hanging(paid, cells, "  · ")
    if report.unpriced:
        left = _("{count} GPUs without a known price are left out; --gpu looks at any.", count=report.unpriced)
        found += hanging(left, cells, "  · ")
    rest = len(report.rows) - SHOWN
    if rest > 0:
        found += hanging(_("{count} more in --json.", count=rest), cells, "  · ")
    return found
