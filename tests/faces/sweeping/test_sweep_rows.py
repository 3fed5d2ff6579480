"""Each row of a sweep is the estimate that it stands for, whichever way it is worked out."""

import random
from collections import Counter

import pytest
from sweep_law import differences, sweep

from vidcalc.catalog.load import names
from vidcalc.faces.sweeping import asked as asked_for
from vidcalc.faces.sweeping.asked import Asked
from vidcalc.faces.sweeping.axes import COLUMN, SETTINGS
from vidcalc.search.sweeps.columns import COLUMNS

QUICK = ("wan2.1-t2v-1.3b", "ltx-2", "mochi-1-preview", "hunyuanvideo-1.5", "cosmos-predict2-2b", "wan2.2-ti2v-5b")


@pytest.mark.parametrize("seed", range(6))
def test_rows_are_their_estimates(monkeypatch, seed):
    monkeypatch.setattr(asked_for, "FEW", (0, 10**9)[seed % 2])  # by formulas, and as arrays
    asked, chance = sweep(seed, QUICK)
    assert asked.replays
    _compared, differing = differences(asked, chance, 2)
    assert differing == []


@pytest.mark.parametrize(
    "given",
    [
        {"model": "wan2.1-t2v-14b", "control": "vace,wan2.1-14b-controlnet"},
        {"model": "ltx-2.3", "references": ("2,1", "1")},
        {"model": "wan2.1-t2v-1.3b", "window": "33:8,17"},
        {"model": "wan2.1-t2v-1.3b", "host_ram": "16GiB,256GiB", "offload": "model"},
        # of the larger batch the decode has no room, and is made in tiles instead
        {"model": "wan2.1-t2v-1.3b", "batch_size": "1,16", "framework": "comfyui", "gpu": "rtx-4090"},
    ],
    ids=lambda given: list(given)[1],
)
def test_settings_that_few_models_take_are_their_estimates(given):
    asked = Asked({**given, "frames": "49"}, tuple(COLUMNS))
    compared, differing = differences(asked, random.Random(0), 2)
    assert compared == 2 and differing == []


def test_no_setting_is_called_like_a_result():
    assert {COLUMN.get(name, name) for name in SETTINGS}.isdisjoint(COLUMNS)


@pytest.mark.whole
@pytest.mark.parametrize("few", [0, 10**9], ids=["formulas", "arrays"])
def test_a_thousand_rows_over_all_models_and_settings_are_their_estimates(monkeypatch, few):
    monkeypatch.setattr(asked_for, "FEW", few)
    models, compared, seed = names("models"), 0, 1000
    while compared < 1000:
        asked, chance = sweep(seed, models)
        seed += 1
        several, differing = differences(asked, chance, 3)
        compared += several
        assert differing == []


def rows(given, columns=tuple(COLUMNS), where="", reserve="share"):
    """Every row of a sweep by its place, and what was left out."""
    left_out = Counter()
    asked = Asked(given, columns, where, reserve=reserve)
    found = {}
    for number in range(asked.parts):
        for block in asked.blocks(asked.part(number), left_out):
            table = {name: block.column(name) for name in asked.written}
            for at, place in enumerate(block.places):
                found[int(place)] = {name: column[at] for name, column in table.items()}
    return asked, found, left_out


@pytest.mark.long
def test_how_a_sweep_is_cut_changes_no_row(monkeypatch):
    given = {
        "model": "wan2.1-t2v-1.3b",
        "resolution": "480p,720p,512x512",
        "frames": "17:81:4",
        "steps": "10:13",
        "price": "1,2",
    }
    _, wanted, _ = rows(given)
    assert sorted(wanted) == list(range(3 * 17 * 4 * 2))
    monkeypatch.setattr(asked_for, "FEW", 0)
    for block, part in ((8, 16), (50, 100), (200, 150)):
        monkeypatch.setattr("vidcalc.faces.sweeping.combine.ROWS", block)
        monkeypatch.setattr(asked_for, "PART", part)
        asked, found, _ = rows(given)
        assert asked.parts > 1 and sorted(found) == sorted(wanted)
        for place, row in found.items():
            assert row.keys() == wanted[place].keys()
            for name, value in row.items():
                assert value == wanted[place][name] or value == pytest.approx(wanted[place][name], rel=1e-12), name


def test_what_is_not_allowed_is_counted_with_its_reason():
    given = {"model": "wan2.1-t2v-14b,ltx-2", "parallel": ["ulysses=3", "ulysses=8"], "frames": "17,33,49"}
    asked, found, left_out = rows(given, ("seconds",))
    assert len(found) == 6 and sum(left_out.values()) == 6 and asked.combined.rows == 12
    assert all("--parallel cannot be 'ulysses=3'" in reason for reason in left_out)


def test_a_condition_keeps_the_rows_that_meet_it():
    given = {"model": "wan2.1-t2v-1.3b", "gpu": "h100,3060", "frames": "17:81:16", "steps": "10:50:10"}
    _, every, _ = rows(given, ("seconds", "verdict"))
    _, some, _ = rows(given, ("seconds",), 'seconds < 60 and verdict == "fits" and steps >= 20')
    wanted = {
        at for at, row in every.items() if row["seconds"] < 60 and row["verdict"] == "fits" and row["steps"] >= 20
    }
    assert set(some) == wanted and 0 < len(some) < len(every)
