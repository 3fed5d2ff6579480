"""How fast and how steadily `vidcalc serve` answers: first bytes, updates while one drags, many clients for a minute.

    python scripts/benchmark_web.py [--seconds 60] [--clients 32] [--rate 100] [--workers N]

A server of its own is begun on a free port. Updates are questions that nobody asked before (each another length, step
count or price), so that no remembered answer helps. The many clients ask what was asked before: how many unseen
questions a second are answered is said apart. Exits with 1 where a bar is missed; the bars are for a quiet machine.
"""

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

FIRST, UPDATE, UPDATE_P95, LOADED_P95 = 0.6, 0.030, 0.080, 0.100  # seconds
GROWTH = 1.10  # memory after the load, over that of its first third
MODELS = (
    "wan2.1-t2v-14b",
    "wan2.1-t2v-1.3b",
    "ltx-video-2b",
    "hunyuanvideo-t2v",
    "cogvideox-5b",
    "svd-xt",
    "mochi-1-preview",
)
GPUS = ("rtx-4090", "rtx-5090", "h100-sxm", "a100-sxm-80gb", "l40s")


class Server(NamedTuple):
    """A process that serves, and its port."""

    process: "subprocess.Popen[str]"
    port: int


class Client:
    """A connection that stays open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: Any = None
        self.writer: Any = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, int, float]:
        """(status, bytes, seconds) of a request."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        begun = time.perf_counter()
        head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        said = (await self.reader.readuntil(b"\r\n\r\n")).decode().casefold()
        size = int(re.search(r"content-length: (\d+)", said).group(1))  # type: ignore[union-attr]
        await self.reader.readexactly(size)
        return int(said.split()[1]), size, time.perf_counter() - begun


def begun(workers: int | None) -> Server:
    """A server on a free port."""
    line = [sys.executable, "-m", "vidcalc", "serve", "--port", "0", "--lang", "en"]
    line += [] if workers is None else ["--workers", str(workers)]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env={**os.environ, "VIDCALC_LIGHT": "0"})
    assert process.stderr is not None
    found = re.search(r":(\d+)/", process.stderr.readline())
    assert found is not None
    return Server(process, int(found.group(1)))


def page(**asked: Any) -> bytes:
    """A question of the page while one drags."""
    return json.dumps({"asked": asked, "lang": "en", "changes": False}).encode()


def dragged(count: int, seed: int = 1) -> list[bytes]:
    """Questions none of which was asked before."""
    draw = random.Random(seed)
    found = []
    for place in range(count):
        frames = 17 + 4 * draw.randrange(40)
        found.append(
            page(
                model=draw.choice(MODELS),
                gpu=draw.choice(GPUS),
                frames=frames,
                steps=10 + place % 60,
                price=1 + place / 1e4,
            )
        )
    return found


def memory(process: int) -> int:
    """Resident bytes of a process and of those that it began."""
    total = 0
    for each in Path("/proc").glob("[0-9]*"):
        try:
            fields = (each / "stat").read_text().rpartition(")")[2].split()
            if int(each.name) == process or int(fields[1]) == process:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    return total


def percentile(values: list[float], share: float) -> float:
    """The value that so many are not above."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def first(port: int) -> float:
    """Seconds of the first page, script-free answer included."""
    client = Client(port)
    for _ in range(600):
        try:
            await client.ask("GET", "/healthz")
        except OSError:
            await asyncio.sleep(0.05)
            continue
        await asyncio.sleep(1)  # while it makes the usual first answers ready
        status, _size, seconds = await client.ask("GET", "/")
        assert status == 200
        return seconds
    raise SystemExit("the server does not answer")


async def updates(port: int, count: int) -> list[float]:
    """Seconds of updates, one after the other, as one drags each of a few settings."""
    client, taken = Client(port), []
    for model in MODELS[: max(1, count // 50)]:
        await client.ask("POST", "/api/v1/page", page(model=model, gpu="rtx-4090"))
        for place in range(50):
            name, value = (("frames", 17 + 4 * place), ("steps", 10 + place), ("price", 1 + place / 100))[place % 3]
            asked = page(**{"model": model, "gpu": "rtx-4090", name: value})
            status, _size, seconds = await client.ask("POST", "/api/v1/page", asked)
            assert status == 200
            taken.append(seconds)
    return taken


async def unseen(port: int, questions: list[bytes], together: int) -> float:
    """Questions a second of those that nobody asked before, by so many clients."""
    left, begun = iter(questions), time.perf_counter()

    async def one() -> None:
        client = Client(port)
        for question in left:
            status, _size, _seconds = await client.ask("POST", "/api/v1/page", question)
            assert status == 200

    await asyncio.gather(*(one() for _ in range(together)))
    return len(questions) / (time.perf_counter() - begun)


async def loaded(
    server: Server, questions: list[bytes], clients: int, rate: float, seconds: float
) -> tuple[list[float], int, list[int]]:
    """(seconds of each request, errors, memory over time) of many clients together."""
    taken: list[float] = []
    errors, held = 0, []
    end = time.perf_counter() + seconds

    async def one(place: int) -> None:
        nonlocal errors
        client, draw = Client(server.port), random.Random(place)
        await asyncio.sleep(draw.random() * clients / rate)
        while (now := time.perf_counter()) < end:
            status, _size, spent = await client.ask("POST", "/api/v1/page", draw.choice(questions))
            taken.append(spent)
            errors += status != 200
            await asyncio.sleep(max(0.0, clients / rate - (time.perf_counter() - now)))

    async def watch() -> None:
        while time.perf_counter() < end:
            held.append(memory(server.process.pid))
            await asyncio.sleep(1)

    await asyncio.gather(watch(), *(one(place) for place in range(clients)))
    return taken, errors, held


async def measured(server: Server, options: argparse.Namespace) -> bool:
    """Print all of it; whether every bar is met."""
    met = []

    def said(name: str, value: float, bar: float, unit: str = "ms", scale: float = 1e3) -> None:
        met.append(value <= bar)
        print(f"{name:<44}{value * scale:>10.1f} {unit:<4}{'≤':>3} {bar * scale:g}{'' if met[-1] else '  missed'}")

    said("first page, with its answer", await first(server.port), FIRST)
    taken = await updates(server.port, options.updates)
    said(f"update, median of {len(taken)}", median(taken), UPDATE)
    said("update, 95th of a hundred", percentile(taken, 0.95), UPDATE_P95)
    questions = dragged(options.questions)
    rate = await unseen(server.port, questions, 4)
    print(f"{'questions that nobody asked before':<44}{rate:>10.1f} /s")
    spent, errors, held = await loaded(server, questions, options.clients, options.rate, options.seconds)
    print(f"{options.clients} clients, {len(spent) / options.seconds:.0f} requests/s for {options.seconds:g} s")
    said("errors", errors, 0, "", 1)
    said("median", median(spent), LOADED_P95)
    said("95th of a hundred", percentile(spent, 0.95), LOADED_P95)
    third = max(1, len(held) // 3)
    print(f"{'memory of all processes':<44}{held[third] / 2**20:>10.0f} MiB then {held[-1] / 2**20:.0f} MiB")
    said("memory, over that of the first third", held[-1] / held[third], GROWTH, "", 1)
    return all(met)


def main() -> int:
    """Measure a server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("seconds", 60.0), ("rate", 100.0)):
        parser.add_argument(f"--{name}", type=float, default=usual)
    for name, count in (("clients", 32), ("updates", 250), ("questions", 200), ("workers", None)):
        parser.add_argument(f"--{name}", type=int, default=count)
    options = parser.parse_args()
    server = begun(options.workers)
    try:
        return int(not asyncio.run(measured(server, options)))
    finally:
        server.process.terminate()
        server.process.wait()


if __name__ == "__main__":
    sys.exit(main())
