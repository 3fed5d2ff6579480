"""Every command on a page of docs/ is run, both languages show the same, and every page that is linked is there.

Pages with commands that are only tried where their libraries are say so in ELSEWHERE, with who runs them.
"""

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

from vidcalc.faces.cli import run, vidcalc

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
ENGLISH = [page for page in PAGES if not page.name.endswith(".ko.md")]
OUT_OF_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
TRANSLATED = [page for page in ENGLISH if page.with_suffix(".ko.md").exists()]
# how a command begins that is not run here: why not, or where it is
ELSEWHERE = {
    "vidcalc serve": "does not end: tests/faces/web",
    "vidcalc measure": "needs torch: tests/reference",
    "vidcalc estimate -m wan2.1-t2v-1.3b --calibration": "reads what `measure` writes: tests/reference",
    "vidcalc verify": "needs torch: tests/reference",
    "vidcalc site": "needs vidcalc-web: tests/page",
    "vidcalc estimate --from": "reads a file of hundreds of MB: tests/modelfiles",
    "vidcalc train --from": "reads a trainer's file: tests/modelfiles",
    "python scripts/": "a developer's tool: .ci/run",
}


def commands(page: Path) -> list[str]:
    """The lines of the shell blocks, comments apart, continued lines as one."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


def outside(line: str) -> str | None:
    """Why a command is not run here."""
    return next((why for begins, why in ELSEWHERE.items() if line.startswith(begins)), None)


def examples() -> list[str]:
    """The examples of every command, which stand on the reference page and in --help."""
    group = vidcalc()
    assert isinstance(group, click.Group)
    context = click.Context(group)
    return [line for name in group.list_commands(context) for line in group.get_command(context, name).examples]  # type: ignore[union-attr]


EVERY = {line for page in ENGLISH for line in commands(page)} | set(examples())
LINES = sorted(line for line in EVERY if not outside(line))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that pages read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copy(ROOT / "tests/snapshots/generations.csv", tmp_path / "measured.csv")
    (tmp_path / "oom.txt").write_text(OUT_OF_MEMORY, "utf-8")
    (tmp_path / "metadata.csv").write_text("video,width,height,frames\na.mp4,832,480,81\nb.mp4,480,832,49\n", "utf-8")
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("line", LINES)
def test_a_command_answers(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    *before, last = line.split(" | ")
    for piece in before:  # what a page pipes in: what it says itself, or what the program in its place would say
        said = " ".join(shlex.split(piece)[1:]) if piece.startswith("echo ") else OUT_OF_MEMORY
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(said.encode())))
    name, *words = shlex.split(last)
    assert name == "vidcalc", line
    with contextlib.suppress(SystemExit):
        assert run(vidcalc, "vidcalc", words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


def test_nothing_is_left_out_for_nothing() -> None:
    assert [begins for begins in ELSEWHERE if not any(line.startswith(begins) for line in EVERY)] == []


@pytest.mark.parametrize(
    "page", [page for page in ENGLISH if page.with_suffix(".ko.md").exists()], ids=lambda at: at.stem
)
def test_both_languages_show_the_same_commands(page: Path) -> None:
    assert commands(page) == commands(page.with_suffix(".ko.md"))


@pytest.mark.parametrize("page", [page for page in ENGLISH if page.parent.name == "tutorials"], ids=lambda at: at.stem)
def test_the_python_of_a_tutorial_runs(page: Path) -> None:
    assert page.with_suffix(".ko.md").exists()
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        exec(block, {})


@pytest.mark.parametrize("page", PAGES, ids=lambda at: at.name)
def test_every_linked_page_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists() or target.startswith("reference/"), target
