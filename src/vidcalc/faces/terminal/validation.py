"""A validation on the terminal: every row predicted beside measured, then the errors by group and the coverage."""

from typing import TYPE_CHECKING

from vidcalc.faces.terminal.cells import Cell, Paint, clip, hanging, table, width
from vidcalc.faces.terminal.numbers import data, duration
from vidcalc.faces.terminal.page import columns, paint
from vidcalc.faces.words import N_, _
from vidcalc.faces.words.validation import bound, counter, reason, scope, side, view

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidcalc.validate.balanced import Balanced
    from vidcalc.validate.compared import Compared, Result
    from vidcalc.validate.run import Validation
    from vidcalc.validate.summary import Errors, Part
    from vidcalc.validate.training_run import TrainingValidation

ROW = "<>>>>>>"
GROUPS = {
    "by_view": N_("by what was in view"),
    "by_scope": N_("by what the time covers"),
    "by_family": N_("by family"),
    "by_gpu": N_("by GPU"),
    "by_framework": N_("by framework"),
    "by_counter": N_("by memory counter"),
}
NAMES = {"by_view": view, "by_scope": scope, "by_counter": counter}
NAMED = 36  # cells of a group's name
ID = 20  # cells of a row's id
NOTED = 20  # cells that a note needs behind its row; with fewer it stands below


def draw(validation: "Validation | TrainingValidation") -> str:
    """The page."""
    return "\n".join([*rows(validation), "", *summary(validation)])


def rows(validation: "Validation | TrainingValidation") -> list[str]:
    """One line per row: predicted, measured and their ratio for memory and time, or why there is none."""
    heads = ("", _("memory"), _("measured"), _("ratio"), _("time"), _("measured"), _("ratio"))
    cells: list[list[Cell]] = [[(text, "dim") for text in heads]]
    cells += [
        [clip(row.id, ID), *_compared(row.memory, data), *_compared(row.time, duration)] for row in validation.rows
    ]
    notes = ["", *map(_note, validation.rows)]
    room = columns() - max(map(width, table(cells, ROW, Paint(False), indent=0))) - 2
    if room >= NOTED:
        noted: list[list[Cell]] = [[*row, (clip(note, room), "dim")] for row, note in zip(cells, notes, strict=True)]
        return table(noted, ROW + "<", paint(), indent=0)
    lines = zip(table(cells, ROW, paint(), indent=0), notes, strict=True)
    return [line for row, note in lines for line in (row, *(hanging(note, columns(), "    ") if note else ()))]


def _compared(part: "Compared", written: "Callable[[float], str]") -> list[Cell]:
    if part.predicted is None or part.measured is None:
        return ["", "" if part.measured is None else written(part.measured), ""]
    assert part.ratio is not None
    return [written(part.predicted), written(part.measured), f"{part.ratio:.3f}"]


def _note(row: "Result") -> str:
    """The word "fit" for a row that a constant was fitted to, or why it is not predicted."""
    said = reason(row.reason) if row.reason else _("fit") if row.role == "fit" else side(row.bound)
    if row.status == "predicted" and row.doubt:
        said = _("its source contradicts itself")
    elif row.status == "predicted" and row.assumed:
        said = _("a range: nothing says which program ran")
    return said


def summary(validation: "Validation | TrainingValidation") -> list[str]:
    """Errors of check rows by group, and coverage."""
    lines, coverage = [], validation.summary.coverage
    for title, part in ((_("Memory"), validation.summary.memory), (_("Time"), validation.summary.time)):
        lines += [paint()(title, "title"), *errors(part)]
        lines += [*(hanging(interval_share(part), columns()) if interval_share(part) else ()), ""]
    lines += [line for each in bounds(validation) for line in hanging(each, columns())]
    share = "–" if coverage.share is None else f"{100 * coverage.share:.1f} %"
    lines += hanging(
        _(
            "{predicted} of {rows} rows predicted; {share} of the {complete} with model, size, frames and GPU.",
            predicted=coverage.predicted,
            rows=coverage.rows,
            share=share,
            complete=coverage.complete,
        ),
        columns(),
    )
    lines.append(_("{fit} rows that a constant was fitted to are in no error.", fit=coverage.fit_rows))
    for name, count in coverage.reasons.items():
        lines += hanging(reason(name), columns(), f"  {count:5d}  ")
    return lines


def bounds(validation: "Validation | TrainingValidation") -> list[str]:
    """How many bounds the predictions keep, by kind."""
    return [
        _("{kind}: {right} of {rows} predictions on that side.", kind=bound(kind), right=each.right, rows=each.rows)
        + (" " + _("Of the others the verdict leaves {open} open: tight.", open=each.open) if each.open else "")
        for kind, each in getattr(validation.summary, "by_bound", {}).items()
    ]


def errors(part: "Part") -> list[str]:
    """A table of errors: all rows, then each group."""
    heads = ("", _("rows"), _("median error"), _("90th percentile"), _("bias"))
    cells: list[list[Cell]] = [[(text, "dim") for text in heads], _line(_("all"), part.all)]
    cells.append(_balanced(_("families weighted equally"), part.balanced))
    for name, even in part.views.items():
        if even.rows:
            cells.append(_balanced("  " + view(name), even))
    for group, title in GROUPS.items():
        groups = getattr(part, group)
        if groups:
            cells.append([(_(title), "dim"), "", "", "", ""])
        named = NAMES.get(group, str)
        cells += [_line("  " + (named(name) or _("not stated")), each) for name, each in groups.items()]
    if part.doubtful.rows:
        cells.append(_line(_("source contradicts itself: in no other figure"), part.doubtful))
    beyond = max(map(width, table(cells, "<>>>>", Paint(False), gap=1))) - columns()
    if beyond > 0:  # figures of rows that are far off are long
        room = max(max(width(row[0]) for row in cells if isinstance(row[0], str)) - beyond, 1)
        cells = [[clip(first, room) if isinstance(first, str) else first, *rest] for first, *rest in cells]
    return table(cells, "<>>>>", paint(), gap=1)


def _balanced(name: str, balanced: "Balanced") -> list[Cell]:
    """A line of errors with every family weighing the same."""
    values = (balanced.median_absolute_error, balanced.p90_absolute_error)
    bias = "" if balanced.bias is None else percent(balanced.bias, "+")
    shown = ["" if value is None else percent(value) for value in values]
    return [clip(name, NAMED), str(balanced.rows), *shown, bias]


def interval_share(part: "Part") -> str:
    """How often measurements lie inside the predicted interval, families weighted equally; and of rows not in view."""
    balanced = part.balanced
    if balanced.held is None or balanced.mean_absolute_error is None or balanced.mean_bias is None:
        return ""
    told = _(
        "Families weighted equally: mean error {mean}, mean bias {bias}; {held} of measurements inside the interval.",
        mean=f"{100 * balanced.mean_absolute_error:.1f} %",
        bias=f"{100 * balanced.mean_bias:+.1f} %",
        held=f"{100 * balanced.held:.0f} %",
    )
    apart = [
        _("{view}: {held} of {rows}", view=view(name), held=f"{100 * even.held:.0f} %", rows=even.rows)
        for name, even in part.views.items()
        if even.held is not None
    ]
    return " ".join(
        [told, _("Inside the interval by what was in view: {parts}.", parts="; ".join(apart))] if apart else [told]
    )


def _line(name: str, row: "Errors") -> list[Cell]:
    values = (row.median_absolute_error, row.p90_absolute_error)
    bias = "" if row.bias is None else percent(row.bias, "+")
    return [clip(name, NAMED), str(row.rows), *("" if v is None else percent(v) for v in values), bias]


def percent(value: float, sign: str = "") -> str:
    """An error in percent; one beyond ten times the figure in powers of ten."""
    return f"{100 * value:{sign}.1f} %" if abs(value) < 10 else f"{100 * value:{sign}.1e} %"
