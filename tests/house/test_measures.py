"""The measures of the house (scripts/house.py): what the architecture promises stays so."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import house
    from house_imports import House, back_up, circles, longest_chain
finally:
    sys.path.pop(0)


@pytest.mark.long
def test_every_measure_is_met():
    measures = house.measures(House(house.SOURCE))
    assert [(each.name, each.now, each.wanted, each.found) for each in measures if not each.met] == []


def written(folder: Path, files: dict[str, str]) -> House:
    """A small package of these files, as read."""
    for name, text in files.items():
        path = folder / "vidcalc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return House(folder / "vidcalc")


def test_imports_count_wherever_they_stand(tmp_path):
    late = "def f():\n    from vidcalc.b import two\n"
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from vidcalc.a.one import f\n"
    small = written(
        tmp_path,
        {
            "a/one.py": late,
            "b/__init__.py": "",
            "b/two.py": typed,
            "c.py": "from .a.one import f\nimport vidcalc.b.two\n",
        },
    )
    assert small.needs["vidcalc.c"] == {"vidcalc.a.one", "vidcalc.b.two"}
    assert circles(small.needs) == [["vidcalc.a.one", "vidcalc.b.two"]]
    assert circles(small.rooms()) == [["a", "b"]]


def test_as_few_imports_as_possible_are_said_to_run_back_up(tmp_path):
    small = written(
        tmp_path,
        {
            "low/x.py": "from vidcalc.high.z import z\n",
            "mid/y.py": "from vidcalc.low.x import x\n",
            "high/z.py": "from vidcalc.low import x\nfrom vidcalc.mid.y import y\n",
            "high/w.py": "from vidcalc.low.x import x\n",
            "top.py": "from vidcalc.high import z\n",
        },
    )
    rooms = small.rooms()
    assert back_up(small, rooms) == [("low", "high")]
    rooms["low"].remove("high")
    assert longest_chain(rooms) == ["top", "high", "mid", "low"]


def test_what_functions_change_is_found(tmp_path):
    small = written(
        tmp_path,
        {
            "a/kept.py": "OWN: dict[str, int] = {}\nFIXED = {1: 2}\ndef put(n):\n    OWN[n] = 1\n",
            "b/other.py": "from vidcalc.a import kept\nTABLE = []\ndef put(n):\n    kept.FIXED |= n\n    n.append(1)\n",
        },
    )
    assert house.mutable_state(small) == ["vidcalc.a.kept.FIXED", "vidcalc.a.kept.OWN"]


def test_any_is_found_in_signatures_and_fields(tmp_path):
    text = "class A:\n    x: Any\n    def f(self, a: Any, *b: 'list[Any]', c: int) -> dict[str, Any]: ...\n"
    small = written(tmp_path, {"a/x.py": text, "faces/y.py": text})
    signatures, declared = house.said(small, "Any")
    assert (signatures.total(), declared.total()) == (3, 1)
