"""A line on standard error that says how far a long search is; nothing where that is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vidcalc.faces.terminal.numbers import share
from vidcalc.faces.words import _

PATIENCE = 0.5  # seconds before anything is said
CLEAR = "\r\x1b[K"


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """What a search tells how much is done, and of how much."""
    stream, start, said = sys.stderr, time.monotonic(), False
    terminal = stream is not None and stream.isatty()

    def meter(done: int, whole: int) -> None:
        nonlocal said
        if terminal and time.monotonic() - start > PATIENCE:
            stream.write(CLEAR + _("Looking at plans: {share}", share=share(done / whole)))
            stream.flush()
            said = True

    try:
        yield meter
    finally:
        if said:
            stream.write(CLEAR)
            stream.flush()
