"""`vidcalc explain`: the chain from a number of the report to formula, symbols, digits and source."""

from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.flags.catalogue import Flag, asked_for, flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.derivation.step import Step


def result(given: dict[str, Any]) -> "Step":
    """The chain behind the quantity asked for. Raises InputError."""
    from vidcalc.derivation import check
    from vidcalc.derivation import explain as explained
    from vidcalc.faces.requests.estimate import request

    quantity = given["quantity"]
    check(quantity)
    return explained(quantity, *request({name: value for name, value in given.items() if name != "quantity"}))


def explain(quantity: str | None, as_json: bool, every: bool, **given: Any) -> None:
    """Print the chain of a quantity, or the list of quantities there are."""
    if quantity is None:
        from vidcalc.derivation import QUANTITIES

        _list(list(QUANTITIES), as_json)
        return
    step = result({"quantity": quantity, **given})
    if as_json:
        from vidcalc.faces.emit import emit

        emit(step)
    else:
        from vidcalc.faces.terminal.chain import draw
        from vidcalc.faces.terminal.page import show

        show(draw(step, every))


def _list(names: list[str], as_json: bool) -> None:
    if as_json:
        from vidcalc.faces.emit import emit

        emit(names)
    else:
        from vidcalc.faces.terminal.cells import hanging
        from vidcalc.faces.terminal.page import columns, paint, show
        from vidcalc.faces.words.glossary import meaning

        colour, cells = paint(), columns()
        lines = [(colour(name, "title"), *hanging(meaning(name), cells, "  ")) for name in names]
        show("\n".join(line for entry in lines for line in entry))


command = Command(
    "explain",
    params=[
        click.Argument(["quantity"], required=False, metavar=N_("[QUANTITY]")),
        *flags(asked_for("generate", "train")),
        Flag(("--all", "every"), N_("Show every row, however small."), is_flag=True),
    ],
    callback=explain,
    help=N_(
        "Where a number of the report comes from: its formula in symbols and digits, its parts, its sources.\n"
        "QUANTITY is the number's place in the JSON; without it, the quantities are listed with what each is."
    ),
    examples=(
        "vidcalc explain",
        "vidcalc explain compute.flops_per_step -m wan2.1-t2v-14b",
        "vidcalc explain time.inference.total -m wan2.1-t2v-14b --gpu h100-sxm",
    ),
)
