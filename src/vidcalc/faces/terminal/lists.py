"""The tables of `vidcalc models` and `vidcalc gpus`: a line for each entry of the catalogue."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vidcalc.base.units import HOUR
from vidcalc.faces.terminal.cells import Cell, clip, table
from vidcalc.faces.terminal.numbers import count, data, money, significant
from vidcalc.faces.terminal.page import Look, here
from vidcalc.faces.words import _

if TYPE_CHECKING:
    from vidcalc.describe.hardware import Accelerator, Price
    from vidcalc.report.catalogue import ModelRow

LONGEST = 34  # cells of a name


def models(rows: "Sequence[ModelRow]", look: Look | None = None) -> str:
    """Every model with its size and its default clip."""
    headings = (_("name"), _("task"), _("parameters"), _("size"), _("frames"), _("steps"))
    shown: list[list[Cell]] = [[(text, "dim") for text in headings]]
    shown += [[clip(text, LONGEST) for text in model(row)] for row in rows]
    lines = table(shown, "<<>>>>", (look or here()).paint, indent=0)
    return "\n".join([*lines, "", _("≈ marks an estimate of an unpublished model.")])


def model(row: "ModelRow") -> list[str]:
    """Name, task, parameters, size, frames and steps of a model."""
    params = "?" if row.params_total is None else count(row.params_total)
    guess = "≈" if row.provenance == "estimate" else ""
    size = f"{row.width}x{row.height}"
    return [row.name, row.task, guess + params, size, str(row.frames), str(row.steps)]


def gpus(chips: "Sequence[Accelerator]", look: Look | None = None) -> str:
    """Every accelerator with memory, bandwidth, peak and price."""
    from vidcalc.catalog.accelerators import with_class_prices  # late: a list of models has no prices
    from vidcalc.cost.money import price

    headings = (_("name"), _("memory"), _("bandwidth"), _("bf16 peak"), _("price per hour"))
    rows = (gpu(chip, price(with_class_prices(chip))) for chip in chips)
    shown: list[list[Cell]] = [[(text, "dim") for text in headings], *(list[Cell](row) for row in rows)]
    return "\n".join(table(shown, "<>>>>", (look or here()).paint, indent=0, gap=1))


def gpu(chip: "Accelerator", offer: "Price | None") -> list[str]:
    """Id, memory, nominal bandwidth, dense bf16 peak and price range [USD/s] of an accelerator."""
    bandwidth = "" if chip.bandwidth is None else f"{significant(float(chip.bandwidth / 1e9))} GB/s"
    cost = "" if offer is None else _span(money(offer.low * HOUR), money(offer.high * HOUR))
    return [chip.id, data(chip.capacity), bandwidth, f"{significant(float(chip.peak('bf16') / 1e12))} TFLOP/s", cost]


def _span(low: str, high: str) -> str:
    """Two amounts, the currency said once: "$1.50–3.00"."""
    if low == high:
        return low
    place = next(place for place, letter in enumerate(low) if letter.isdigit())
    return f"{low}–{high[place:] if high.startswith(low[:place]) else high}"
