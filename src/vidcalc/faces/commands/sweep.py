"""`vidcalc sweep`: many estimates at once, of every combination of settings."""

from typing import TYPE_CHECKING, Any

from vidcalc.faces.flags.catalogue import common, currency_flag
from vidcalc.faces.flags.sweep import axis_flags, own_flags
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

if TYPE_CHECKING:
    from vidcalc.faces.sweeping.asked import Asked
    from vidcalc.faces.sweeping.run import Swept

SHOWN = 20  # rows of a table that nobody asked to be longer


def result(given: dict[str, Any], every: bool = True, enough: int = 0) -> "tuple[Asked, Swept]":
    """What the flags ask for, and what came of it. Raises InputError.

    every   whether rows have all columns where no flag names some
    enough  rows in memory after which no more are made; 0: all are
    """
    from vidcalc.faces.sweeping.progress import progress
    from vidcalc.faces.sweeping.request import asked_of
    from vidcalc.faces.sweeping.run import Engine, file_of, local, rows_of

    asked = asked_of(given, every)
    engine: Engine = local
    if given.get("engine") == "ray":
        from vidcalc.faces.sweeping.on_ray import on_ray

        engine = on_ray(given.get("ray_address"))
    with progress() as meter:
        if given.get("output"):
            return asked, file_of(asked, engine, given["output"], bool(given.get("resume")), meter)
        return asked, rows_of(asked, engine, meter, enough)


def sweep(as_json: bool, **given: Any) -> int:
    """Print a table or JSON, or write a file and say what is in it."""
    from vidcalc.faces.sweeping.run import Interrupted
    from vidcalc.faces.terminal import sweep as page
    from vidcalc.faces.terminal.currency import rate
    from vidcalc.faces.terminal.page import show

    try:
        asked, swept = result(given, every=False, enough=0 if as_json else SHOWN)
    except Interrupted as stopped:
        import click

        click.echo(page.stopped(stopped, given["output"]), err=True)
        return 130
    if as_json:
        from vidcalc.faces.emit import emit
        from vidcalc.faces.sweeping.document import document

        emit(document(asked, swept))
    else:
        show(page.draw(asked, swept), note=rate())
    return 0


command = Command(
    "sweep",
    params=[*axis_flags(), *own_flags(), currency_flag(), *common()],
    callback=sweep,
    help=N_(
        "Many estimates at once: every combination of settings that take several values, joined by commas, or as "
        "ranges FIRST:LAST:STEP of numbers. A flag may be repeated for more values."
    ),
    examples=(
        "vidcalc sweep -m wan2.1-t2v-14b,ltx-2 --gpu h100,4090 -f 33:161:32",
        "vidcalc sweep -m wan2.1-t2v-14b -r 480p,720p --offload none,group -o rows.csv",
        "vidcalc sweep -m ltx-2 --gpu h100,4090,5090 -s 8:40 --pareto cost,seconds",
    ),
)
