"""A line on standard error: how far a sweep is, its rate, the time left; nothing where that is no terminal."""

from contextlib import AbstractContextManager

from vidcalc.faces.progress import Meter, metered
from vidcalc.faces.terminal.numbers import count, duration, share
from vidcalc.faces.words import _

OFTEN = 0.2  # seconds between two lines


def progress() -> AbstractContextManager[Meter]:
    """What a sweep tells how many rows are done, and of how many."""
    return metered(_line, OFTEN)


def _line(done: int, whole: int, spent: float) -> str:
    """How far it is after some seconds."""
    rate = done / spent
    return _(
        "{share} of {rows} rows, {rate} rows/s, {left} left",
        share=share(done / whole),
        rows=count(whole),
        rate=count(rate),
        left=duration((whole - done) / rate),
    )
