"""One case: a command line run in this process, and what must hold of how it ends, whatever was typed."""

import contextlib
import io
import re
import resource
import signal
import time
from collections.abc import Iterator
from typing import NamedTuple

from vidcalc.faces.cli import run, vidcalc
from vidcalc.faces.terminal.cells import width

CODES = (0, 2, 3, 4)  # done, bad input; with --check: too big, tight
CELLS = 80
SENTENCE = re.compile(
    r"\S+ (\S+ \d+\S*: |\d+번째 작업: )?(--[\w-]+|[A-Z]+): "
)  # a refusal of no value: it says why, and is not cut
NEAREST = ("nearest", "가까운 값")  # what stands before a nearest choice
LONG = 32  # letters of a word that is none of ours
ROOM = 2  # letters of a quoted value that a line has room for
MEMORY = 500 * 2**20  # bytes that one case may add to the most this process ever held
HANGS = 30  # seconds of the processor after which a case is ended as one that hangs


class Done(NamedTuple):
    """How a case ended, what it printed, and what it took."""

    code: int
    out: str
    err: str
    seconds: float
    grown: int


def done(arguments: tuple[str, ...]) -> Done:
    """A command line, run. Whatever it raises is raised."""
    out, err = io.StringIO(), io.StringIO()
    most, begun = _most(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _ended(HANGS, arguments):
        code = run(vidcalc, "vidcalc", arguments)
    return Done(code, out.getvalue(), err.getvalue(), time.process_time() - begun, _most() - most)


def judged(arguments: tuple[str, ...], found: Done) -> None:
    """Holds an end against the rules: a known code, one line of refusal, nothing half said, no line too wide."""
    assert found.code in CODES, found.code
    if found.code == 2 and "--json" not in arguments and found.err:
        assert found.out == "", "an answer and a refusal"
        assert found.err.count("\n") == 1, "a refusal is one line"
        assert found.err.startswith(("error: ", "오류: "))
        assert SENTENCE.match(found.err) or wide(found.err.rstrip("\n"), arguments) <= CELLS, (
            f"a refusal is too wide, of {arguments!r}: {found.err}"
        )
    elif "--json" not in arguments and arguments[0] != "schema":
        beyond = [line for line in unquoted(found.out, arguments) if width(line) > CELLS]
        assert beyond == [], f"a line is too wide, of {arguments!r}"
    assert found.grown <= MEMORY


def wide(line: str, typed: tuple[str, ...]) -> int:
    """Cells of a refusal, less what it quotes: a value, a path or a nearest choice is as long as it is."""
    words = {piece for word in typed for piece in (word, *word.split(), *word.split(","))}
    quoted = {
        piece for word in words for piece in (shown(word), word[-119:], word[-33:], word[:33]) if len(piece) > ROOM
    }
    for each in sorted(quoted, key=len, reverse=True):
        line = line.replace(each, each[:ROOM])
    line = " ".join(word if len(word) <= LONG else word[:ROOM] for word in line.split(" "))  # out of a file
    before, mark, near = line.rpartition(": ")
    return width(before + mark + near[:ROOM]) if before.endswith(NEAREST) else width(line)


def shown(word: str) -> str:
    """A typed word as refusals repeat it."""
    text = "".join(letter if letter.isprintable() else "?" for letter in word)
    return text if len(text) <= 60 else text[:59]


def unquoted(text: str, typed: tuple[str, ...]) -> Iterator[str]:
    """The lines of a page that are not what somebody typed."""
    return (line for line in text.splitlines() if not any(len(word) > 40 and word[:40] in line for word in typed))


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextlib.contextmanager
def _ended(seconds: int, arguments: tuple[str, ...]) -> Iterator[None]:
    """Ends what is inside by a TimeoutError after so many seconds."""

    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"no end after {seconds} s: {arguments!r}")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
