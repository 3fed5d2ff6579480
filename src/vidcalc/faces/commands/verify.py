"""`vidcalc verify`: our figures beside those of the published networks, measured here and now."""

import sys
from typing import TYPE_CHECKING, Any

import click

from vidcalc.faces.flags.catalogue import flags
from vidcalc.faces.flags.inputs import Named
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _

if TYPE_CHECKING:
    from vidcalc.faces.terminal.cells import Cell
    from vidcalc.reference.check import Check

OUTSIDE = 1  # exit code: a figure is outside its bar
BAD = ("outside", "failed")


def verify(model: str | None, as_json: bool) -> int:
    """Measure one model, or all of them; 1 where a figure is outside its bar. Raises Unreadable without the extra."""
    from vidcalc.reference import published

    if published.missing():
        from vidcalc.base.errors import Unreadable

        raise Unreadable("verify", "no_reference", flag="MODEL", packages=", ".join(published.missing()))
    from vidcalc.catalog.fill import model as catalogue_model
    from vidcalc.catalog.load import names
    from vidcalc.reference.check import cases, check

    chosen = [catalogue_model(name) for name in ([model] if model else names("models"))]
    rows = []
    for each in chosen:
        todo = cases(each)
        for place, (component, part, shape) in enumerate(todo):
            progress(f"{each.name} {place + 1}/{len(todo)} {part.class_} {component}")
            rows.append(check(each, component, part, shape))
            if not as_json:
                progress("")
                draw(rows[-1])
    progress("")
    counted = {status: sum(row.status == status for row in rows) for status in dict.fromkeys(r.status for r in rows)}
    if as_json:
        from vidcalc.faces.emit import emit
        from vidcalc.reference.verify import recorded_with

        emit({"schema": "vidcalc.verify/1", "rows": rows, "summary": counted, "measured_with": recorded_with()})
    else:
        from vidcalc.faces.terminal.page import show

        show("\n" + ", ".join(f"{_(STATUS[status])}: {number}" for status, number in counted.items()))
    return OUTSIDE if any(row.status in BAD for row in rows) else 0


STATUS = {
    "within": N_("within the bars"),
    "outside": N_("outside the bars"),
    "no_referee": N_("no published class to compare with"),
    "not_computed": N_("not computed by vidcalc"),
    "failed": N_("the published class refused"),
}
QUANTITIES = {
    "params": N_("parameters"),
    "flops": N_("FLOPs"),
    "peak_activation_bytes": N_("peak activations [byte]"),
}


def draw(row: "Check") -> None:
    """One component at one shape: each figure, ours, the referee's and the ratio."""
    from vidcalc.faces.terminal.cells import table
    from vidcalc.faces.terminal.numbers import whole
    from vidcalc.faces.terminal.page import paint, show

    colour = paint()
    sizes = row.shape.get("latent") or row.shape.get("pixels") or [row.shape.get("tokens", row.shape["batch"])]
    head = f"{row.model}  {row.class_}  {row.component}  {'×'.join(map(str, sizes))}"
    lines = [colour(head, "title")]
    if row.figures:
        cells: list[list[Cell]] = [[("", "dim"), (_("ours"), "dim"), (_("referee"), "dim"), (_("ratio"), "dim"), ""]]
        for name, figure in row.figures.items():
            verdict = "" if figure.within else _("outside the bar of {bar} %", bar=f"{100 * figure.bar:g}")
            numbers = [whole(figure.ours), whole(figure.referee), f"{figure.ratio:.5f}"]
            cells.append([_(QUANTITIES[name]), *numbers, (verdict, "tight")])
        lines += table(cells, "<>>><", colour)
    else:
        lines.append("  " + _(STATUS[row.status]) + (f": {row.reason}" if row.reason else ""))
    show("\n".join(lines))


def progress(words: str) -> None:
    """What is being measured, on one line of a terminal that the next one overwrites; nothing elsewhere."""
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("\r\x1b[2K" + words[:78], nl=False, err=True)


def parameters() -> list[Any]:
    """The flags of the command."""
    return [click.Argument(["model"], type=Named("models"), required=False, metavar=N_("[MODEL]")), *flags(())]


command = Command(
    "verify",
    params=parameters(),
    callback=verify,
    help=N_(
        "Measures the published networks themselves and prints our figures beside theirs.\n"
        "MODEL is a name of the catalogue; without it, all models are measured, which takes long. "
        "Needs vidcalc[reference]. Exit code 1 where a figure is outside its bar."
    ),
    examples=("vidcalc verify wan2.1-t2v-1.3b", "vidcalc verify ltx-video-2b --json"),
)
