"""The bundle: small, of one file each, asking nobody but its own server; its words are those of the catalogue."""

import gzip
import json
import re
from importlib import resources
from pathlib import Path

import pytest

from vidcalc.faces.web.words import CHROME

PAGE = Path(__file__).parents[2] / "web"
MOST = 60_000  # byte of script and style sheet, compressed
SAID = re.compile(r'\b[tn]\(\s*"((?:[^"\\]|\\.)*)"')


def sources():
    return sorted((PAGE / "page").rglob("*.ts*"))


def test_the_page_says_only_words_of_the_catalogue_and_all_of_them():
    said = {text for path in sources() for text in SAID.findall(path.read_text("utf-8"))}
    assert said == set(CHROME)


@pytest.mark.parametrize("path", [*sources(), *sorted((PAGE / "page").rglob("*.css"))], ids=lambda path: path.name)
def test_a_source_is_short_and_says_what_it_is(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) < 300
    assert lines[0].startswith(("//", "/*"))


def test_the_lock_file_names_digests_and_no_registry():
    packages = json.loads((PAGE / "package-lock.json").read_text("utf-8"))["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)
    assert not any("resolved" in package for package in packages.values())


def test_script_and_style_are_small():
    pytest.importorskip("vidcalc_web")
    static = resources.files("vidcalc_web") / "static"
    sizes = {name: len(gzip.compress((static / name).read_bytes(), 9)) for name in ("page.js", "style.css")}
    assert sum(sizes.values()) <= MOST


def test_the_page_asks_no_other_host():
    pytest.importorskip("vidcalc_web")
    static = resources.files("vidcalc_web") / "static"
    for name in ("page.js", "style.css", "index.html"):
        hosts = set(re.findall(r"https?://([\w.-]+)", (static / name).read_text("utf-8")))
        assert hosts <= {"www.w3.org"}, name  # the name of SVG, which nobody asks
