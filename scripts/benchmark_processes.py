"""What whole processes cost, in instructions: `python -c pass` is the measure.

Instructions are counted by valgrind (callgrind), so that a busy machine counts the same; where it is not installed, the
least CPU time of some interleaved runs stands for them and is held to the bars for CPU time.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CALCULATOR = str(ROOT / "scripts" / "calculator.py")
VIDCALC = ("-c", "from vidcalc.faces.cli import main; main()")
BY_COUNT = ("-p", "3B", "-r", "1080p", "-f", "120")
BY_NAME = ("-m", "wan2.1-t2v-14b")
NOTHING = ("-c", "pass")
COUNTED = re.compile(r"Collected : (\d+)")

Arguments = tuple[str, ...]
Environment = dict[str, str]


class Process(NamedTuple):
    """A process by the arguments of python, and its bars in times `python -c pass`: of instructions, of CPU time."""

    arguments: Arguments
    instructions: float
    seconds: float


PROCESSES = {
    "vidcalc --help": Process((*VIDCALC, "--help"), 2.7, 3),
    "vidcalc models": Process((*VIDCALC, "models"), 2.75, 3),
    "vidcalc gpus": Process((*VIDCALC, "gpus"), 3.95, 4),
    "vidcalc Wan 14B, --json": Process((*VIDCALC, "estimate", *BY_NAME, "--json"), 5.9, 6.5),
    "vidcalc Wan 14B, report": Process((*VIDCALC, "estimate", *BY_NAME), 6, 6.5),
    "vidcalc 3B, --json": Process((*VIDCALC, "estimate", *BY_COUNT, "--json"), 9.5, 6.5),
    "calculator.py 3B, report": Process((CALCULATOR, *BY_COUNT), 15, 11),
}

Verdict = Callable[[str, str, str, bool], bool]


def processes(runs: int, slack: float, verdict: Verdict) -> list[bool]:
    """Each process against its bar; `runs` and `slack` are for CPU time, instructions need neither."""
    valgrind = shutil.which("valgrind")
    with fresh() as environment:
        if valgrind is None:
            print("valgrind is not installed: CPU time instead of instructions")
            return timed(runs, slack, environment, verdict)
        base = instructions(valgrind, NOTHING, environment)
        print(f"{'python -c pass':34} {base / 1e6:9.1f} M instructions")
        met = []
        for name, process in PROCESSES.items():
            count = instructions(valgrind, process.arguments, environment)
            measured = f"{count / 1e6:9.1f} M {count / base:6.2f} ×"
            met.append(verdict(name, measured, f"≤ {process.instructions} ×", count <= process.instructions * base))
    return met


@contextmanager
def fresh() -> Iterator[Environment]:
    """The environment of a process that finds all its bytecode built, as after an installation, once it has run."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {
            **os.environ,
            "PYTHONPYCACHEPREFIX": cache,
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONHASHSEED": "0",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for process in PROCESSES.values():
            run((sys.executable, *process.arguments), environment)
        yield environment


def run(command: Arguments, environment: Environment) -> str:
    """Run a process to its end; what it wrote on standard error."""
    return subprocess.run(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    ).stderr


def instructions(valgrind: str, arguments: Arguments, environment: Environment) -> int:
    """How many instructions a process of python takes."""
    count = (valgrind, "--tool=callgrind", f"--callgrind-out-file={os.devnull}", sys.executable, *arguments)
    found = COUNTED.search(run(count, environment))
    assert found is not None
    return int(found[1])


def timed(runs: int, slack: float, environment: Environment, verdict: Verdict) -> list[bool]:
    """The least CPU time of each process over that of `python -c pass`, of interleaved runs."""
    commands = {"": NOTHING, **{name: process.arguments for name, process in PROCESSES.items()}}
    least = dict.fromkeys(commands, float("inf"))
    for _ in range(runs):
        for name, arguments in commands.items():
            least[name] = min(least[name], spent(arguments, environment))
    met = []
    for name, process in PROCESSES.items():
        ratio = least[name] / least[""]
        measured = f"{least[name] * 1e3:9.1f} ms {ratio:6.2f} ×"
        met.append(verdict(name, measured, f"≤ {process.seconds} ×", ratio <= process.seconds * slack))
    return met


def spent(arguments: Arguments, environment: Environment) -> float:
    """CPU time of a process of python [second]."""
    before = os.times()
    run((sys.executable, *arguments), environment)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
