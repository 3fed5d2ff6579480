"""A setting at its neutral value changes nothing; away from it, it changes what it is about and no more."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from vidcalc.describe.plan import Plan
from vidcalc.report.estimate import Report

Estimate = Callable[..., Report]
WAN, SIZE = "wan2.1-t2v-1.3b", 600_000_000
CLIP = {"width": 832, "height": 480, "frames": 33}
PLAN: dict[str, Any] = {name: getattr(Plan(), name) for name in Plan.__struct_fields__}
OTHERWISE: dict[str, Any] = {
    "precision": "fp32",
    "text_encoder_precision": "fp32",
    "vae_precision": "fp32",
    "attention": "math",
    "guidance_mode": "sequential",
    "forwards_per_step": 2,
    "recipe": "fp32",
    "optimizer": "sgd",
    "checkpointing": "full",
    "step_cache": "stated",
    "merged_tokens": 0.5,
    "ulysses_degree": 2,
    "ring_degree": 2,
    "tensor_degree": 2,
    "pipefusion_degree": 2,
    "shard_degree": 2,
    "decode_degree": 2,
}


def figures(report: Report) -> dict[str, Any]:
    """Everything computed: the report without what was asked."""
    asked = {"plan", "workload", "assumptions"}
    return {name: msgspec.to_builtins(getattr(report, name)) for name in report.__struct_fields__ if name not in asked}


@pytest.mark.parametrize("name", list(PLAN))
def test_the_neutral_value_changes_nothing(estimate: Estimate, name: str) -> None:
    plain = estimate(SIZE, **CLIP)
    assert figures(estimate(SIZE, **CLIP, **{name: PLAN[name]})) == figures(plain)


@pytest.mark.parametrize("name", list(OTHERWISE))
def test_another_value_changes_something(estimate: Estimate, name: str) -> None:
    plain = estimate(WAN, guidance=1.0, **CLIP)
    assert figures(estimate(WAN, guidance=1.0, **CLIP, **{name: OTHERWISE[name]})) != figures(plain)


def test_guidance_of_one_is_off(estimate: Estimate) -> None:
    off, on = (estimate(WAN, guidance=scale, **CLIP) for scale in (1.0, 5.0))
    assert off.plan["guidance_mode"] == "none"
    assert off.compute.forwards_per_step == 1
    assert off.compute.flops_denoise == off.compute.flops_per_forward * off.workload["steps"]
    assert on.compute.flops_per_forward == off.compute.flops_per_forward
    assert on.compute.flops_denoise == 2 * off.compute.flops_denoise
    assert on.compute.flops_text_encode == 2 * off.compute.flops_text_encode  # the negative prompt


def test_batched_guidance_doubles_the_call_and_sequential_guidance_the_calls(estimate: Estimate) -> None:
    off = estimate(WAN, guidance=1.0, **CLIP)
    twice = {"guidance": 5.0, "forwards_per_step": 2}
    together = estimate(WAN, **twice, guidance_mode="batched", batched_forwards=2, **CLIP)
    in_turn = estimate(WAN, **twice, guidance_mode="sequential", batched_forwards=1, **CLIP)
    pair = estimate(WAN, guidance=1.0, batch=2, **CLIP)
    assert together.compute.flops_denoise == in_turn.compute.flops_denoise == 2 * off.compute.flops_denoise
    live = [each.memory.inference.denoiser_activation_peak for each in (off, in_turn, together, pair)]
    assert live[0] == live[1]
    assert live[2] == live[3] > live[0]


def test_checkpointing_trades_memory_for_a_second_forward(estimate: Estimate) -> None:
    plain, light = (estimate(WAN, checkpointing=each, **CLIP) for each in ("none", "full"))
    assert plain.memory.training is not None
    assert light.memory.training is not None
    assert light.memory.training.kept_for_backward < 0.1 * plain.memory.training.kept_for_backward
    for row in ("weights", "optimizer", "gradients", "vae"):
        assert getattr(light.memory.training, row) == getattr(plain.memory.training, row), row
    before, after = plain.time.training, light.time.training
    assert before is not None
    assert after is not None
    assert before.parts["recompute"] == 0
    assert 0 < after.parts["recompute"] <= after.parts["forward"]
    assert figures(plain)["time"]["inference"] == figures(light)["time"]["inference"]


def test_training_settings_leave_generation_alone(estimate: Estimate) -> None:
    plain = figures(estimate(WAN, **CLIP))
    for name in ("recipe", "optimizer", "checkpointing"):
        other = figures(estimate(WAN, **CLIP, **{name: OTHERWISE[name]}))
        assert other["memory"]["inference"] == plain["memory"]["inference"], name
        assert other["time"]["inference"] == plain["time"]["inference"], name
        assert other["compute"] == plain["compute"], name


def test_a_batch_grows_activations_and_leaves_weights(estimate: Estimate) -> None:
    one, four = (estimate(WAN, batch=size, **CLIP) for size in (1, 4))
    assert four.compute.flops_per_video == 4 * one.compute.flops_per_video
    weights = [[stage.weights for stage in report.memory.inference.stages] for report in (one, four)]
    assert weights[0] == weights[1]
    growth = four.memory.inference.denoiser_activation_peak / one.memory.inference.denoiser_activation_peak
    assert 3.5 < growth <= 4
    assert four.time.inference.total <= 4 * one.time.inference.total


def test_the_first_step_is_the_average_one_unless_something_is_cached(estimate: Estimate) -> None:
    plain, cached = (
        estimate(WAN, step_cache=way, computed_steps=0.5, **CLIP).time.inference for way in ("none", "stated")
    )
    assert plain.first_step == pytest.approx(plain.per_step)
    assert cached.first_step == pytest.approx(plain.per_step)
    assert cached.per_step < 0.6 * cached.first_step
