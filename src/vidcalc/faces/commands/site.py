"""`vidcalc site`: the page as a folder of files, where the calculator runs in the reader's own browser."""

from typing import Any

import click

from vidcalc.faces.flags.catalogue import common
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.reach import File
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _


def site(folder: str) -> None:
    """Write the site and say how large it is. Raises Refused without vidcalc-web, and where it cannot be written."""
    from vidcalc.faces.terminal.numbers import data
    from vidcalc.faces.web.site import NoPage, write

    try:
        size = write(folder)
    except NoPage:
        raise Refused("site", None, _("needs the page; install vidcalc-web"), None, ()) from None
    except (OSError, ValueError) as wrong:
        expects = _("a folder that can be written ({reason})", reason=getattr(wrong, "strerror", None) or str(wrong))
        raise Refused("FOLDER", folder, expects, None, ()) from None
    click.echo(_("{folder}: {size}, for any file host", folder=folder, size=data(size)))


def parameters() -> list[Any]:
    """The operand and the flags that every command has."""
    return [click.Argument(["folder"], type=File(), metavar=N_("FOLDER")), *common()]


command = Command(
    "site",
    params=parameters(),
    callback=site,
    help=N_(
        "The page as a folder of files for any file host: the calculator runs in the reader's own browser.\n"
        "It asks no other host, and works without a network once it was loaded. Needs the package `vidcalc-web`."
    ),
    examples=("vidcalc site public",),
)
