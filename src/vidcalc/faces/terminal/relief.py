"""What a job lacks that does not fit, stage by stage, and what to change so that it does."""

from typing import Any

from vidcalc.describe.plan import WAYS
from vidcalc.faces.terminal.cells import Cell, Paint, hanging, table, width
from vidcalc.faces.terminal.memory import titled
from vidcalc.faces.terminal.numbers import data, duration
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import STAGES, VERDICTS, label
from vidcalc.report.estimate import Relief, Report

WAY_OF = {field: way for way, field in WAYS.items()}
SPELLED = {"batch": "batch_size"}  # fields whose flag is called otherwise
MORE_HOST = N_("Nothing that was tried takes so little host memory: it takes a machine with more of it.")
SAME = 0.005  # of the time: less is no difference worth a figure


def relief(report: Report, paint: Paint, cells: int, most: int | None = None) -> list[str]:
    """The missing bytes of each stage that is too large, and a line per way out, the first `most` of them."""
    memory = report.memory.inference
    short = [row for row in memory.stages if row.missing > 0]
    room = memory.host_room
    beside = room is not None and room.verdict == "too_big" and room.limit != "shared"
    if not short and not memory.relief and not beside:
        return []
    missing = ", ".join(f"{label(STAGES, row.id)} {data(row.missing)}" for row in short)
    lines = hanging(missing, cells, "  " + _("Missing:") + " ", "    ") if short else []
    if beside and not short and not memory.relief:
        lines += hanging(_(MORE_HOST), cells, "  ", "  ")
    if memory.relief:
        rows: list[list[Cell]] = [
            [flags(way.changes), data(way.peak), taking(way, report.time.inference.total)]
            for way in memory.relief[:most]
        ]
        lines += stacked(rows, "<><", paint, cells)
    right = _("peak, time") if short or memory.relief else ""
    return [titled(_("What to change"), right, paint, cells), *lines]


def stacked(rows: list[list[Cell]], aligns: str, paint: Paint, cells: int) -> list[str]:
    """The table; where it is wider than the page each row in two lines, its first column on one of its own."""
    if max(width(line) for line in table(rows, aligns, Paint(False))) <= cells:
        return table(rows, aligns, paint)
    rest = table([["", *row[1:]] for row in rows], aligns, paint)
    return [line for row, below in zip(rows, rest, strict=True) for line in (*hanging(str(row[0]), cells, "  "), below)]


def flags(changes: dict[str, Any]) -> str:
    """The changes as a command line has them: "--vae-tiling default --offload model"."""
    given = {name: value for name, value in changes.items() if name not in ("width", "height")}
    words = [spelled(name, value) for name, value in given.items()]
    if "width" in changes or "height" in changes:
        words.append(f"--resolution {changes['width']}x{changes['height']}")
    return " ".join(words)


def spelled(name: str, value: Any) -> str:
    """One field's change: a way of sharing stands beside those that are there."""
    if name in WAY_OF:
        return f"--parallel …,{WAY_OF[name]}={value}"
    return f"--{SPELLED.get(name, name).replace('_', '-')} {value}"


def taking(way: Relief, whole: float) -> str:
    """How much longer or shorter a generation takes with a way out, and whether that only just fits."""
    return ", ".join([difference(way.slower, whole), *unsure(way.verdict)])


def unsure(verdict: str) -> list[str]:
    """The word for a way out that does not surely fit; none for one that does."""
    return [] if verdict == "fits" else [label(VERDICTS, verdict)]


def difference(seconds: float, whole: float) -> str:
    """How much longer or shorter a generation takes: "+3 min 5 s"."""
    if abs(seconds) < SAME * whole:
        return _("same time")
    return ("+" if seconds > 0 else "−") + duration(abs(seconds))
