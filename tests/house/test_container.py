"""The Containerfile builds from the project's own files: what it installs, calls and leaves out is there."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Containerfile").read_text("utf-8")


def test_what_it_installs_and_calls_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', TEXT)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert "vidcalc" in project["scripts"]
    python = re.findall(r"python:(\d+\.\d+)-slim", TEXT)
    assert all(f"Programming Language :: Python :: {version}" in project["classifiers"] for version in python)
    (alive,) = re.findall(r"127\.0\.0\.1:8000(/\w+)", TEXT)
    assert f'Route("{alive}"' in (ROOT / "src/vidcalc/faces/web/app.py").read_text("utf-8")


def test_nobody_is_root_and_nothing_built_here_goes_in() -> None:
    last = TEXT.rpartition("FROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert "COPY . ." not in last
    left_out = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    built = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines() if line.count("/") > 1]
    assert {line for line in built if line.startswith(("src/", "web/"))} <= set(left_out)
