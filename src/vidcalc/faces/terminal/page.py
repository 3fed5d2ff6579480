"""Where a text goes: how wide the terminal is, whether it takes colour, and which letters it can show."""

import os
import sys
from typing import NamedTuple

from vidcalc.faces.terminal.cells import ASCII, PLAIN_SEPARATOR, SEPARATOR, Paint

NARROW, USUAL, WIDE = 60, 80, 100  # cells


class Look(NamedTuple):
    """How a page is drawn: its colours, and the cells of a line."""

    paint: Paint
    cells: int


def here() -> Look:
    """As standard output takes it."""
    return Look(paint(), columns())


def columns() -> int:
    """Cells of a line: the terminal's, within what reads well; the usual 80 where the output is no terminal."""
    try:
        cells = int(os.environ.get("COLUMNS", "")) or USUAL
    except ValueError:
        try:
            cells = os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError, AttributeError):
            cells = USUAL
    return min(max(cells, NARROW), WIDE)


def paint() -> Paint:
    """Colour on a terminal that takes it, unless NO_COLOR is set; FORCE_COLOR colours anything."""
    if os.environ.get("NO_COLOR"):
        return Paint(False)
    if os.environ.get("FORCE_COLOR"):
        return Paint(True)
    terminal = sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return Paint(bool(terminal))


def show(text: str, note: str = "") -> None:
    """Print a page on standard output, as it was painted; a note stands below it."""
    import click

    text += "\n" + paint()(note, "dim") if note else ""
    click.echo(written(text), color=True)


def written(text: str, err: bool = False) -> str:
    """The text in letters the stream can write: plain ones where it has no blocks, dashes and dots."""
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.replace(SEPARATOR, PLAIN_SEPARATOR).translate(ASCII).encode(encoding, "replace").decode(encoding)
    return text
