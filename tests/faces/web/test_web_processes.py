"""The real server: sealed processes that answer, a deadline that ends them, and an end when it is told so."""

import asyncio
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import anyio
import pytest

from vidcalc.faces.web.workers import Busy, TooLong, Workers

QUESTION = b'{"asked":{"model":"wan2.1-t2v-1.3b","frames":17},"changes":false}'


@contextmanager
def served(*flags):
    """(process, port) of a server of its own."""
    line = [sys.executable, "-m", "vidcalc", "serve", "--port", "0", "--workers", "1", "--lang", "en", *flags]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env={**os.environ, "VIDCALC_LIGHT": "0"})
    try:
        said = process.stderr.readline()
        yield process, int(re.search(r":(\d+)/", said).group(1))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def asked(port, method, path, body=None):
    """(status, JSON) once the server answers."""
    for _ in range(400):
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            client.request(method, path, body)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read())
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def test_it_answers_on_loopback_alone_and_ends_at_once_when_told_so():
    with served() as (process, port):
        assert asked(port, "GET", "/healthz") == (200, {"status": "ok"})
        status, page = asked(port, "POST", "/api/v1/page", QUESTION)
        assert status == 200 and page["report"]["model"]["name"] == "wan2.1-t2v-1.3b"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    listening = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with pytest.raises(ConnectionError):
        listening.request("GET", "/healthz")


def test_an_address_that_is_taken_is_refused_in_a_line(ask):
    with served() as (_process, port):
        done = ask("serve", "--port", str(port))
    assert done.code == 2 and done.err.startswith("error: --host ") and done.err.count("\n") == 1


def test_a_question_beyond_its_time_is_ended_and_the_next_one_is_answered():
    async def story():
        workers = Workers(1, seconds=60.0)
        await workers.begin()
        first = next(iter(workers.every)).process.pid
        try:
            workers.seconds = 0.001
            with pytest.raises(TooLong):
                await workers.ask("page", QUESTION, "en")
            with pytest.raises(Busy):  # none is ready that soon
                await workers.ask("page", QUESTION, "en")
            workers.seconds = 60.0
            status, _said = await workers.ask("page", QUESTION, "en")
            assert status == 200
            with pytest.raises(ProcessLookupError):
                os.kill(first, 0)
        finally:
            await workers.end()

    asyncio.run(story())


def test_a_process_that_holds_much_is_followed_by_another_without_a_gap():
    async def story():
        workers = Workers(1, seconds=60.0)
        workers.full = 1
        await workers.begin()
        first = next(iter(workers.every))
        try:
            for _ in range(200):
                assert (await workers.ask("page", QUESTION, "en"))[0] == 200
                if first not in workers.every:
                    break
                await asyncio.sleep(0.05)
            assert first not in workers.every and len(workers.every) <= 2
        finally:
            await workers.end()

    asyncio.run(story())


def test_who_goes_away_takes_no_worker_along():
    """A reader who leaves cancels the whole scope of a connection, in which nothing can be waited for any more."""

    async def story():
        workers = Workers(1, seconds=60.0)
        await workers.begin()
        try:
            for _reader in range(2):
                with anyio.move_on_after(0.05):
                    await workers.ask("choose", b'{"model": "wan2.1-t2v-14b"}', "en", patient=True)
            status, said = await asyncio.wait_for(workers.ask("words", b"{}", "en", patient=True), 30)
            assert status == 200 and said
        finally:
            await workers.end()

    asyncio.run(story())


def test_more_questions_than_may_wait_are_turned_away():
    async def story():
        workers = Workers(0, seconds=0.2, waiting=3)
        found = await asyncio.gather(*(workers.ask("page", QUESTION, "en") for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in found] == [Busy] * 5 and workers.queued == 0

    asyncio.run(story())


SEALED = """
import os, socket, subprocess, sys, tempfile
from vidcalc.faces.web import seal
folder = tempfile.mkdtemp()
open(folder + "/../beside.txt", "w").close()
outside = os.path.realpath(folder + "/../beside.txt")
seal.sealed(folder)
tries = {
    "read": lambda: open("/etc/passwd").read(),
    "read beside": lambda: open(outside).read(),
    "write": lambda: open(outside, "w"),
    "low": lambda: os.open(outside, os.O_RDONLY),
    "list": lambda: os.listdir("/"),
    "remove": lambda: os.remove(outside),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "run": lambda: subprocess.run(["true"]),
    "shell": lambda: os.system("true"),
    "up": lambda: open(folder + "/../beside.txt").read(),
}
for name, does in tries.items():
    try:
        does()
    except seal.Sealed:
        continue
    print("open:", name)
with open(folder + "/own.txt", "w") as file:
    file.write("own")
assert open(folder + "/own.txt").read() == "own"
os.remove(folder + "/own.txt")
from vidcalc.faces.web.doors import opened
print(opened("estimate", b'{"model": "svd-xt", "frames": 14}')[0])
"""


def test_a_sealed_process_reads_nothing_but_the_program_and_answers_all_the_same(spawn):
    done = spawn("-c", SEALED, VIDCALC_CACHE="")
    assert (done.code, done.out) == (0, "200\n"), done.err
