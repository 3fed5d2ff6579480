"""Tables that come with the package, for what is asked most: a first answer then needs no tape.

They are recorded when it is built, as Python files, so that Python keeps their bytecode as it does that of any module;
they tell work by kind, not op by op. A file is called by checksums of its question, and holds the question, as two may
share their checksums. Where a source that a recording runs has changed since, in a checkout, none of them is read.
"""

import os
from functools import cache
from types import CodeType
from zlib import adler32, crc32

from vidcalc.base.symbolic import Formula

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(PACKAGE, "data", "tables")
SOURCES = "sources"
FILES = "FILES"
"""Where `SOURCES` tells size and time of each source that is to be as it was, by its path in the package."""
QUESTION = "QUESTION"
"""Where a table tells what it was recorded for."""


def name(question: bytes) -> str:
    """What the file of a question is called."""
    return f"{crc32(question):08x}{adler32(question):08x}"


def read(question: bytes) -> CodeType | None:
    """The table that is called as that question's is; None where there is none that holds."""
    return code(name(question)) if current() else None


def code(called: str) -> CodeType | None:
    """A file, compiled."""
    from _frozen_importlib_external import SourceFileLoader

    try:
        return SourceFileLoader(called, os.path.join(FOLDER, called + ".py")).get_code(called)
    except OSError:
        return None


@cache
def current() -> bool:
    """Whether the sources are those that were recorded."""
    found = code(SOURCES)
    if found is None:
        return False
    space: dict[str, Formula] = {}
    exec(found, space)  # our own text
    recorded = space.get(FILES)
    return recorded is not None and all(_unchanged(PACKAGE + path, *was) for path, was in recorded.items())


def _unchanged(path: str, size: int, time: int) -> bool:
    """Whether a source is as it was: of any other time, an earlier one too, it may be another of the same size."""
    try:
        now = os.stat(path)
    except OSError:
        return False
    return now.st_size == size and now.st_mtime_ns == time
