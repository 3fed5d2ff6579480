"""Laws of training: sums add up, each degree takes its share, sharding and accumulation move bytes as papers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from vidcalc.training.bucket import micro
from vidcalc.training.communication import Work, waits
from vidcalc.training.memory import ROWS

from vidcalc.base.errors import InputError
from vidcalc.catalog import fill
from vidcalc.catalog.training import choices, optimizer, recipe
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan
from vidcalc.ops import Attention
from vidcalc.rates.machines import hardware

WAN = "wan2.1-t2v-1.3b"
IMAGE = Bucket(width=832, height=480, frames=1, share=0.25, batch=4)
CLIP = Bucket(width=832, height=480, frames=33, share=0.75)


def test_rows_add_up_to_the_total_and_phases_to_theirs(run):
    memory = run(WAN, checkpointing="full", texts="online", validation="on").memory
    rows = ("weights", "vae", "encoders", "optimizer", "gradients", "activations", "other")
    assert memory.total == sum(getattr(memory, row) for row in rows)
    for phase in memory.phases:
        assert phase.total == sum(getattr(phase, row) for row in ROWS)
    assert [phase.id for phase in memory.phases] == ["encode", "forward_backward", "optimizer_step", "validation"]
    assert memory.peak == max(phase.total for phase in memory.phases)


@pytest.mark.parametrize(
    "plan",
    [
        {"checkpointing": "full", "latents": "precomputed"},  # the update's temporaries are more than all activations
        {"checkpointing": "full", "validation": "on", "mode": "lora"},
        {"checkpointing": "full", "networks": "rl", "rollout_steps": 4, "mode": "lora"},
        {"checkpointing": "offload", "texts": "online", "mode": "qlora", "base": "nf4"},
    ],
)
def test_all_that_is_held_is_never_less_than_the_peak(run, plan):
    memory = run(WAN, Bucket(width=256, height=256, frames=9), **plan).memory
    assert memory.peak_phase != "forward_backward"  # else the test shows nothing
    assert memory.total >= memory.peak


def test_a_validation_sample_runs_beside_buffers_and_gathered_weights(run):
    memory = run(WAN, data_degree=8, sharding="zero3", shard_degree=8, validation="on").memory
    rows = {phase.id: phase for phase in memory.phases}
    assert rows["validation"].other == rows["forward_backward"].other  # a recipe without copies of autocast


@pytest.mark.parametrize("name", ["bf16-mixed", "bf16-autocast"])
def test_gradients_of_adapters_are_as_wide_as_the_adapters(name):
    model = fill.model(WAN)
    plan = fill.plan(model, training=TrainingPlan(mode="lora", recipe=name, checkpointing="full"))
    taped = micro(model, fill.workload(model, width=256, height=256, frames=9), plan)
    assert taped.live.gradients == taped.found.trained * recipe(name).weights


@pytest.mark.parametrize("name", choices("recipes"))
@pytest.mark.parametrize("updated", ["adamw", "adamw-8bit", "sgd", "muon"])
def test_states_are_bytes_per_weight(run, name, updated):
    found = run(WAN, recipe=name, optimizer=updated, checkpointing="full")
    chosen, states, trained = recipe(name), optimizer(updated), found.run.trained
    assert found.memory.weights == trained * chosen.weights
    assert found.memory.gradients == trained * chosen.gradients
    assert found.memory.optimizer == pytest.approx(
        trained * (chosen.master + states.states * states.each(chosen)), abs=1
    )


@pytest.mark.parametrize(
    ("sharding", "shared"),
    [
        ("zero1", {"optimizer"}),
        ("zero2", {"optimizer", "gradients"}),
        ("zero3", {"optimizer", "gradients", "weights"}),
    ],
)
def test_sharding_spreads_what_it_names_and_nothing_else(run, sharding, shared):
    whole = run(WAN, data_degree=8, checkpointing="full").memory
    split = run(WAN, data_degree=8, checkpointing="full", sharding=sharding, shard_degree=8).memory
    for row in ("weights", "gradients", "optimizer"):
        before, after = getattr(whole, row), getattr(split, row)
        assert after == (-(-before // 8) if row in shared else before), row
    assert split.activations == whole.activations


def test_bytes_of_zero_stages_are_those_of_the_paper(run):
    """arXiv 1910.02054, figure 1: 16 bytes per weight, 4 + 12/N, 2 + 14/N, 16/N with N ranks."""
    per = {"none": 16, "zero1": 4 + 12 / 8, "zero2": 2 + 14 / 8, "zero3": 16 / 8}
    for sharding, expected in per.items():
        degree = 1 if sharding == "none" else 8
        found = run(WAN, data_degree=8, checkpointing="full", sharding=sharding, shard_degree=degree)
        held = found.memory.weights + found.memory.gradients + found.memory.optimizer
        assert held / found.run.trained == pytest.approx(expected, rel=1e-6), sharding


@pytest.mark.parametrize("degree", ["ulysses_degree", "ring_degree", "gather_degree", "tensor_degree"])
def test_ranks_that_share_a_sample_share_its_activations(run, degree):
    one, four = (run(WAN, **{degree: number}) for number in (1, 4))
    assert four.memory.activations == pytest.approx(one.memory.activations / 4, rel=1e-6)
    assert four.buckets[0].global_batch == one.buckets[0].global_batch
    assert four.ranks.world == 4
    assert one.time.per_step / 4 < four.time.per_step < one.time.per_step


def test_weights_in_host_memory_come_twice_a_micro_batch_as_far_as_no_work_hides_it(run):
    """Both passes copy a rank's share; one token of an image leaves nothing to hide it behind."""
    tiny = Bucket(width=16, height=16, frames=1)
    here, away = (
        run(WAN, tiny, offload=way, latents="precomputed", gpu="rtx-4090").time.parts
        for way in ("optimizer", "optimizer+weights")
    )
    assert here["transfer"] == 0 < away["transfer"]
    shared = {"offload": "optimizer+weights", "latents": "precomputed", "sharding": "zero3", "data_degree": 8}
    spread = run(WAN, tiny, gpu="rtx-4090", shard_degree=8, **shared).time.parts
    assert spread["transfer"] < away["transfer"] / 4


@pytest.mark.parametrize("degree", ["ulysses_degree", "tensor_degree", "gather_degree"])
def test_ranks_that_share_a_sample_share_what_waits_in_host_memory(run, degree):
    one, four = (run(WAN, checkpointing="offload", **{degree: number}) for number in (1, 4))
    assert one.memory.host_ram == one.buckets[0].host > 0
    assert four.memory.host_ram == pytest.approx(one.memory.host_ram / 4, rel=1e-6)


def test_a_pipeline_keeps_as_much_in_host_memory_as_micro_batches_are_on_their_way(run):
    few, many = (run(WAN, checkpointing="offload", pipeline_degree=3, grad_accum=count).memory for count in (1, 3))
    assert many.host_ram == pytest.approx(3 * few.host_ram, rel=1e-6)


def test_tensor_parallelism_turns_around_cross_attention_too():
    """Two gathers and two scatters around a self-attention and its feed-forward, half of that around the other."""
    model, chips = fill.model(WAN), hardware("h100-sxm", 8, 1)
    taped = micro(model, fill.workload(model, width=256, height=256, frames=9), fill.plan(model))
    plan, work = TrainingPlan(tensor_degree=8), Work(forward=1, backward=1, attention=1)
    itself = Attention("attn", 1, "bf16", 1, 8, 32_768, 32_768, 128, 128, 2)
    spent = [waits((op,), (), taped.found, plan, chips, work).tokens for op in (itself, replace(itself, keys=512))]
    assert spent[1] == pytest.approx(spent[0] / 2)


def test_work_over_ranks_adds_up(run):
    """FLOPs do not depend on who does them; utilisation falls only by what is waited for."""
    plans = ({}, {"data_degree": 8}, {"ulysses_degree": 4, "data_degree": 2}, {"tensor_degree": 4, "data_degree": 2})
    found = [run(WAN, samples=1600, checkpointing="full", **plan) for plan in plans]
    assert len({each.run.flops for each in found}) == 1
    assert all(each.time.mfu <= found[0].time.mfu for each in found)
    for each in found:
        peak = each.time.total * each.ranks.world * 989.4e12
        assert each.run.flops / peak == pytest.approx(each.time.mfu, rel=1e-3)


def test_full_checkpointing_is_four_forwards_by_the_usual_convention(run):
    """MFU counts forward and backward (3 forwards); HFU the forward of the blocks again, and fused attention's own."""
    plain, light = (run(WAN, checkpointing=way).buckets[0] for way in ("none", "full"))
    assert plain.flops_per_sample == light.flops_per_sample
    assert plain.flops_per_sample % 3 == 0
    forward = plain.flops_per_sample / 3
    assert light.hardware_flops - plain.hardware_flops == pytest.approx(forward, rel=0.01)
    assert light.kept_for_backward < plain.kept_for_backward / 10
    assert light.seconds_per_step > plain.seconds_per_step


def test_a_pipeline_idles_for_its_stages_less_one(run):
    """1F1B, arXiv 2104.04473: (p − 1) / m of the work of m micro-batches."""
    flat, deep = (run(WAN, grad_accum=8, pipeline_degree=stages, checkpointing="full").time for stages in (1, 3))
    work = sum(deep.parts[name] for name in ("forward", "backward", "recompute"))
    assert deep.parts["bubble"] == pytest.approx(work * 2 / 8)
    assert flat.parts["bubble"] == 0
    assert work == pytest.approx(sum(flat.parts[name] for name in ("forward", "backward", "recompute")) / 3)


def test_accumulation_keeps_gradients_and_multiplies_the_batch(run):
    one, four = (run(WAN, grad_accum=number, checkpointing="full") for number in (1, 4))
    backward = [next(row for row in each.memory.phases if row.id == "forward_backward") for each in (one, four)]
    assert backward[1].gradients == four.memory.gradients >= backward[0].gradients
    assert four.buckets[0].global_batch == 4 * one.buckets[0].global_batch
    assert four.time.per_step < 4 * one.time.per_step  # one update for four micro-batches


def test_the_worst_bucket_decides_memory_and_the_mix_decides_time(run):
    mixed = run(WAN, IMAGE, CLIP, samples=4000, data_degree=8, checkpointing="full")
    alone = [run(WAN, size, data_degree=8, checkpointing="full") for size in (IMAGE, CLIP)]
    assert mixed.memory.peak == max(each.memory.peak for each in alone)
    steps = (-(-1000 // 32), -(-3000 // 8))
    assert tuple(row.steps for row in mixed.buckets) == steps
    seconds = sum(number * each.buckets[0].seconds_per_step for number, each in zip(steps, alone, strict=True))
    assert mixed.time.total == pytest.approx(seconds)
    assert mixed.run.tokens == sum(row.samples * row.sequence for row in mixed.buckets)


def test_validation_and_encoders_add_time_and_memory(run):
    plain = run(WAN, checkpointing="full", latents="precomputed")
    busy = run(WAN, checkpointing="full", texts="online", validation="on", validation_every=100)
    assert busy.time.validation > 0 and plain.time.validation == 0
    assert busy.time.total > plain.time.total
    assert busy.memory.encoders > 0 and busy.memory.vae > 0 and plain.memory.vae == 0
    assert plain.run.latents == 1000 * 16 * 9 * 60 * 104 * 2  # clips × channels × frames × height × width × bytes
    assert busy.run.latents == 0


def test_what_waits_in_host_memory_is_not_on_the_device(run):
    here, away = (run(WAN, checkpointing="full", offload=way) for way in ("none", "optimizer"))
    assert away.memory.optimizer == 0 and away.memory.gradients == 0
    assert away.memory.host_ram == here.memory.optimizer + here.memory.gradients
    assert away.time.parts["optimizer"] > here.time.parts["optimizer"]


def test_one_sample_of_wan_14b_has_the_flops_that_are_logged_publicly(run):
    """19,573 TFLOP forward and backward at 1280×720×81 (maxdiffusion's log: 4,893 per device on 4 devices)."""
    found = run("wan2.1-t2v-14b", Bucket(width=1280, height=720, frames=81))
    assert found.buckets[0].flops_per_sample == pytest.approx(19_573e12, rel=1e-3)


@pytest.mark.parametrize(
    ("plan", "flag"),
    [
        ({"ulysses_degree": 5}, "parallel"),  # 12 heads
        ({"ulysses_degree": 4, "tensor_degree": 6}, "parallel"),
        ({"pipeline_degree": 4}, "parallel"),  # 30 layers
        ({"shard_degree": 3, "sharding": "zero3", "data_degree": 8}, "parallel"),
        ({"pipeline_degree": 2, "sharding": "zero3"}, "sharding"),
        ({"recipe": "fp12"}, "recipe"),
        ({"optimizer": "adamv"}, "optimizer"),
        ({"checkpointing": "some"}, "checkpointing"),
    ],
)
def test_what_does_not_go_together_is_refused(run, plan, flag):
    with pytest.raises(InputError) as refused:
        run(WAN, **plan)
    assert refused.value.flag == flag


@given(batch=st.integers(1, 6), accumulated=st.integers(1, 5), data=st.integers(1, 16))
def test_samples_of_a_step_are_the_product(run, batch, accumulated, data):
    size = Bucket(width=256, height=256, frames=9, batch=batch)
    found = run(WAN, size, samples=10_000, data_degree=data, grad_accum=accumulated, checkpointing="full")
    assert found.buckets[0].global_batch == batch * accumulated * data
    assert found.run.steps == -(-10_000 // (batch * accumulated * data))
