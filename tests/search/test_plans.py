"""The search for a plan: it is exhaustive, its numbers are those of a single run, and leaving plans out loses none."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import train
from vidcalc.cost import step as step_cost
from vidcalc.faces.requests.training import run
from vidcalc.passes import legal, training_step
from vidcalc.passes.degrees import world as world_of
from vidcalc.search import front, plans, price
from vidcalc.search.exhaustive import ORDERS, Search, place_of, search
from vidcalc.search.plans import SHARDINGS, Place, Space
from vidcalc.search.why import alternatives, neighbours, settled

JOBS = {
    "wan 14B": {"model": "wan2.1-t2v-14b", "gpu": "h100-sxm", "gpus": 16},
    "wan 1.3B adapters": {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-4090", "gpus": 8, "mode": "lora"},
    "hunyuan": {"model": "hunyuanvideo-t2v", "gpu": "h200-sxm", "gpus": 24, "resolution": (960, 544)},
    "ltx, precomputed": {"model": "ltx-video-2b", "gpu": "a100-sxm-80gb", "gpus": 8, "latents": "precomputed"},
    "a U-Net": {"model": "sd1.5", "gpu": "a100-sxm-80gb", "gpus": 4, "texts": "online", "ema": "fp32"},
    "two sizes": {
        "model": "wan2.1-t2v-1.3b",
        "gpu": "h100-sxm",
        "gpus": 8,
        "bucket": ((832, 480, 81, 0.75, 1), (832, 480, 1, 0.25, 4)),
        "validation": "on",
    },
}
WAYS = ("none", "full")


def job(name, by="time", units=16, words=None, **more):
    """A search of one of the jobs, and the hardware it is on."""
    whole = run(JOBS[name])
    space = Space(units=units, words={"checkpointing": WAYS, **(words or {})})
    whole = whole._replace(data=replace(whole.data, samples=units * 1000))
    return Search(run=whole, space=space, by=by, **more), {JOBS[name]["gpus"]: whole.hardware}


def alone(asked, machine, found):
    """The report of one plan by itself."""
    plan = replace(asked.run.plan, training=found.training)
    return train(asked.run.model, price.grown(asked.run.data, found.factor), machine, plan)


def words(found):
    """What a search found as plain values: plans themselves are not compared."""
    return [(each.seconds, each.peak, each.factor, asdict(each.training)) for each in found]


@pytest.mark.parametrize("name", JOBS)
@settings(max_examples=12, deadline=None)
@given(draw=st.data())
def test_every_plan_of_a_table_costs_what_it_costs_alone(name, draw):
    asked, machines = job(name)
    ((world, machine),) = machines.items()
    place = place_of(asked, world, machine)
    sharding = draw.draw(st.sampled_from(SHARDINGS))
    factor = draw.draw(st.sampled_from(plans.factors(asked.space)))
    training = draw.draw(st.sampled_from(plans.worded(asked.space, asked.run.plan.training)))
    training = replace(training, offload=draw.draw(st.sampled_from(("none", "optimizer"))))
    table = plans.grid(place, asked.space, sharding, factor, training)
    if not plans.size(table):
        return
    row = draw.draw(st.integers(0, plans.size(table) - 1))
    block = price.block(asked.run._replace(hardware=machine), training, factor)
    columns = price.training_of(block, sharding, table)
    single = price.training_of(block, sharding, plans.row(table, row))
    report = train(*block.run._replace(plan=replace(block.run.plan, training=single)))
    assert float(price.peaks(block, columns)[row]) == report.memory.peak
    assert float(price.seconds(block, columns)[row]) == pytest.approx(report.time.total, rel=1e-12)


@pytest.mark.parametrize(("name", "by"), list(itertools.product(JOBS, ORDERS)))
def test_pruning_loses_nothing(name, by):
    asked, machines = job(name, by)
    (quick,), (brute,) = search(asked, machines), search(replace(asked, pruned=False), machines)
    assert words(quick.best) == words(brute.best)
    assert words(quick.front) == words(brute.front)
    assert quick.fitting == brute.fitting
    assert brute.priced == brute.legal >= quick.priced
    (winner,) = search(replace(asked, winner=True), machines)
    assert words(winner.best) == words(brute.best[:1])


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@given(st.sampled_from(("ltx, precomputed", "wan 1.3B adapters", "a U-Net")), st.integers(2 * 10**9, 300 * 10**9))
def test_pruning_loses_nothing_whatever_the_memory(name, capacity):
    asked, machines = job(name, capacity=capacity)
    (quick,), (brute,) = search(asked, machines), search(replace(asked, pruned=False), machines)
    assert words(quick.best) == words(brute.best)
    assert words(quick.front) == words(brute.front)
    assert quick.fitting == brute.fitting


def test_pruning_spares_work():
    asked, machines = job("wan 14B", units=512, words={"checkpointing": ("none",)})
    (quick,) = search(asked, machines)
    assert quick.priced < quick.legal / 2
    asked, machines = job("ltx, precomputed")
    (all_,), (winner,) = search(asked, machines), search(replace(asked, winner=True), machines)
    assert winner.priced < all_.priced


@pytest.mark.parametrize("name", JOBS)
def test_a_plan_listed_fits_and_its_numbers_are_those_of_train(name):
    asked, machines = job(name)
    (found,) = search(asked, machines)
    assert found.best
    for each in (*found.best[:3], *found.front[:3]):
        report = alone(asked, machines[found.world], each)
        assert report.memory.peak == each.peak <= report.memory.capacity
        assert report.time.total == pytest.approx(each.seconds, rel=1e-12)
        assert report.ranks.world == found.world
        assert all(size.global_batch == 16 * size.batch // each.factor for size in report.buckets)


@pytest.mark.parametrize("name", JOBS)
def test_nobody_beats_a_plan_of_the_front(name):
    asked, machines = job(name)
    (found,) = search(asked, machines)
    assert list(found.front) == sorted(found.front, key=lambda each: each.seconds)
    peaks = [each.peak for each in found.front]
    assert all(a > b for a, b in itertools.pairwise(peaks))
    assert found.front[0].seconds == found.best[0].seconds
    (least,) = search(replace(asked, by="memory"), machines)
    assert found.front[-1].peak == least.best[0].peak


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30))
def test_the_front_is_what_no_pair_beats(pairs):
    import numpy as np

    kept = front.front(*(np.array([pair[side] for pair in pairs], dtype=float) for side in (0, 1)))
    beaten = [any(other != mine and other[0] <= mine[0] and other[1] <= mine[1] for other in pairs) for mine in pairs]
    assert {pairs[place] for place in kept} == {mine for mine, lost in zip(pairs, beaten, strict=True) if not lost}
    assert len(kept) == len({pairs[place] for place in kept})


@given(
    st.sampled_from(("wan2.1-t2v-1.3b", "sd1.5")),
    st.sampled_from((1, 2, 6, 8, 12, 16, 48)),
    st.sampled_from((1, 2, 8, 24)),
    st.sampled_from(SHARDINGS),
)
@settings(deadline=None)
def test_the_grid_is_every_legal_plan(name, world, units, sharding):
    model, _data, _machine, plan = run({"model": name})
    heads, depth = model.denoiser.heads, legal.depth(model)
    place, space = Place(world=world, node=min(world, 8), heads=heads, depth=depth, tokens=4), Space(units=units)
    table = plans.grid(place, space, sharding, 1, plan.training)
    mine = {tuple(plans.row(table, row).items()) for row in range(plans.size(table))}
    assert len(mine) == plans.size(table)
    divisors = [number for number in range(1, world + 1) if world % number == 0]
    wanted = set()
    for tp, pp, ulysses, ring, gather in itertools.product(divisors, repeat=5):
        together = tp * pp * ulysses * ring * gather
        if world % together or units % (world // together) or place.node % tp:
            continue
        for shards in divisors[1:] if sharding[0] != "none" else (1,):
            row = dict(zip(plans.FACTORS, (tp, pp, ulysses, ring, gather, world // together), strict=True))
            row |= {"shard_degree": shards, "grad_accum": units // (world // together)}
            asked = replace(plan.training, sharding=sharding[0], **row)
            try:
                legal.checked_training(model, asked)
                legal.spread(4, asked)
            except InputError:
                continue
            wanted.add(tuple(row.items()))
    assert mine == wanted


@pytest.mark.parametrize("name", ["wan 14B", "wan 1.3B adapters", "two sizes"])
def test_more_accelerators_never_lengthen_the_best_run(name):
    asked, _machines = job(name, units=64)
    machine = run({**JOBS[name], "gpus": 8}).hardware
    machines = {count: replace(machine, nodes=count // 8) for count in (8, 16, 32, 64)}
    spent = [found.best[0].seconds for found in search(replace(asked, winner=True), machines)]
    assert all(fewer >= more for fewer, more in itertools.pairwise(spent))


@pytest.mark.parametrize("name", JOBS)
def test_plans_beside_the_winner_are_legal_cost_what_they_cost_alone_and_do_not_beat_it(name):
    asked, machines = job(name)
    ((world, machine),) = machines.items()
    (found,) = search(asked, machines)
    winner = found.best[0]
    place = place_of(asked, world, machine)
    told_ones = {(each.id, each.value): each for each in alternatives(asked, machine, winner)}
    compared = 0
    for name_, value, changes in neighbours(winner, place, asked.space):
        factor = changes.pop("factor", winner.factor)
        shaped = settled(replace(winner.training, **changes), winner, factor, place, asked.space)
        if shaped is None or (name_, value) not in told_ones:
            continue
        compared += 1
        training, factor = shaped
        assert (world_of(training), training.grad_accum * factor * training.data_degree) == (world, 16)
        one = replace(winner, training=training, factor=factor)
        report, each = alone(asked, machine, one), told_ones[name_, value]
        assert (report.memory.peak, max(-report.memory.margin, 0)) == (each.peak, each.missing)
        assert each.slower == pytest.approx(report.time.total / winner.seconds - 1, abs=1e-12)
        assert each.missing > 0 or each.slower >= -1e-12
    assert compared == len(told_ones) > 0


@pytest.mark.parametrize("ways", [{"ring_degree": 4}, {"ulysses_degree": 4}, {"gather_degree": 2, "tensor_degree": 2}])
def test_layers_taped_one_by_one_wait_as_those_taped_in_a_loop(ways):
    asked, ((_world, machine),) = (job("wan 14B")[0], job("wan 14B")[1].items())
    block = price.block(asked.run._replace(hardware=machine), asked.run.plan.training, 1)
    (load,) = block.loads
    plan = replace(asked.run.plan.training, data_degree=4, **ways)
    chip = machine.accelerator
    peaks = {name: peak * 1e3 for name, peak in chip.peaks.items()}  # so fast that not all exchanges hide
    machine = replace(machine, accelerator=replace(chip, peaks=peaks, bandwidth=chip.bandwidth * 1e3))

    def one_by_one(phase):
        return replace(phase, ops=tuple(replace(op, count=1) for op in phase.ops for _ in range(op.count)))

    def waits(step):
        step = training_step(step, plan, machine)
        return step_cost.seconds(step, step_cost.micro_batch(step, machine), machine)["communication"]

    looped, unrolled = (
        waits(replace(load.step, phases=phases))
        for phases in (load.step.phases, tuple(map(one_by_one, load.step.phases)))
    )
    assert looped.likely > 0
    assert unrolled.likely == pytest.approx(looped.likely, rel=1e-12)
