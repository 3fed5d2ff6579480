"""`vidcalc gpus`: the accelerators of the catalogue."""

from typing import Any

from vidcalc.faces.flags import flags
from vidcalc.faces.group import Command
from vidcalc.words import N_, _


def gpus(as_json: bool) -> None:
    """List every accelerator with memory, bandwidth, peak and price."""
    from vidcalc.catalog.accelerators import accelerator
    from vidcalc.catalog.load import names

    chips = [accelerator(name) for name in names("accelerators")]
    if as_json:
        from vidcalc.faces.emit import emit

        emit(chips)
        return
    from vidcalc.faces.terminal.cells import table
    from vidcalc.faces.terminal.page import paint, show

    headings = (_("name"), _("memory"), _("bandwidth"), _("bf16 peak"), _("price per hour"))
    shown = [[(text, "dim") for text in headings], *(row(chip) for chip in chips)]
    show("\n".join(table(shown, "<>>>>", paint(), indent=0)))


def row(chip: Any) -> list[Any]:
    """Id, memory, nominal bandwidth, dense bf16 peak and price range of an accelerator."""
    from vidcalc.cost.money import price
    from vidcalc.faces.terminal.numbers import data, significant

    bandwidth = "" if chip.bandwidth is None else f"{significant(chip.bandwidth / 1e9)} GB/s"
    found = price(chip)
    cost = "" if found is None else f"${found.low * 3600:.2f} – ${found.high * 3600:.2f}"
    return [chip.id, data(chip.capacity), bandwidth, f"{significant(chip.peak('bf16') / 1e12)} TFLOP/s", cost]


command = Command(
    "gpus",
    params=flags(()),
    callback=gpus,
    help=N_("The GPUs and other accelerators of the catalogue: memory, bandwidth, peak and price."),
    examples=("vidcalc gpus", "vidcalc gpus --json"),
)
