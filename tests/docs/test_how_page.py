"""The page on --how tells the truth: its commands run, both languages show the same, its table names every tool."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from vidcalc.faces.cli import run, vidcalc
from vidcalc.faces.how.tools import tools

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("how.md", "how.ko.md")}


def commands(text: str) -> list[str]:
    """The lines of the shell blocks."""
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("line", commands(PAGES["how.md"]))
def test_a_command_of_the_page_answers(line: str, capsys: Any) -> None:
    assert run(vidcalc, "vidcalc", tuple(shlex.split(line)[1:])) == 0
    assert capsys.readouterr().out


def test_both_languages_show_the_same_commands_and_every_tool() -> None:
    assert commands(PAGES["how.md"]) == commands(PAGES["how.ko.md"])
    for text in PAGES.values():
        assert all(f"`{name}`" in text for name in tools())
