"""`vidcalc models`: the models of the catalogue."""

from typing import Any

from vidcalc.faces.flags.catalogue import flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _


def models(as_json: bool) -> None:
    """List every model with its size and its default clip."""
    from vidcalc.catalog.models import summaries

    rows = summaries()
    if as_json:
        from vidcalc.faces.emit import emit

        emit(rows)
        return
    from vidcalc.faces.terminal.cells import Cell, clip, table
    from vidcalc.faces.terminal.page import paint, show

    colour = paint()
    headings = (_("name"), _("task"), _("parameters"), _("size"), _("frames"), _("steps"))
    shown: list[list[Cell]] = [[(text, "dim") for text in headings]]
    shown += [[clip(text, 34) for text in row(found)] for found in rows]
    lines = table(shown, "<<>>>>", colour, indent=0)
    show("\n".join([*lines, "", _("≈ marks an estimate of an unpublished model.")]))


def row(found: dict[str, Any]) -> list[str]:
    """Name, task, parameters, size, frames and steps of a model."""
    from vidcalc.faces.terminal.numbers import count

    params = "?" if found["params_total"] is None else count(found["params_total"])
    guess = "≈" if found["provenance"] == "estimate" else ""
    size = f"{found['width']}x{found['height']}"
    return [found["name"], found["task"], guess + params, size, str(found["frames"]), str(found["steps"])]


command = Command(
    "models",
    params=flags(()),
    callback=models,
    help=N_("The models of the catalogue, with their size and default clip."),
    examples=("vidcalc models", "vidcalc models --json"),
)
