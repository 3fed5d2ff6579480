"""The pages "From Python" tell the truth: their code runs, both show the same, every public name is on them."""

import re
from pathlib import Path

import pytest

import vidcalc

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {language: (DOCS / f"python{language}.md").read_text(encoding="utf-8") for language in ("", ".ko")}


def blocks(text: str) -> list[str]:
    """The code blocks of a page."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def bare(text: str) -> list[str]:
    """The code of a page without its comments."""
    return [line.split("  #")[0].rstrip() for block in blocks(text) for line in block.splitlines()]


def test_all_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(PAGES[""]):
        exec(block, names)
    assert (tmp_path / "stages.svg").read_text("utf-8").startswith("<svg")
    assert names["longest"] == vidcalc.estimate("wan2.1-t2v-14b", gpu="h100", frames=161).time.inference.total


def test_both_languages_show_the_same_code() -> None:
    assert bare(PAGES[".ko"]) == bare(PAGES[""])


@pytest.mark.parametrize("language", PAGES)
def test_the_public_names_are_those_of_the_page(language: str) -> None:
    text = PAGES[language]
    named = set(re.findall(r"`vidcalc\.(\w+)`", text))
    assert named == set(vidcalc.__all__)


@pytest.mark.parametrize("language", PAGES)
def test_every_linked_page_is_there(language: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[language]):
        assert (DOCS / target).exists(), target
