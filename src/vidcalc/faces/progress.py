"""A line on standard error that says how far a long search is; nothing where that is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vidcalc.faces.terminal.numbers import share
from vidcalc.faces.words import _

PATIENCE = 0.5  # seconds before anything is said
CLEAR = "\r\x1b[K"

Meter = Callable[[int, int], None]  # is told how much is done, and of how much


@contextmanager
def progress() -> Iterator[Meter]:
    """What a search tells how far it is."""
    with metered(lambda done, whole, _seconds: _("Looking at plans: {share}", share=share(done / whole))) as meter:
        yield meter


@contextmanager
def metered(line: Callable[[int, int, float], str], often: float = 0) -> Iterator[Meter]:
    """A meter whose line stands until the next, and is gone in the end.

    line   what it says: of how much is done, of how much, and the seconds since the start
    often  seconds between two lines
    """
    stream, start = sys.stderr, time.monotonic()
    terminal = stream is not None and stream.isatty()
    said, written = start, False

    def meter(done: int, whole: int) -> None:
        nonlocal said, written
        now = time.monotonic()
        if not terminal or now - start < PATIENCE or (written and now - said < often):
            return
        stream.write(CLEAR + line(done, whole, now - start))
        stream.flush()
        said, written = now, True

    try:
        yield meter
    finally:
        if written:
            stream.write(CLEAR)
            stream.flush()
