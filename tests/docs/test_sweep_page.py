"""The pages "Sweeps" tell the truth: their commands and code run, both show the same, every column is named."""

import re
import shlex
from pathlib import Path

import pytest

import vidcalc
from vidcalc.faces import cli
from vidcalc.search.sweeps.columns import MEMORY_STAGES, TIME_STAGES, WHOLE

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, KOREAN = ((DOCS / f"sweep{language}.md").read_text("utf-8") for language in ("", ".ko"))


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of a kind, without comments."""
    found = re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)
    return ["\n".join(line.split("  #")[0].rstrip() for line in block.splitlines()) for block in found]


def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for line in blocks(ENGLISH, "sh")[0].splitlines():
        assert cli.run(cli.vidcalc, "vidcalc", shlex.split(line)[1:]) == 0, capsys.readouterr().err
    assert (tmp_path / "rows.csv").read_text("utf-8").count("\n") == 11


def test_code_runs() -> None:
    names: dict[str, object] = {}
    (code,) = blocks(ENGLISH, "python")
    exec(code, names)
    swept = names["swept"]
    assert isinstance(swept, vidcalc.Sweep) and len(swept) == 12
    assert names["fastest"]["seconds"] == swept["seconds"].min()  # type: ignore[index]


@pytest.mark.parametrize("kind", ["sh", "python", "console"])
def test_both_languages_show_the_same(kind: str) -> None:
    assert blocks(KOREAN, kind) == blocks(ENGLISH, kind)


@pytest.mark.parametrize("text", [ENGLISH, KOREAN])
def test_every_column_is_named(text: str) -> None:
    for name in (*(column.name for column in WHOLE), *MEMORY_STAGES, *TIME_STAGES):
        assert f"`{name}`" in text
