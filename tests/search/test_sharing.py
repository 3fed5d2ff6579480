"""Scaling of one video: one accelerator is the estimate, ways are legal, work adds up, and the verdicts say so."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import names as frameworks
from vidcalc.catalog.load import table
from vidcalc.describe.plan import WAYS, WORK
from vidcalc.describe.question import Question
from vidcalc.passes import degrees, guidance, legal
from vidcalc.rates.machines import hardware
from vidcalc.search.scale import doubling, scaling
from vidcalc.search.sharing import offered, plans, used


def asked(name="wan2.1-t2v-14b", gpu="h100-sxm", framework="xdit", **given):
    model = fill.model(name)
    return Question(model, fill.workload(model), hardware(gpu), fill.plan(model, framework=framework, **given))


def test_one_is_the_estimate():
    found = scaling(asked(), (1,)).rows[0]
    report = calculate(*asked())
    time, memory = report.time.inference, report.memory.inference
    assert (found.seconds, found.denoise, found.communication) == (time.total, time.denoise, 0)
    assert (found.peak, found.fits, found.capacity) == (memory.peak, memory.verdict, memory.capacity)
    assert found.cost == pytest.approx(report.cost.per_video["likely"])
    assert (found.efficiency, found.speedup, found.parallel, found.step) == (1, 1, {}, None)


def test_each_row_is_the_estimate_of_its_plan():
    model, workload, _machine, plan = question = asked()
    for row in scaling(question, (1, 2, 4, 8)).rows:
        chosen = replace(plan, **{WAYS[way]: degree for way, degree in row.parallel.items()})
        report = calculate(model, workload, hardware("h100-sxm", row.count), chosen)
        assert degrees.ranks(chosen) == row.count
        assert report.time.inference.total == row.seconds
        assert report.memory.inference.peak == row.peak
        assert report.cost.per_video["likely"] == pytest.approx(row.cost)


def test_efficiency_and_speed_up_are_of_the_seconds_shown():
    rows = scaling(asked(), (1, 2, 4, 8)).rows
    for row in rows:
        assert row.speedup == pytest.approx(rows[0].seconds / row.seconds)
        assert row.efficiency == pytest.approx(row.speedup / row.count)
        assert row.low <= row.seconds <= row.high
    for before, row in pairwise(rows):
        assert row.step.count == before.count
        assert row.step.seconds == pytest.approx(row.seconds - before.seconds)
        assert row.step.cost == pytest.approx(row.cost - before.cost)


def test_the_fastest_way_that_fits_is_taken():
    question = asked(gpu="rtx-4090")
    row = next(row for row in scaling(question, (4,)).rows if row.count == 4)
    fitting = []
    for each in plans(question._replace(hardware=hardware("rtx-4090", 4)), 4):
        report = calculate(*each)
        if report.memory.inference.verdict != "too_big":
            fitting.append(report.time.inference.total)
    assert row.ways > len(fitting) > 1
    assert row.seconds == min(fitting)


@pytest.mark.parametrize("name", ["wan2.1-t2v-14b", "wan2.1-t2v-1.3b", "hunyuanvideo-t2v", "cogvideox-5b"])
@pytest.mark.parametrize("count", [1, 2, 3, 6, 8, 12])
def test_every_plan_is_legal_and_uses_every_accelerator(name, count):
    seen = []
    for each in plans(asked(name), count):
        legal.checked(each.model, each.plan, guidance.possible(each.plan))
        assert degrees.ranks(each.plan) == count
        seen.append(used(each.plan))
    assert all(seen.count(one) == 1 for one in seen)
    assert count != 1 or seen == [{}]


def test_a_framework_shares_in_its_own_ways():
    assert set(offered("wan-official")) == {"ulysses", "ring", "fsdp"}
    assert offered("comfyui") == ()
    for row in scaling(asked(framework="wan-official", offload="none"), (1, 2, 4, 8)).rows:
        assert set(row.parallel) <= set(offered("wan-official"))
    known = set(table("offered")["parallel"]) - {"source"}
    assert known <= set(frameworks())
    assert all(set(offered(name)) <= set(WAYS) for name in known)


def test_a_pattern_fixes_ways_and_degrees():
    found = scaling(asked(), (1, 2, 4, 8), {"ulysses": None, "cfg": 2})
    assert [row.parallel for row in found.rows] == [
        {},
        {"cfg": 2},
        {"ulysses": 2, "cfg": 2},
        {"ulysses": 4, "cfg": 2},
    ]
    alone = scaling(asked(), (1, 2, 3), {"ulysses": 8})
    assert [row.count for row in alone.rows] == [1]
    assert alone.without == [2, 3]


def test_a_unet_shares_its_guidance_and_nothing_else():
    found = scaling(asked("svd-xt", "h200"), (1, 2, 4))
    assert [set(row.parallel) & set(WORK) for row in found.rows] == [set(), {"cfg"}]
    assert found.without == [4]


def test_accelerators_that_nothing_joins_share_nothing():
    found = scaling(asked("wan2.1-t2v-1.3b", "m4-max"), (1, 2))
    assert ([row.count for row in found.rows], found.without) == ([1], [2])


def test_the_verdict_of_a_step():
    cards = {row.count: row for row in scaling(asked(gpu="rtx-4090"), (1, 2, 4, 8)).rows}
    assert cards[1].fits == "too_big"
    assert [cards[count].step.verdict for count in (2, 4)] == ["too_big", "needed"]
    fabric = {row.count: row for row in scaling(asked(), (1, 2)).rows}
    assert fabric[2].step.verdict == "worth_it"
    # cards that share by PCIe: guidance apart is nearly free, tokens apart cost more money the more cards there are
    weak = scaling(asked("wan2.1-t2v-1.3b", "l40s", "sglang"), (1, 2, 8, 16)).rows
    assert [row.step.verdict for row in weak[1:]] == ["worth_it", "buys_time", "buys_time"]
    small = scaling(asked("hunyuanvideo-t2v", "rtx-4090", "diffusers"), (1, 2)).rows
    assert small[1].step.verdict == "too_big"


def test_a_step_is_measured_from_the_fastest_of_fewer():
    rows = {row.count: row for row in scaling(asked(gpu="rtx-4090"), range(1, 9)).rows}
    assert rows[6].seconds > rows[5].seconds
    assert rows[6].step.verdict == "not_worth_it"
    assert (rows[7].step.count, rows[8].step.count) == (5, 5)


def test_the_best_counts():
    found = scaling(asked(), (1, 2, 4, 8))
    assert found.best_time == 8
    assert found.best_cost == 1
    nothing = scaling(asked("hunyuanvideo-t2v", "rtx-4090", "diffusers"), (1, 2))
    assert (nothing.best_time, nothing.best_cost) == (None, None)


def test_more_than_a_node_holds_stand_in_several():
    rows = {row.count: row for row in scaling(asked(framework="diffusers"), (1, 8, 16)).rows}
    assert [rows[count].nodes for count in (1, 8, 16)] == [1, 1, 2]
    # keys and values go between the nodes, never heads
    assert rows[16].parallel.get("ulysses", 1) <= 8
    assert rows[16].parallel["ring"] >= 2


def test_counts_double_up_to_the_most():
    assert doubling(1) == [1]
    assert doubling(8) == [1, 2, 4, 8]
    assert doubling(6) == [1, 2, 4, 6]
