"""A line on standard error: how far a sweep is, its rate, the time left; nothing where that is no terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vidcalc.faces.progress import CLEAR, PATIENCE
from vidcalc.faces.sweeping.run import Meter
from vidcalc.faces.terminal.numbers import count, duration, share
from vidcalc.faces.words import _

OFTEN = 0.2  # seconds between two lines


@contextmanager
def metered() -> Iterator[Meter]:
    """What a sweep tells how many rows are done, and of how many."""
    stream, start = sys.stderr, time.monotonic()
    terminal = stream is not None and stream.isatty()
    said = start + PATIENCE - OFTEN
    written = False

    def meter(done: int, whole: int) -> None:
        nonlocal said, written
        now = time.monotonic()
        if not terminal or now - said < OFTEN or now - start < PATIENCE:
            return
        rate = done / (now - start)
        line = _(
            "{share} of {rows} rows, {rate} rows/s, {left} left",
            share=share(done / whole),
            rows=count(whole),
            rate=count(rate),
            left=duration((whole - done) / rate),
        )
        stream.write(CLEAR + line)
        stream.flush()
        said, written = now, True

    try:
        yield meter
    finally:
        if written:
            stream.write(CLEAR)
            stream.flush()
