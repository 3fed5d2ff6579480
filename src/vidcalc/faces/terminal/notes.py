"""The bottom of the report: warnings first, then what the numbers rest on."""

from collections.abc import Callable
from typing import Any

from vidcalc.describe.plan import SETTINGS
from vidcalc.describe.setting import Published, Share
from vidcalc.faces.terminal.cells import Paint, hanging
from vidcalc.faces.terminal.numbers import data, rate, share, whole
from vidcalc.faces.words import _
from vidcalc.faces.words.ids import NUMBERED, OFFLOADS, SUPPLIES, label
from vidcalc.faces.words.notes import ASSUMPTIONS, WARNINGS
from vidcalc.report.budget import BudgetReport
from vidcalc.report.estimate import Report, Warning_
from vidcalc.report.plan import PlanReport
from vidcalc.report.training import TrainingReport

SHARES = {"cache_by_content": ("low", "high"), "fills_the_card": ("share",)}  # and shares, by the warning
# values of warnings that are bytes
BYTES = ("missing", "total", "streamed", "needed", "capacity", "shared", "taken", "predicted", "card")


def notes(report: Report | TrainingReport | BudgetReport | PlanReport, paint: Paint, cells: int) -> list[str]:
    """Warnings and assumptions in words."""
    lines = []
    if report.warnings:
        lines.append(paint(_("Note"), "tight"))
    for warning in report.warnings:
        lines += hanging(warned(warning), cells, "  ! ")
    if report.assumptions:
        lines.append(paint(_("Assumptions"), "title"))
    for words in assumed(report):
        lines += hanging(words, cells, "  · ")
    return lines


def assumed(report: Report | TrainingReport | BudgetReport | PlanReport) -> list[str]:
    """The assumptions in words."""
    said = []
    for each in report.assumptions:
        if each.id == "convolution_workspace" and not each.value:
            continue  # nothing convolves in three dimensions
        read = READ.get(each.id, shown)
        said.append(label(ASSUMPTIONS, each.id, value=read(each.value), source=each.source))
    return said


def warned(warning: Warning_) -> str:
    """A warning in words."""
    shares = SHARES.get(warning.id, ())
    values = {
        name: share(value) if name in shares else shown(value, name in BYTES) for name, value in warning.values.items()
    }
    return label(WARNINGS, warning.id, **values)


def offload(value: str) -> str:
    """A way of offloading in words; "block-swap:20" has its number of blocks."""
    way, _colon, blocks = value.partition(":")
    return label(NUMBERED if blocks and way in NUMBERED else OFFLOADS, way, count=blocks)


# how the value of an assumption is read, where it is not a plain number or word
READ: dict[str, Callable[[Any], str]] = {
    "offload": offload,
    "host_copy_rate": rate,
    "disk_rate": rate,
    "convolution_workspace": data,
    "latents": lambda value: label(SUPPLIES, value),
    "texts": lambda value: label(SUPPLIES, value),
    "block_cache": share,
    **{one.setting.assumption: share for one in SETTINGS.values() if isinstance(one.setting.takes, Share | Published)},
}


def shown(value: Any, is_bytes: bool = False) -> str:
    """A value as words: bytes with their unit, numbers with separated thousands, words as they are."""
    if is_bytes:
        return data(value)
    return whole(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
