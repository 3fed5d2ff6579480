"""A few processes that answer questions, each one at a time; one that takes too long is ended and another begun.

A thread cannot be ended in Python, and calculating holds the interpreter: only processes keep a slow question from
those that wait behind it, and let several processors work at once.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

import msgspec

from vidcalc.faces.web.worker import HEAD

SECONDS = 20.0  # an answer may take
WAITING = 64  # questions that may wait for a worker
ANSWERS = 20_000  # after which a worker is replaced
ENV = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "0"}


class Busy(Exception):
    """More questions wait than may."""


class TooLong(Exception):
    """An answer took longer than it may."""


class Failed(Exception):
    """A worker ended while it answered."""


class Worker:
    """One process."""

    def __init__(self, process: Process) -> None:
        self.process, self.answers = process, 0

    @classmethod
    async def begun(cls) -> "Worker":
        """A process that is ready to answer."""
        line = (sys.executable, "-P", "-m", "vidcalc.faces.web.worker")
        process = await asyncio.create_subprocess_exec(*line, stdin=PIPE, stdout=PIPE, env={**os.environ, **ENV})
        worker = cls(process)
        await worker._received()
        return worker

    async def ask(self, name: str, body: bytes, lang: str) -> tuple[int, bytes]:
        """Its answer. Raises Failed where it ends meanwhile."""
        packed = msgspec.msgpack.encode((name, body, lang))
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(len(packed).to_bytes(HEAD) + packed)
            await self.process.stdin.drain()
            status, said = await self._received()
        except (ConnectionError, asyncio.IncompleteReadError) as gone:
            raise Failed from gone
        self.answers += 1
        return status, said

    async def _received(self) -> Any:
        assert self.process.stdout is not None
        size = int.from_bytes(await self.process.stdout.readexactly(HEAD))
        return msgspec.msgpack.decode(await self.process.stdout.readexactly(size))

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Workers:
    """All of them. `seconds` an answer may take, `waiting` how many questions may wait."""

    def __init__(self, count: int, seconds: float = SECONDS, waiting: int = WAITING) -> None:
        self.count, self.seconds, self.waiting = count, seconds, waiting
        self.idle: asyncio.Queue[Worker] = asyncio.Queue()
        self.every: set[Worker] = set()
        self.queued = 0
        self.coming: set[asyncio.Future[None]] = set()  # workers on their way

    async def begin(self) -> None:
        """Begin them, all at once."""
        await asyncio.gather(*(self._another() for _ in range(self.count)))

    async def _another(self) -> None:
        worker = await Worker.begun()
        self.every.add(worker)
        self.idle.put_nowait(worker)

    async def ask(self, name: str, body: bytes, lang: str) -> tuple[int, bytes]:
        """(status, JSON) of a door. Raises Busy, TooLong and Failed."""
        if self.queued >= self.waiting:
            raise Busy
        self.queued += 1
        try:
            worker = await asyncio.wait_for(self.idle.get(), self.seconds)
        except TimeoutError:
            raise Busy from None
        finally:
            self.queued -= 1
        try:
            found = await asyncio.wait_for(worker.ask(name, body, lang), self.seconds)
        except TimeoutError:
            await self._replaced(worker)
            raise TooLong from None
        except (Failed, asyncio.CancelledError):
            await self._replaced(worker)
            raise
        if worker.answers >= ANSWERS:
            await self._replaced(worker)
        else:
            self.idle.put_nowait(worker)
        return found

    async def _replaced(self, worker: Worker) -> None:
        """End a worker and begin another in its place, behind the back of who asked."""
        self.every.discard(worker)
        await worker.end()
        coming = asyncio.ensure_future(self._another())
        self.coming.add(coming)
        coming.add_done_callback(self.coming.discard)

    async def end(self) -> None:
        """End all of them."""
        for coming in self.coming:
            coming.cancel()
        await asyncio.gather(*(worker.end() for worker in self.every))
