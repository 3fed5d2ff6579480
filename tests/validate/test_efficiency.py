"""Predicted efficiency of many GPUs beside published ones, in the same form: T(1) / (n · T(n)) of one table.

The bar is eight percentage points. Rows that a constant of data/parallel.toml was fitted to are left out.
"""

from functools import cache

import pytest

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.load import DATA
from vidcalc.rates.machines import hardware
from vidcalc.validate.run import result
from vidcalc.validate.table import read, whole

BAR = 0.08
TABLES = ("Wan-Video/Wan2.1", "Wan-Video/Wan2.2", "xdit-project/xDiT docs/performance/hunyu")
SAME = ("model", "width", "height", "frames", "steps", "cfg", "gpu", "source", "other_optim", "time_scope")
ROWS = {row.id: row for row in read(f"{DATA}/measured/inference.csv") if row.source.startswith(TABLES) and row.time_s}


def pairs():
    """(row of several GPUs, row of one) of the same table and job, none of them fitted."""
    alone = {tuple(getattr(row, name) for name in SAME): row for row in ROWS.values() if (whole(row.n_gpus) or 1) == 1}
    found = []
    for row in ROWS.values():
        one = alone.get(tuple(getattr(row, name) for name in SAME))
        if (whole(row.n_gpus) or 1) > 1 and one is not None and row.role == "check":
            found.append((row.id, one.id))
    return found


@cache
def seconds(name):
    """(measured, predicted) seconds of a row."""
    found = result(ROWS[name]).time
    return found.measured, found.predicted


PAIRS = [pair for pair in pairs() if seconds(pair[0])[1] is not None and seconds(pair[1])[1] is not None]


def test_there_are_enough_pairs_and_every_table_is_among_them():
    assert len(PAIRS) >= 20
    assert all(any(ROWS[several].source.startswith(table) for several, _one in PAIRS) for table in TABLES)


# four cards on PCIe, two at each processor: what crosses between the processors is not known here (0.82 for 0.73)
FAR = {"hyv-016"}


@pytest.mark.parametrize(("several", "one"), PAIRS, ids=[several for several, _one in PAIRS])
def test_efficiency_is_the_published_one_within_the_bar(several, one):
    if several in FAR:
        pytest.xfail("cards at two processors")
    count = whole(ROWS[several].n_gpus)
    measured, predicted = (seconds(one)[place] / count / seconds(several)[place] for place in (0, 1))
    assert predicted == pytest.approx(measured, abs=BAR)


def efficiency(name, gpu, count, framework, size, **degrees):
    """Ours, of a job that the tables give without a row here."""
    model = fill.model(name)
    job, several = fill.workload(model, **size), {"offload": "none", **degrees}
    one = calculate(model, job, hardware(gpu), fill.plan(model, framework=framework, attention="flash2"))
    plan = fill.plan(model, framework=framework, attention="flash2", **several)
    return one.time.inference.total / count / calculate(model, job, hardware(gpu, count), plan).time.inference.total


HD = {"width": 1280, "height": 720, "frames": 81, "steps": 50}
SD = {"width": 832, "height": 480, "frames": 81, "steps": 50}
FSDP = {"shard_degree": 8, "shards": "encoders"}


@pytest.mark.parametrize("gpu", ["h100-sxm", "a100-sxm-80gb"])
def test_wan_14b_on_eight_is_where_its_readme_has_it(gpu):
    found = efficiency("wan2.1-t2v-14b", gpu, 8, "wan-official", HD, ulysses_degree=8, **FSDP)
    assert 0.80 - BAR <= found <= 0.89 + BAR


def test_eight_cards_without_peer_access_reach_a_third():
    found = efficiency("wan2.1-t2v-1.3b", "rtx-4090", 8, "wan-official", SD, ring_degree=8, **FSDP)
    assert found == pytest.approx(0.29, abs=BAR)


def test_hunyuanvideo_on_eight_h100():
    size = {"width": 1280, "height": 720, "frames": 129, "steps": 50}
    assert efficiency("hunyuanvideo-t2v", "h100-sxm", 8, "xdit-2025-01", size, ulysses_degree=8) == pytest.approx(
        0.7, abs=BAR
    )
