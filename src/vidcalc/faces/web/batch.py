"""Many questions in one request: JSON Lines in, JSON Lines out in the same order, each as soon as it is there.

{"name": "estimate", "asked": {…}, "lang": "ko"}   ->   what the command prints, or {"error": …}
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import msgspec

from vidcalc.faces.web.answers import speaking
from vidcalc.faces.web.doors import unreadable
from vidcalc.faces.web.failures import BROKEN, TOO_LONG, failure
from vidcalc.faces.web.workers import Failed, TooLong, Workers

MOST = 5000  # lines


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One question: of which command, and in which language its refusal is said."""

    name: str
    asked: msgspec.Raw
    lang: str | None = None


async def answers(workers: Workers, lines: list[bytes], lang: str) -> AsyncIterator[bytes]:
    """A line for each line; one worker is left to others where there are several."""
    together = max(1, workers.count - 1)
    running: deque[asyncio.Task[bytes]] = deque()
    pending = iter(lines)
    try:
        while True:
            while len(running) < together and (line := next(pending, None)) is not None:
                running.append(asyncio.ensure_future(_answer(workers, line, lang)))
            if not running:
                return
            yield await running.popleft() + b"\n"
    finally:
        for task in running:
            task.cancel()


async def _answer(workers: Workers, line: bytes, lang: str) -> bytes:
    """The answer to a line, without its end."""
    try:
        asked = msgspec.json.decode(line, type=Line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        with speaking(lang):
            return unreadable(str(wrong))
    lang = asked.lang or lang
    try:
        _status, said = await workers.ask(asked.name, bytes(asked.asked), lang, patient=True)
    except TooLong:
        return failure(TOO_LONG, lang, seconds=f"{workers.seconds:g}")
    except Failed:
        return failure(BROKEN, lang)
    return said or failure(BROKEN, lang)
