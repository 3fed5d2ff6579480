"""The page of questions is current: every command prints what stands there, and both languages ask the same."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {language: (ROOT / f"docs/questions{language}.md").read_text("utf-8") for language in ("", ".ko")}


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of a kind on a page."""
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("place", range(len(blocks(PAGES[""], "sh"))))
def test_a_command_prints_what_stands_there(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from make_questions import QUESTIONS, printed

    line = blocks(PAGES[""], "sh")[place].removeprefix("vidcalc ").strip()
    assert line == QUESTIONS[place][2]
    assert printed(line, "en") == blocks(PAGES[""], "text")[place], "run python scripts/make_docs.py"
    assert sys.modules.pop("make_questions")


def test_both_languages_ask_the_same() -> None:
    assert blocks(PAGES[""], "sh") == blocks(PAGES[".ko"], "sh")
