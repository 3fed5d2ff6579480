"""A few processes that answer questions, each one at a time; one that takes too long is ended and another begun.

A thread cannot be ended in Python, and calculating holds the interpreter: only processes keep a slow question from
those that wait behind it, and let several processors work at once.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import msgspec

from vidcalc.faces.web.worker import HEAD

SECONDS = 20.0  # an answer may take
WAITING = 64  # questions that may wait for a worker
ANSWERS = 20_000  # after which a worker is replaced
IN_MEMORY = "/dev/shm"  # where Linux has files that are in memory alone
ENV = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "0"}


class Busy(Exception):
    """More questions wait than may."""


class TooLong(Exception):
    """An answer took longer than it may."""


class Failed(Exception):
    """A worker ended while it answered."""


class Worker:
    """One process."""

    def __init__(self, process: Process, folder: str) -> None:
        self.process, self.folder, self.answers = process, folder, 0

    @classmethod
    async def begun(cls) -> "Worker":
        """A process that is ready to answer."""
        folder = mkdtemp(prefix="vidcalc-", dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None)
        line = (sys.executable, "-P", "-m", "vidcalc.faces.web.worker", folder)
        process = await asyncio.create_subprocess_exec(*line, stdin=PIPE, stdout=PIPE, env={**os.environ, **ENV})
        worker = cls(process, folder)
        await worker._received()
        return worker

    async def ask(self, name: str, body: bytes, lang: str, file: str) -> tuple[int, bytes]:
        """Its answer. Raises Failed where it ends meanwhile."""
        packed = msgspec.msgpack.encode((name, body, lang, file))
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
        rmtree(self.folder, ignore_errors=True)


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

    async def ask(self, name: str, body: bytes, lang: str, file: str = "", patient: bool = False) -> tuple[int, bytes]:
        """(status, JSON) of a door. Raises Busy, TooLong and Failed.

        file  the name of the file that the body is;  patient  whether it waits for a worker as long as that takes
        """
        worker = await (self.idle.get() if patient else self._free())
        try:
            found = await asyncio.wait_for(worker.ask(name, body, lang, file), self.seconds)
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

    async def _free(self) -> Worker:
        """The next worker that has nothing to do. Raises Busy where too many wait, or one waited too long."""
        if self.queued >= self.waiting:
            raise Busy
        self.queued += 1
        try:
            return await asyncio.wait_for(self.idle.get(), self.seconds)
        except TimeoutError:
            raise Busy from None
        finally:
            self.queued -= 1

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
