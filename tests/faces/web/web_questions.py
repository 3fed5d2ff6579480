"""What the tests of the web face share: questions out of command lines, and answers without processes."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from vidcalc.faces.web.asked import PRINTED, command, name_of
from vidcalc.faces.web.doors import READ, opened, received_file

REQUESTS = Path(__file__).parents[2] / "snapshots" / "requests.txt"


class Here:
    """Stands in for the processes: each question is answered where it is asked."""

    count, seconds = 2, 20.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def begin(self) -> None:
        """Nothing to begin."""

    async def end(self) -> None:
        """Nothing to end."""

    async def ask(self, name: str, body: bytes, lang: str, file: str = "", patient: bool = False) -> tuple[int, bytes]:
        return received_file(file, body, lang, str(self.folder)) if name == READ else opened(name, body, lang)


def asked_of(line: str) -> tuple[str, dict[str, Any]] | None:
    """(command, question) of a command line; None for one whose flags say how it prints, or that has operands."""
    name, *words = shlex.split(line)
    of = command(name)
    try:
        values, rest, order = of.make_parser(click.Context(of)).parse_args(args=list(words))
    except click.NoSuchOption:  # jobs in quotes
        return None
    found: dict[str, Any] = {}
    for flag in dict.fromkeys(order):
        value = values.get(str(flag.name))
        if flag.name in PRINTED or flag.name in ("lang", "currency"):
            return None
        if value is not None and value != ():
            is_flag = getattr(flag, "is_flag", False)
            found[name_of(flag)] = True if is_flag else list(value) if isinstance(value, list | tuple) else value
    return None if rest else (name, found)


def lines() -> Iterator[str]:
    """The command lines of the snapshot."""
    for line in REQUESTS.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line
