"""`vidcalc serve`: the page and the API over HTTP, for this machine unless asked otherwise."""

import os
from typing import Any

from vidcalc.base.units import HOUR
from vidcalc.faces.flags.catalogue import Flag, common
from vidcalc.faces.flags.inputs import Real, Refused, Whole
from vidcalc.faces.flags.reach import Address
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _

LOOPBACK = "127.0.0.1"


def serve(host: str, port: int, workers: int | None, seconds: float) -> None:
    """Answer until the process is told to end. Raises Refused without the extra, and for an address that is taken."""
    try:
        from vidcalc.faces.web.server import run
    except ModuleNotFoundError as missing:
        if missing.name not in ("starlette", "uvicorn"):
            raise
        expects = _("needs Starlette and Uvicorn; install vidcalc[web]")
        raise Refused("serve", None, expects, None, ()) from None
    run(host, port, workers or min(os.cpu_count() or 1, 8), seconds)


def parameters() -> list[Any]:
    """The flags of the command."""
    return [
        Flag(
            ("--host",),
            N_("Address to listen at: 127.0.0.1 is this machine alone, 0.0.0.0 everyone."),
            type=Address(),
            metavar=N_("ADDRESS"),
            default=LOOPBACK,
            shown=LOOPBACK,
        ),
        Flag(
            ("--port",),
            N_("Port to listen at; 0 is any that is free."),
            type=Whole(0, 65_535),
            metavar=N_("N"),
            default=8000,
            shown="8000",
        ),
        Flag(
            ("--workers",), N_("Processes that answer."), N_("one per processor"), type=Whole(1, 256), metavar=N_("N")
        ),
        Flag(
            ("--most-seconds", "seconds"),
            N_("How long one answer may take."),
            "20",
            type=Real(0.1, HOUR),
            metavar=N_("SECONDS"),
            default=20,
        ),
        *common(),
    ]


command = Command(
    "serve",
    params=parameters(),
    callback=serve,
    help=N_(
        "The calculator as a page in the browser, and as an API over HTTP.\n"
        "No request reads a file or reaches the network. Needs the extra `web`; the page itself is the package "
        "`vidcalc-web`."
    ),
    examples=("vidcalc serve", "vidcalc serve --host 0.0.0.0 --port 80"),
)
