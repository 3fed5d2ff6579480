"""Every page of docs/ is there in Korean, which says the same: the numbers, the names in code, in our own words."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH = sorted(page for page in DOCS.rglob("*.md") if not page.name.endswith(".ko.md"))
BLOCK = re.compile(r"```.*?```", re.DOTALL)
TARGET = re.compile(r"\]\([^)]*\)")  # where a link leads: test_commands.py looks there
SPAN = re.compile(r"`([^`]+)`")
# what Korean counts by ten thousands
COUNTED = re.compile(r"\d[\d,.]*(?: to \d[\d,.]*)? million|20,000|\(Wan 14B 3\.5, Cosmos3 3\.1, LTX-2 1\.3")
NUMBER = re.compile(r"\d[\d,.]*")
# a word that another stands for everywhere in Korean -> that one
OTHER = {
    "비디오": "영상",
    "동영상": "영상",
    "랭크": "rank",
    "기울기": "그래디언트",
    "역전파": "backward",
    "순전파": "forward",
    "어텐션": "attention",
    "가이던스": "guidance",
    "활성값": "activation",
    "십시오": "세요",
}


def korean(page: Path) -> str:
    """The Korean of a page."""
    return page.with_suffix(".ko.md").read_text("utf-8")


def prose(text: str) -> str:
    """A page without what it shows, and without the targets of its links."""
    return TARGET.sub("]", BLOCK.sub("", text))


def names(text: str) -> set[str]:
    """Names in code: flags, files, calls; no placeholder such as NAME, no single word of another language."""
    found = {" ".join(each.split()) for each in SPAN.findall(prose(text))}
    return {each for each in found if not re.search(r"\b[A-Z]{3,}\b", each) and re.search(r"[-_./]", each)}


def numbers(text: str) -> set[str]:
    """Numbers outside of code."""
    return {each.rstrip(".,") for each in NUMBER.findall(COUNTED.sub("", SPAN.sub("", prose(text))))}


@pytest.mark.parametrize("page", ENGLISH, ids=lambda at: at.stem)
def test_a_page_says_the_same_in_korean(page: Path) -> None:
    english, spoken = page.read_text("utf-8"), korean(page)
    assert names(english) - names(spoken) == set()
    assert numbers(english) - numbers(spoken) == set()
    if "make_" not in english.partition("\n\n")[2][:120]:  # what is written by a script leads to no other page
        assert f"[한국어]({page.stem}.ko.md)" in english
        assert f"[English]({page.name})" in spoken


@pytest.mark.parametrize("page", ENGLISH, ids=lambda at: at.stem)
def test_a_korean_page_keeps_to_one_word_for_a_thing(page: Path) -> None:
    found = {word: OTHER[word] for word in OTHER if word in korean(page)}
    assert found == {}
    assert [line for line in korean(page).splitlines() if re.search(r"\]\([\w/.]*(?<!\.ko)\.md\)\(영어\)", line)] == []
