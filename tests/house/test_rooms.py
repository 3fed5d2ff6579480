"""Every room says in its README what it owns, what it must not import and how to add to it; and keeps to it."""

import re
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from house import SOURCE
    from house_imports import House
finally:
    sys.path.pop(0)

ROOMS = sorted(each.name for each in SOURCE.iterdir() if each.is_dir() and list(each.glob("*.py")))


@cache
def read() -> House:
    """The package with its imports."""
    return House(SOURCE)


def readme(room: str) -> str:
    return (SOURCE / room / "README.md").read_text(encoding="utf-8")


def forbidden(room: str) -> list[str]:
    """The names on the one line that says so: a room, or a file of one."""
    (line,) = re.findall(r"^Must not import: (.+)$", readme(room), re.MULTILINE)
    return [] if line == "nothing" else line.split(", ")


def imported(room: str) -> set[str]:
    """Every file that some file of a room imports, without the package's name."""
    house = read()
    return {
        other.removeprefix("vidcalc.")
        for name, others in house.needs.items()
        if house.room(name) == room
        for other in others
    }


@pytest.mark.parametrize("room", [*ROOMS, "data"])
def test_a_room_says_what_it_owns_and_how_to_add_to_it(room):
    text = readme(room)
    assert text.startswith(f"# {room}: ") and len(text.splitlines()) <= 15
    assert re.search(r"^Owns ", text, re.MULTILINE) and re.search(r"^To add ", text, re.MULTILINE)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_nothing_that_it_must_not(room):
    seen = imported(room)
    broken = {each for each in forbidden(room) if any(f"{other}.".startswith(f"{each}.") for other in seen)}
    assert not broken


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_must_not_import_exists(room):
    known = {name.removeprefix("vidcalc.") for name in read().files}
    assert set(forbidden(room)) <= known


def test_no_two_rooms_may_import_each_other():
    """The lines together are an order: of any two rooms at least one must not import the other."""
    never = {room: {each.partition(".")[0] for each in forbidden(room) if "." not in each} for room in ROOMS}
    both = [(a, b) for a in ROOMS for b in ROOMS if a < b and b not in never[a] and a not in never[b]]
    assert both == []
