"""The command line in this process, and as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from vidcalc.faces.calculator import calculator
from vidcalc.faces.cli import run, vidcalc

ROOT = Path(__file__).resolve().parents[2]
COMMANDS: dict[str, Callable[[], click.Command]] = {"vidcalc": vidcalc, "calculator.py": calculator}


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Ask = Callable[..., Result]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """English, 80 columns, no colour, whatever the machine says."""
    for name in ("VIDCALC_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command line in this process: ask("estimate", "-m", "sora"), or ask(..., program="calculator.py")."""

    def asked(*arguments: str, program: str = "vidcalc") -> Result:
        code = run(COMMANDS[program], program, arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return asked


@pytest.fixture
def spawn() -> Ask:
    """Run Python with these arguments from the root of the checkout, as a user does."""

    def spawned(*arguments: str, **environment: str) -> Result:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        settings = {**kept, "PYTHONIOENCODING": "utf-8", **environment}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=settings, capture_output=True, encoding="utf-8", timeout=60
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return spawned
