"""A few processes that answer questions, each one at a time; one that takes too long is ended and another begun.

A thread cannot be ended in Python, and calculating holds the interpreter: only processes keep a slow question from
those that wait behind it, and let several processors work at once.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine
from contextlib import suppress
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import msgspec

from vidcalc.faces.web.worker import HEAD

SECONDS = 20.0  # an answer may take
WAITING = 64  # questions that may wait for a worker
FULL = 400 * 2**20  # bytes that a worker has held: beyond it another takes its place, for what it remembers grows
AGAIN = 1.0  # seconds before a process that did not come up is tried again
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
        self.process, self.folder, self.memory = process, folder, 0

    @classmethod
    async def begun(cls) -> "Worker":
        """A process that is ready to answer."""
        folder = mkdtemp(prefix="vidcalc-", dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None)
        line = (sys.executable, "-P", "-m", "vidcalc.faces.web.worker", folder)
        try:
            process = await asyncio.create_subprocess_exec(*line, stdin=PIPE, stdout=PIPE, env={**os.environ, **ENV})
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
        worker = cls(process, folder)
        try:
            await worker._received()
        except BaseException:
            await worker.end()
            raise
        return worker

    async def ask(self, name: str, body: bytes, lang: str, file: str) -> tuple[int, bytes]:
        """Its answer. Raises Failed where it ends meanwhile."""
        packed = msgspec.msgpack.encode((name, body, lang, file))
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(len(packed).to_bytes(HEAD) + packed)
            await self.process.stdin.drain()
            status, said, self.memory = await self._received()
        except (ConnectionError, asyncio.IncompleteReadError) as gone:
            raise Failed from gone
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
        self.full = FULL
        self.tasks: set[asyncio.Future[None]] = set()  # workers on their way, and those that end
        self.renewed: set[Worker] = set()  # those in whose place another comes
        self.leaving: set[Worker] = set()  # those in whose place another is there

    async def begin(self) -> None:
        """Begin them, all at once."""
        await asyncio.gather(*(self._another() for _ in range(self.count)))

    async def _another(self, patient: bool = False) -> None:
        """One more worker; a patient one is tried until it comes up."""
        while True:
            try:
                worker = await Worker.begun()
                break
            except (OSError, asyncio.IncompleteReadError):
                if not patient:
                    raise
                await asyncio.sleep(AGAIN)
        self.every.add(worker)
        self.idle.put_nowait(worker)

    async def ask(self, name: str, body: bytes, lang: str, file: str = "", patient: bool = False) -> tuple[int, bytes]:
        """(status, JSON) of a door. Raises Busy, TooLong and Failed.

        file  the name of the file that the body is;  patient  whether it waits for a worker as long as that takes
        """
        worker = await (self.idle.get() if patient else self._free())
        while worker in self.leaving:
            self.leaving.discard(worker)
            self._meanwhile(self._ended(worker))
            worker = await (self.idle.get() if patient else self._free())
        try:
            found = await asyncio.wait_for(worker.ask(name, body, lang, file), self.seconds)
        except TimeoutError:
            self._replaced(worker)
            raise TooLong from None
        except (Failed, asyncio.CancelledError):
            self._replaced(worker)
            raise
        self.idle.put_nowait(worker)
        if worker.memory > self.full and worker not in self.renewed:
            self.renewed.add(worker)
            self._meanwhile(self._followed(worker))
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

    def _replaced(self, worker: Worker) -> None:
        """End a worker and begin another in its place, behind the back of who asked: one who went away, whose
        connection's scope is cancelled, can wait for nothing any more."""
        self._meanwhile(self._anew(worker))

    async def _anew(self, worker: Worker) -> None:
        followed = worker in self.renewed  # then another is on its way already
        await self._ended(worker)
        if not followed:
            await self._another(patient=True)

    async def _followed(self, worker: Worker) -> None:
        """Begin another worker and, once it is there, let this one go."""
        await self._another(patient=True)
        if worker in self.every:
            self.leaving.add(worker)

    async def _ended(self, worker: Worker) -> None:
        """End a worker for good."""
        self.every.discard(worker)
        self.renewed.discard(worker)
        self.leaving.discard(worker)
        await worker.end()

    def _meanwhile(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something while questions are answered."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def end(self) -> None:
        """End all of them."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self.every))
