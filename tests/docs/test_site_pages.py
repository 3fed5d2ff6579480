"""The documentation site builds from the project's own files: every page in both languages, found by its search."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("zensical")

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import make_site

LANGUAGES = tuple(make_site.NAMES)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once."""
    folder = tmp_path_factory.mktemp("site")
    make_site.build(folder)
    return folder


def searched(site: Path, lang: str) -> list[dict[str, Any]]:
    """What the search of a language has."""
    found: list[dict[str, Any]] = json.loads((site / lang / "search.json").read_text("utf-8"))["items"]
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_there_and_asks_no_other_host(site: Path, lang: str) -> None:
    names = {f"{name}.html" for part in make_site.PARTS for name in part}
    assert names <= {path.relative_to(site / lang).as_posix() for path in (site / lang).rglob("*.html")}
    for name in names:
        html = (site / lang / name).read_text("utf-8")
        assert f'lang="{lang}"' in html
        assert not re.findall(r'<(?:link|script|img)[^>]+(?:src|href)="?(?:https?:)?//', html), name
        for target in re.findall(r'<a href="([^"#:]+\.html)', html):
            assert (site / lang / name).parent.joinpath(target).exists(), (name, target)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_search_has_models_rows_of_the_accuracy_page_and_flags(site: Path, lang: str) -> None:
    texts: dict[str, str] = {}
    for each in searched(site, lang):
        page = each["location"].partition("#")[0]
        texts[page] = texts.get(page, "") + each["title"] + each["text"]
    assert "hunyuanvideo-1.5" in texts["models.html"].casefold()
    assert "STSEG-001" in texts["accuracy.html"]
    assert "--vae-tiling" in texts["reference/flags.html"]
    assert "memory.inference.peak" in texts["reference/json.html"]
    assert "estimate" in texts["reference/python.html"]


def test_korean_pages_are_korean(site: Path) -> None:
    for name in ("index", "tutorials/one_card", "reference/flags", "accuracy"):
        assert re.search("[가-힣]{2}", (site / "ko" / f"{name}.html").read_text("utf-8").partition("<article")[2]), name


def test_a_page_in_no_part_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_site, "PARTS", (*make_site.PARTS[:-1], ("story",)))
    with pytest.raises(SystemExit, match=r"stability\.md"):
        make_site.settings("en", make_site.pages("en"))
