"""docs/findings.md tells every script of findings/, in both languages, as their heads and the list say it."""

import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import make_findings
finally:
    sys.path.pop(0)

DOCS = ROOT / "docs"
PAGES = make_findings.findings_pages(DOCS)
KOREAN = tomllib.loads((ROOT / "findings/ko.toml").read_text(encoding="utf-8"))
COMMENTS = "# One would expect: a\n#   b: c\n# What happens: d\n# Versions: e 1\n# Date: 2026-11-30\n"
HEAD = f"#!/usr/bin/env bash\n{COMMENTS}set -e\n"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_is_current(path):
    assert path.read_text(encoding="utf-8") == PAGES[path]


def test_every_script_stands_on_both_pages():
    names = {path.stem for path in (ROOT / "findings").glob("*.sh")}
    assert names
    for text in PAGES.values():
        assert {name for name in names if f"(../findings/{name}.sh)" in text} == names


def test_korean_words_are_of_scripts_that_are_there():
    assert set(KOREAN) <= {found.name for found in make_findings.findings()}
    assert all(set(words) == {"title", "expected", "happens"} for words in KOREAN.values())


def test_a_head_is_read_with_its_continued_lines():
    read = make_findings.head(HEAD)
    assert read == {"One would expect": "a b: c", "What happens": "d", "Versions": "e 1", "Date": "2026-11-30"}


@pytest.mark.parametrize("text", ["", HEAD.replace("# Date: 2026-11-30\n", ""), HEAD.replace("What happens", "But")])
def test_an_incomplete_head_is_refused(text):
    with pytest.raises(ValueError, match="a head has"):
        make_findings.head(text)


def test_a_script_that_is_not_listed_is_named(tmp_path):
    (tmp_path / "README.md").write_text("| `one` | shows it |\n", encoding="utf-8")
    (tmp_path / "two.sh").write_text(HEAD, encoding="utf-8")
    with pytest.raises(ValueError, match="one, two"):
        make_findings.findings(tmp_path)
