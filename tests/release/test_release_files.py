"""What a release says about itself agrees: version, changelog, citation, classifiers, and the lock of development."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from vidcalc.base.version import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
LINES = [line for line in LOCK.splitlines() if line and line[0] != "#"]
LOCKED = [Requirement(line) for line in LINES]
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/stability.md", "docs/stability.ko.md")


def test_the_changelog_begins_with_this_version():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == __version__
    assert headings == sorted(headings, key=lambda each: tuple(map(int, each.split("."))), reverse=True)


def test_the_citation_names_this_version_and_licence():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^(?:version|license): (.+)$", text, re.MULTILINE) == [__version__, PROJECT["license"]]


def test_classifiers_begin_with_the_oldest_python_that_is_allowed():
    minors = [int(each.rpartition(".")[2]) for each in PROJECT["classifiers"] if "Python :: 3." in each]
    assert PROJECT["requires-python"] == f">=3.{minors[0]}"
    assert minors == list(range(minors[0], minors[-1] + 1))


@pytest.mark.parametrize("wanted", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]])
def test_the_lock_holds_what_development_needs(wanted):
    asked = Requirement(wanted)
    held = [each for each in LOCKED if re.sub("[-_.]+", "-", each.name) == re.sub("[-_.]+", "-", asked.name)]
    assert held
    for each in held:
        (pin,) = each.specifier
        assert pin.operator == "==" and asked.specifier.contains(pin.version)


def test_the_lock_names_no_address():
    assert not [line for line in LINES if re.search(r"://|@|^-", line)]


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_pages_lead_somewhere(page):
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
