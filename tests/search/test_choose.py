"""The machines chosen are those that pricing every way of every machine finds."""

import random

import pytest

from vidcalc.account.memory import inference_memory
from vidcalc.account.time import inference_time
from vidcalc.cost.money import price, ranged
from vidcalc.faces.requests.choose import machines
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import first_step, rewritten
from vidcalc.report.choose import Wanted
from vidcalc.search import choose as search
from vidcalc.search.floor import Floors
from vidcalc.search.jobs import Jobs
from vidcalc.search.rungs import alone
from vidcalc.search.ways import Base, ways

GIB = 2**30
GPUS = ("rtx-3060-12gb", "rtx-4070ti-super", "rtx-4090", "l40s", "a100-sxm-80gb", "h100-sxm", "rtx-4060")
MODELS = ("ltx-video-2b", "wan2.1-t2v-1.3b", "mochi-1", "hunyuanvideo")


def priced(bases: list[Base]) -> list[tuple[float, str]]:
    """(seconds, verdict) of every way, by the passes and prices of an estimate."""
    found = []
    for base in bases:
        for way in ways(base):
            model, job, hardware, plan = way.question
            whole = unroll(model, job)
            ledger = rewritten(whole, plan, hardware)
            memory = inference_memory(ledger, hardware)
            first = first_step(whole, hardware, plan)
            found.append((inference_time(ledger, first, hardware).total, memory.verdict))
    return found


@pytest.mark.parametrize("seed", range(24))
def test_random_questions_have_the_answer_of_trying_everything(seed: int) -> None:
    draw = random.Random(seed)
    flags = {"model": draw.choice(MODELS), "framework": draw.choice(("diffusers", "xdit", "comfyui", "wan2gp"))}
    most = dict.fromkeys(draw.sample(GPUS, 2), draw.choice((1, 2)))
    wanted = Wanted(
        seconds=draw.choice((None, 120.0, 900.0)),
        cost=draw.choice((None, 0.05, 0.5)),
        rate=draw.choice((None, 100.0)),
        host_ram=draw.choice((None, 48 * GIB)),
    )
    every = machines({**flags, **({"host_ram": wanted.host_ram} if wanted.host_ram else {})}, most, ())
    expected = []
    for bases in every:
        hardware = bases[0].question.hardware
        offer = price(hardware.accelerator)
        each = ranged(offer, hardware.total)["likely"] if offer else None
        fits = [way for way in priced(bases) if way[1] != "too_big"]
        surely = min((way for way in fits if way[1] == "fits"), default=None)
        first = min(fits, default=None)
        picked = []
        for seconds in dict.fromkeys(way[0] for way in (first, surely) if way):
            cost = None if each is None else each * seconds
            late = wanted.seconds is not None and seconds > wanted.seconds
            dear = wanted.cost is not None and (cost is None or cost > wanted.cost)
            if not late and not dear:
                picked.append((cost is None, cost or 0, seconds, int(hardware.total)))
        if len(picked) > 1 and picked[1][2] <= picked[0][2] * (1 + search.SAME):
            picked = picked[1:]
        assert search.possible([bases], wanted) == bool(picked)
        expected += picked
    report = search.choose(every, wanted)
    found = [(row.cost is None, row.cost or 0, row.seconds, row.gpus) for row in report.rows]
    assert found == [pytest.approx(row) for row in sorted(expected)]
    assert (report.near is None) == bool(expected)
    for row in report.rows:
        assert row.front == (not any(search.beats(other, row) for other in report.rows))
        if wanted.rate:  # so many machines make the rate, one less does not
            assert row.machines * 3600 / row.seconds >= wanted.rate > (row.machines - 1) * 3600 / row.seconds


@pytest.mark.parametrize("cut", ["precision", "cache", "steps"])
@pytest.mark.parametrize("model", ["ltx-video-2b", "hunyuanvideo"])
def test_what_is_cut_never_takes_less_than_its_floor(model: str, cut: str) -> None:
    flags, most, floors = {"model": model, "frames": 49}, {"rtx-4090": 1, "h100-sxm": 2}, Floors()
    search.choose(machines(flags, most, ()), Wanted(), floors=floors)
    known = 0
    for bases in machines(flags, most, (), cut):
        jobs = Jobs(alone(bases[0].question.workload))
        every = [way for base in bases for way in ways(base)]
        for way in every:
            if way.question.plan.offload != "none":
                continue
            floor = floors.seconds(way)
            assert floor <= jobs.seconds(way, 0).likely
            known += floor > 0
    assert known


def test_a_deadline_that_nothing_keeps_is_ruled_out_before_anything_is_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    flags, most, floors, wanted = {"model": "hunyuanvideo"}, {"h100-sxm": 2}, Floors(), Wanted(seconds=1.0)
    assert search.choose(machines(flags, most, ()), wanted, floors=floors).near is not None
    monkeypatch.setattr(Jobs, "room", lambda *_asked: pytest.fail("priced"))
    for cut in ("precision", "cache", "steps"):
        assert not search.possible(machines(flags, most, (), cut), wanted, floors=floors)
