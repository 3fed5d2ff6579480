"""`vidcalc models`: the models of the catalogue."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.catalogue import flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.report.catalogue import ModelRow, Models


def result(given: dict[str, Any]) -> "list[ModelRow]":
    """Every model of the catalogue."""
    import msgspec

    from vidcalc.catalog.models import summaries
    from vidcalc.report.catalogue import ModelRow

    return msgspec.convert(summaries(), list[ModelRow])


def document(given: dict[str, Any]) -> "Models":
    """What is printed as JSON."""
    from vidcalc.report.catalogue import Models

    return Models(models=result(given))


def models(as_json: bool) -> None:
    """Print the list, or JSON."""
    if as_json:
        from vidcalc.faces.emit import emit

        emit(document({}))
        return
    from vidcalc.faces.terminal import lists
    from vidcalc.faces.terminal.page import show

    show(lists.models(result({})))


command = Command(
    "models",
    params=flags(()),
    callback=models,
    help=N_("The models of the catalogue, with their size and default clip."),
    examples=("vidcalc models", "vidcalc models --json"),
)
