"""The server: a socket, the application, and an end when the process is told so."""

import signal
import socket

import click
import uvicorn

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.web.app import app
from vidcalc.faces.web.workers import Workers
from vidcalc.faces.words import _

GRACE = 5  # seconds that answers have to end
TOGETHER = 256  # connections


def run(host: str, port: int, count: int, seconds: float) -> None:
    """Answer until SIGTERM or SIGINT. Raises Refused for an address that cannot be listened at."""
    listening = bound(host, port)
    where = listening.getsockname()
    named = f"[{where[0]}]" if ":" in where[0] else where[0]
    click.echo(_("Answers at {address}; Ctrl+C ends it.", address=f"http://{named}:{where[1]}/"), err=True)
    settings = uvicorn.Config(
        app(Workers(count, seconds)),
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=TOGETHER,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE,
        lifespan="on",
    )
    signal.signal(signal.SIGTERM, _ended)  # which the server takes for itself meanwhile and hands on when it is done
    uvicorn.Server(settings).run(sockets=[listening])


def _ended(_signal: int, _frame: object) -> None:
    """What is left to do of a signal that ended the server: nothing."""


def bound(host: str, port: int) -> socket.socket:
    """A socket at that address. Raises Refused."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(TOGETHER)
    except OSError as wrong:
        expects = _("an address of this machine that is free ({reason})", reason=wrong.strerror or str(wrong))
        raise Refused("--host", f"{host}:{port}", expects, "127.0.0.1:0", ()) from None
    return listening
