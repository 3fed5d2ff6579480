"""The READMEs tell the truth: every example runs, both languages show the same commands, every linked page is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "README.ko.md").read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    """The commands of every code block, comments apart."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def code(text: str) -> list[str]:
    """The Python blocks."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


# what does not end, and what needs an extra: tests/faces/web and test_site_pages.py run them
ELSEWHERE = ("vidcalc serve", "python scripts/make_site.py site")
EXAMPLES = [line for line in commands(ENGLISH) if "pip install" not in line and line not in ELSEWHERE]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: str, tmp_path: Path) -> None:
    words = shlex.split(example)
    if words[0] == "vidcalc":
        words = [sys.executable, "-c", "from vidcalc.faces.cli import main; main()", *words[1:]]
    else:
        words = [sys.executable, str(ROOT / words[1]), *words[2:]]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = code(ENGLISH)
    exec(block, {})
    assert re.fullmatch(r"[\d.]+ GiB, [\d.]+ s\n", capsys.readouterr().out)


def test_both_languages_show_the_same_examples() -> None:
    assert code(KOREAN) == code(ENGLISH)
    assert [line for line in commands(KOREAN) if "pip install" not in line and line not in ELSEWHERE] == EXAMPLES


@pytest.mark.parametrize("text", [ENGLISH, KOREAN], ids=["en", "ko"])
def test_every_linked_page_is_there(text: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / target).exists(), target
