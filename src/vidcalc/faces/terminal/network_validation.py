"""A validation of single networks on the terminal: every call predicted beside measured, then the errors by kind."""

from typing import TYPE_CHECKING

from vidcalc.faces.terminal.cells import Cell, hanging, table
from vidcalc.faces.terminal.numbers import data, duration
from vidcalc.faces.terminal.page import columns, paint
from vidcalc.faces.words import _
from vidcalc.faces.words.validation import call, quantity, reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidcalc.validate.compared import Compared
    from vidcalc.validate.network_run import NetworkValidation
    from vidcalc.validate.network_summary import NetworkErrors, NetworkResult


def draw(validation: "NetworkValidation") -> str:
    """The page."""
    return "\n".join([*rows(validation.rows), "", *errors(validation.summary)])


def rows(results: "list[NetworkResult]") -> list[str]:
    """A line for each row and a line for each of its quantities: predicted, measured, their ratio."""
    heads = ("", _("predicted"), _("measured"), _("ratio"))
    cells: list[list[Cell]] = [[(text, "dim") for text in heads]]
    titles: list[list[str]] = [[]]  # above each line of the table
    for row in results:
        above = hanging(f"{row.id}  {_note(row)}".rstrip(), columns(), "", "  ")
        for name, part in row.parts.items():
            if part.measured is not None:
                written = data if name in ("allocated", "reserved") else duration
                cells.append(["  " + quantity(name), *_compared(part, written)])
                titles.append(above)
                above = []
        if above:
            cells.append(["", "", "", ""])
            titles.append(above)
    lines = zip(titles, table(cells, "<>>>", paint(), indent=0), strict=True)
    return [line for above, line in lines for line in (*(paint()(each, "dim") for each in above), line) if line]


def _compared(part: "Compared", written: "Callable[[float], str]") -> list[Cell]:
    if part.predicted is None or part.measured is None or part.ratio is None:
        return ["", "", ""]
    return [written(part.predicted), written(part.measured), f"{part.ratio:.3f}"]


def _note(row: "NetworkResult") -> str:
    """The word "fit" for a row that a constant may be fitted to, or what became of one that did not run."""
    if row.reason:
        return reason(row.reason)
    if row.fits is not None:
        return _("ran out of memory; predicted to fit") if row.fits else _("ran out of memory, as predicted")
    return _("fit") if row.role == "fit" else ""


def errors(summary: "list[NetworkErrors]") -> list[str]:
    """Errors by kind of call and quantity, rows that constants may be fitted to apart."""
    heads = ("", _("rows"), _("median error"), _("largest error"), _("in range"))
    cells: list[list[Cell]] = [[(text, "dim") for text in heads]]
    for role, title in (("check", _("check rows")), ("fit", _("rows that constants may be fitted to"))):
        cells.append([(title, "dim"), "", "", "", ""])
        cells += [
            [
                f"  {call(each.kind)}: {quantity(each.quantity)}",
                str(each.rows),
                f"{100 * each.median:.1f} %",
                f"{100 * each.largest:.1f} %",
                f"{100 * each.held:.0f} %",
            ]
            for each in summary
            if each.role == role
        ]
    return table(cells, "<>>>>", paint(), indent=0, gap=1)
