"""What a rank holds while it trains: bytes per weight, and what each way of sharing spreads over the ranks."""

import pytest

from vidcalc.calculate import bucket
from vidcalc.catalog import fill
from vidcalc.catalog.training import choices, optimizer, recipe
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware

WAN = "wan2.1-t2v-1.3b"


@pytest.mark.parametrize("name", ["bf16-mixed", "bf16-autocast"])
def test_gradients_of_adapters_are_as_wide_as_the_adapters(name):
    model = fill.model(WAN)
    plan = fill.plan(model, training=TrainingPlan(mode="lora", recipe=name, checkpointing="full"))
    step = bucket(model, Bucket(width=256, height=256, frames=9), hardware("h100-sxm"), plan).step
    assert step.live.gradients == step.trained.trained * recipe(name).weights


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


@pytest.mark.parametrize("degree", ["ulysses_degree", "tensor_degree", "gather_degree"])
def test_ranks_that_share_a_sample_share_what_waits_in_host_memory(run, degree):
    one, four = (run(WAN, checkpointing="offload", **{degree: number}) for number in (1, 4))
    assert one.memory.host_ram == one.buckets[0].host > 0
    assert four.memory.host_ram == pytest.approx(one.memory.host_ram / 4, rel=1e-6)


def test_a_pipeline_keeps_as_much_in_host_memory_as_micro_batches_are_on_their_way(run):
    few, many = (run(WAN, checkpointing="offload", pipeline_degree=3, grad_accum=count).memory for count in (1, 3))
    assert many.host_ram == pytest.approx(3 * few.host_ram, rel=1e-6)


def test_what_waits_in_host_memory_is_not_on_the_device(run):
    here, away = (run(WAN, checkpointing="full", offload=way) for way in ("none", "optimizer"))
    assert away.memory.optimizer == 0 and away.memory.gradients == 0
    assert away.memory.host_ram == here.memory.optimizer + here.memory.gradients
    assert away.time.parts["optimizer"] > here.time.parts["optimizer"]


def test_deepspeed_keeps_its_live_weights_and_buckets_in_the_format_they_are_stored_in(run):
    plan = {"data_degree": 8, "sharding": "zero3", "shard_degree": 8, "recipe": "bf16-autocast"}
    plan |= {"checkpointing": "full", "latents": "precomputed"}

    def beside(**given):
        found = run(WAN, **plan, **given)
        return found, next(phase.other for phase in found.memory.phases if phase.id == "forward_backward")

    (fsdp, none), (_, few), (_, all_) = (beside(live_weights=live) for live in (0, 10**8, 10**12))
    # never less than a block needs, never more than there is
    assert none <= few <= all_
    assert few < all_
    held = recipe("bf16-autocast")
    idle = next(phase.other for phase in fsdp.memory.phases if phase.id == "optimizer_step")
    assert all_ >= fsdp.run.trained * (held.weights + held.cast) > idle
    _, reduced = beside(live_weights=10**12, reduce_bucket=10**8)
    assert reduced - all_ == 10**8 * held.gradients


def test_what_is_encoded_beforehand_in_the_same_run_is_a_stage_of_its_own(run):
    plan = {"mode": "lora", "checkpointing": "full", "latents": "precomputed"}
    apart, turn, together = (run(WAN, **plan, encoding=way).memory for way in ("apart", "in-turn", "together"))
    assert "precompute" not in {phase.id for phase in apart.phases}
    first, both = turn.phases[0], together.phases[0]
    assert first.id == both.id == "precompute"
    # umT5 in bf16 is most of it; the VAE's weights come on top where both are there
    assert apart.peak < first.total < both.total
    online = run(WAN, mode="lora", checkpointing="full", texts="online", latents="online", encoding="together").memory
    assert "precompute" not in {phase.id for phase in online.phases}
    assert (
        online.encoders + online.vae < both.activations < online.encoders + online.vae + both.total - first.activations
    )
