"""Teachers, critics, references and rollouts: what they add, and that alone they add nothing."""

from typing import Any

import msgspec
import pytest
from vidcalc.train import train

from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware
from vidcalc.report.training import TrainingReport

CLIP = Bucket(width=832, height=480, frames=33)


def trained(**plan: Any) -> TrainingReport:
    model = fill.model("wan2.1-t2v-1.3b")
    training = TrainingPlan(**{"checkpointing": "full", "latents": "precomputed", **plan})
    degree = training.data_degree
    data = Data(buckets=(CLIP,), samples=8 * degree, clips=8 * degree)
    return train(model, data, hardware("h100-sxm", degree), fill.plan(model, training=training))


def figures(report: TrainingReport) -> dict[str, Any]:
    """All that is computed, without what was asked."""
    asked = {"plan", "assumptions"}
    return {name: msgspec.to_builtins(getattr(report, name)) for name in report.__struct_fields__ if name not in asked}


def test_alone_rollouts_and_others_change_nothing() -> None:
    plain = trained()
    assert figures(trained(networks="alone", rollout_steps=10)) == figures(plain)
    assert plain.time.parts["company"] == plain.time.parts["rollout"] == 0
    assert {row.id for row in plain.memory.phases} == {"forward_backward", "optimizer_step"}


def test_distillation_adds_up_by_hand() -> None:
    """Per student update: teacher with and without the prompt and the critic score its sample (3 forwards); five critic
    updates, each on a sample of its own (a rollout of two and the sample itself); the student's own rollout."""
    alone, found = trained(), trained(networks="distillation", rollout_steps=2)
    one = alone.time.parts
    micro = one["forward"] + one["backward"] + one["recompute"]
    assert found.time.parts["company"] == pytest.approx(3 * one["forward"] + 5 * (micro + one["optimizer"]), rel=1e-9)
    assert found.time.parts["rollout"] == pytest.approx((5 * (2 + 1) + 2) * one["forward"], rel=1e-9)
    for part in ("forward", "backward", "recompute", "optimizer"):
        assert found.time.parts[part] == one[part]
    assert found.time.per_step == pytest.approx(sum(found.time.parts.values()), rel=1e-9)
    assert found.run.flops == alone.run.flops  # of the student; what is executed is more
    assert found.buckets[0].hardware_flops > 6 * alone.buckets[0].hardware_flops


def test_summed_up_micro_batches_repeat_the_others_but_not_their_updates() -> None:
    once, four = (trained(networks="distillation", grad_accum=n).time.parts for n in (1, 4))
    assert four["company"] == pytest.approx(4 * once["company"] - 3 * 5 * once["optimizer"], rel=1e-9)
    assert four["rollout"] == pytest.approx(4 * once["rollout"], rel=1e-9)


def test_policy_gradients_train_at_every_step_of_a_rollout() -> None:
    alone, found = trained(latents="online"), trained(networks="rl", rollout_steps=10, latents="online")
    one, parts = alone.time.parts, found.time.parts
    for part in ("forward", "backward", "recompute"):
        assert parts[part] == pytest.approx(10 * one[part], rel=1e-9)
    assert parts["optimizer"] == one["optimizer"]
    assert parts["company"] == pytest.approx(10 * one["forward"], rel=1e-9)  # the reference beside each pass
    assert parts["rollout"] > 10 * one["forward"]  # and the decode that is scored
    assert (one["vae_encode"] > 0, parts["vae_encode"]) == (True, 0)  # samples are made, not encoded
    assert found.run.flops == 10 * alone.run.flops
    assert found.memory.vae == alone.memory.vae > 0


def test_a_rollout_decodes_once_a_sample() -> None:
    short, long = (trained(networks="rl", rollout_steps=n).time.parts for n in (2, 6))
    step = (long["rollout"] - short["rollout"]) / 4
    assert step == pytest.approx(trained().time.parts["forward"], rel=1e-9)
    assert short["rollout"] - 2 * step > 0


def test_a_teacher_is_sharded_as_the_student() -> None:
    """Eight ranks share it: an eighth of two bytes a weight; the critic has an eighth of all its states."""
    plan: dict[str, Any] = {"sharding": "zero3", "shard_degree": 8, "data_degree": 8}
    alone, beside = (trained(networks=name, **plan) for name in ("alone", "distillation"))
    added = beside.memory.weights - alone.memory.weights
    student = alone.memory.weights + alone.memory.optimizer + alone.memory.gradients
    teacher = alone.model.params * 2 / 8
    assert added == pytest.approx(student + teacher, rel=0.01)  # norms are kept in 32 bits


def test_the_critic_has_no_graph_beside_the_students() -> None:
    alone, beside = trained(), trained(networks="distillation")
    assert beside.memory.activations == alone.memory.activations
    phases = {row.id: row.activations for row in beside.memory.phases}
    assert phases["forward_backward"] == alone.memory.activations
    assert beside.buckets[0].kept_for_backward < phases["company"] < phases["forward_backward"]


def test_beside_adapters_the_frozen_weights_are_the_reference() -> None:
    alone, beside = (trained(mode="lora", networks=name, rollout_steps=4) for name in ("alone", "rl"))
    assert beside.memory.weights == alone.memory.weights


def test_a_critic_in_host_memory_waits_there_too() -> None:
    alone, beside = (trained(networks=name, offload="optimizer") for name in ("alone", "distillation"))
    assert beside.memory.host_ram == 2 * alone.memory.host_ram > 0


def test_a_pass_without_gradients_waits_for_its_own_exchanges() -> None:
    """Eight ranks turn every tensor of a layer round once in a forward pass, twice in forward and backward."""
    plan: dict[str, Any] = {"ulysses_degree": 4, "data_degree": 2, "checkpointing": "none"}
    alone, rolled = trained(**plan), trained(networks="rl", rollout_steps=1, **plan)
    one = alone.time.parts
    assert one["communication"] > 0
    waits = rolled.time.parts["company"] - one["forward"]
    assert waits == pytest.approx(one["communication"] / 2, rel=1e-6)


def test_a_pipeline_fills_and_drains_for_the_others_too() -> None:
    plan: dict[str, Any] = {"pipeline_degree": 2, "grad_accum": 3, "networks": "distillation"}
    parts = trained(**plan).time.parts
    forward = parts["forward"] / 3  # of a micro-batch on a stage
    assert parts["rollout"] == pytest.approx(5 * forward * (3 + 1), rel=1e-9)
    assert parts["company"] > 5 * (parts["forward"] + parts["backward"] + parts["recompute"]) * (3 + 1) / 3
