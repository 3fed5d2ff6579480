"""Builds the documentation site with Zensical (extra `docs`): python scripts/make_site.py FOLDER

A folder of files for each language, English and Korean, and a first page that leads to them; nothing is fetched from
elsewhere when it is read. Pages without Korean stand there in English.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from site_reference import reference

DOCS = Path(__file__).resolve().parent.parent / "docs"
NAMES = {"en": "English", "ko": "한국어"}
TITLES = {
    "en": ("Begin here", "Use it", "Look up", "Reference", "How it works"),
    "ko": ("시작하기", "쓰기", "찾아보기", "레퍼런스", "원리"),
}
PARTS = (
    (
        "index",
        "tutorials/one_card",
        "tutorials/fine_tuning",
        "tutorials/pretraining",
        "tutorials/fleet",
        "tutorials/flops",
    ),
    ("questions", "files", "how", "hardware", "sweep", "python", "api"),
    ("models", "accuracy", "frameworks", "caches", "findings", "glossary"),
    ("reference/flags", "reference/python", "reference/json"),
    ("story", "training", "adding", "stability"),
)
SWITCH = re.compile(r"^\[(?:한국어|English)\]\([\w./]+\)\n+", re.MULTILINE)  # the site has a menu for that
LINK = re.compile(r"\[([^\]]+)\]\(([^)#:]+)(#[^)]*)?\)")
SETTINGS = """[project]
site_name = "vidcalc"
site_description = "Video Model Resource Calculator"
use_directory_urls = false
nav = {nav}

[project.theme]
language = "{lang}"
font = false
features = ["navigation.sections", "navigation.top", "search.highlight", "content.code.copy"]

[project.markdown_extensions.attr_list]
[project.markdown_extensions.tables]
[project.markdown_extensions.toc]
[project.markdown_extensions.pymdownx.highlight]
[project.markdown_extensions.pymdownx.superfences]

[project.extra]
generator = false
alternate = {alternate}
"""
FIRST = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>vidcalc</title>
<meta http-equiv="refresh" content="0; url=en/index.html"></head>
<body><p><a href="en/index.html">English</a> · <a href="ko/index.html">한국어</a></p></body></html>
"""


def pages(lang: str) -> dict[str, str]:
    """Every page of a language by its path, ready to be built."""
    found = {f"reference/{name}": text for name, text in reference(lang).items()}
    for page in sorted(DOCS.rglob("*.md")):
        path = page.relative_to(DOCS).as_posix()
        if path.endswith(".ko.md"):
            continue
        spoken = page.with_suffix(f".{lang}.md")
        found[path] = (spoken if spoken.exists() else page).read_text("utf-8")
    return {path: settled(text, path, set(found)) for path, text in found.items()}


def settled(text: str, path: str, known: set[str]) -> str:
    """A page with links inside its own language; what the site has not is named, not linked."""

    def linked(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2].replace(".ko.md", ".md"), found[3] or ""
        inside = (DOCS / path).parent.joinpath(target).resolve()
        there = inside.is_relative_to(DOCS) and inside.relative_to(DOCS).as_posix() in known
        return f"[{words}]({target}{anchor})" if there else words

    return LINK.sub(linked, SWITCH.sub("", text, count=1))


def settings(lang: str, every: dict[str, str]) -> str:
    """What Zensical is told. Raises SystemExit for a page that stands in no part."""
    parts = [[f"{name}.md" for name in part] for part in PARTS]
    placed = {path for part in parts for path in part}
    if placed != set(every):
        raise SystemExit(f"in no part, or not there: {sorted(placed ^ set(every))}")
    titles = {path: text.partition("\n")[0].lstrip("# ").replace("`", "") for path, text in every.items()}
    nav = [{title: [{titles[path]: path} for path in part]} for title, part in zip(TITLES[lang], parts, strict=True)]
    others = [{"name": name, "link": f"../{each}/index.html", "lang": each} for each, name in NAMES.items()]
    return SETTINGS.format(nav=toml(nav), lang=lang, alternate=toml(others))


def toml(value: Any) -> str:
    """Lists, tables and texts in one line of TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(name)} = {toml(each)}" for name, each in value.items()) + "}"
    return msgspec.json.encode(value).decode()


def build(folder: Path) -> None:
    """Write the site. Raises SystemExit with what Zensical says where a page cannot be built."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(FIRST, "utf-8")
    for lang in NAMES:
        with TemporaryDirectory() as work:
            every = pages(lang)
            for path, text in every.items():
                target = Path(work) / "docs" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
            (Path(work) / "zensical.toml").write_text(settings(lang, every), "utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "zensical", "build", "--strict"], cwd=work, capture_output=True, text=True
            )
            if done.returncode:
                raise SystemExit(done.stdout + done.stderr)
            shutil.copytree(Path(work) / "site", folder / lang, dirs_exist_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    build(Path(sys.argv[1]))
