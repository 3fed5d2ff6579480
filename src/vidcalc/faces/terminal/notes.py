"""The bottom of the report: warnings first, then what the numbers rest on."""

from typing import Any

from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.numbers import data, whole
from vidcalc.report import Report
from vidcalc.words import _
from vidcalc.words.ids import ASSUMPTIONS, WARNINGS, told

BYTES = ("missing", "total")  # values of warnings that are bytes


def notes(report: Report, paint: Paint, cells: int) -> list[str]:
    """Warnings and assumptions in words."""
    lines = []
    if report.warnings:
        lines.append(paint(_("Note"), "tight"))
    for warning in report.warnings:
        values = {name: shown(value, name in BYTES) for name, value in warning.values.items()}
        lines += hanging(told(WARNINGS, warning.id, **values), cells, "  ! ")
    if report.assumptions:
        lines.append(paint(_("Assumptions"), "title"))
    for assumption in report.assumptions:
        lines += hanging(told(ASSUMPTIONS, assumption.id, value=shown(assumption.value)), cells, "  · ")
    return lines


def shown(value: Any, is_bytes: bool = False) -> str:
    """A value as words: bytes with their unit, numbers with separated thousands, words as they are."""
    if is_bytes:
        return data(value)
    return whole(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
