"""The page of `vidcalc sweep`: its first rows as a table, how many there are, and what was left out."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vidcalc.faces.terminal.cells import Cell, hanging, table
from vidcalc.faces.terminal.numbers import data, duration, energy, hours, money, whole
from vidcalc.faces.terminal.overview import STYLES
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.ids import VERDICTS, label
from vidcalc.search.sweeps.columns import COLUMNS, HEADLINE

if TYPE_CHECKING:
    from vidcalc.faces.sweeping.asked import Asked
    from vidcalc.faces.sweeping.run import Interrupted, Swept

WIDEST = 15  # columns of results beyond which a page shows the first of them
MOST = 200  # rows that a page shows
REASONS = 10
# what the commonest columns are called in a table; --where, --sort and --columns take their names
HEADS = {
    "model": N_("model"),
    "frames": N_("frames"),
    "gpu": N_("gpu"),
    "gpus": N_("gpus"),
    "resolution": N_("resolution"),
    "verdict": N_("verdict"),
    "device": N_("device"),
    "seconds": N_("seconds"),
    "cost": N_("cost"),
}
SPELLED: dict[str, Callable[[Any], str]] = {
    "byte": data,
    "second": duration,
    "USD": money,
    "joule": energy,
    "GPU hour": hours,
    "token": whole,
}


def draw(asked: "Asked", swept: "Swept", look: Look | None = None) -> str:
    """The page."""
    look = look or here()
    lines = rows(asked, swept, look) if swept.blocks else []
    lines += [*([""] if lines else []), *hanging(_counted(swept), look.cells)]
    lines += left_out(swept.left_out, look)
    return "\n".join(lines)


def rows(asked: "Asked", swept: "Swept", look: Look) -> list[str]:
    """The table: settings that vary, then the results asked for."""
    settings = [axis.column for axis in asked.axes if len(axis.values) > 1]
    names = [*settings, *(asked.columns if len(asked.columns) <= WIDEST else HEADLINE)]
    shown: list[list[Cell]] = [[(label(HEADS, name), "dim") for name in names]]
    for block in swept.blocks:
        columns = [block.column(name).tolist() for name in names]
        table_rows = zip(*columns, strict=True)
        shown += [[cell(name, value) for name, value in zip(names, row, strict=True)] for row in table_rows]
        if len(shown) > MOST:
            break
    aligns = "".join("<" if asked.settings.get(name) or name == "verdict" else ">" for name in names)
    return table(shown[: MOST + 1], aligns, look.paint, indent=0)


def cell(name: str, value: Any) -> Cell:
    """A value as people read it."""
    if name == "verdict":
        return label(VERDICTS, str(value)), STYLES[str(value)]
    if isinstance(value, str):
        return value
    if value != value:
        return "?"
    unit = COLUMNS[name].unit if name in COLUMNS else ""
    return SPELLED.get(unit, _number)(value)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _counted(swept: "Swept") -> str:
    """How many rows there are, and where."""
    rows, of = whole(swept.rows), whole(swept.of)
    if swept.path:
        return _("{rows} of {of} rows written to {path}.", rows=rows, of=of, path=swept.path)
    if swept.looked_at < swept.of:
        seen = whole(swept.looked_at)
        return _("{rows} rows of the first {seen}; there are {of}: -o FILE writes all.", rows=rows, seen=seen, of=of)
    return _("{rows} of {of} rows.", rows=rows, of=of)


def left_out(reasons: "Counter[str]", look: Look) -> list[str]:
    """What was not allowed, the most first."""
    if not reasons:
        return []
    lines = hanging(_("Left out, as these combinations are not allowed:"), look.cells)
    for reason, count in reasons.most_common(REASONS):
        lines += hanging(reason, look.cells, f"  {whole(count)} × ")
    if len(reasons) > REASONS:
        lines.append("  " + _("and {count} further reasons", count=len(reasons) - REASONS))
    return lines


def stopped(stop: "Interrupted", path: str) -> str:
    """What somebody who stops a sweep wants to know."""
    return _(
        "Stopped: {finished} of {parts} parts are in {folder}. The same command with --resume goes on to {path}.",
        finished=whole(stop.finished),
        parts=whole(stop.parts),
        folder=stop.folder,
        path=path,
    )
