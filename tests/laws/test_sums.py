"""Every total of a report is the sum of the rows shown beside it, for every model that can be estimated."""

from collections.abc import Callable
from typing import Any

import pytest

from vidcalc.report.estimate import Report

WAN = ["wan2.1-t2v-14b", "wan2.2-t2v-a14b", "wan2.1-i2v-14b-480p"]
NAMES = [*WAN, "hunyuanvideo-t2v", "cogvideox-5b", "sora", 600_000_000]
STAGE_SECONDS = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode")


@pytest.fixture(params=NAMES, ids=str)
def report(request: pytest.FixtureRequest, estimate: Callable[..., Report]) -> Report:
    """The estimate of one model at its own defaults."""
    return estimate(request.param)


def test_compute(report: Report) -> None:
    compute = report.compute
    assert sum(sum(kinds.values()) for kinds in compute.parts.values()) == compute.flops_per_video
    assert sum(compute.parts["denoise"].values()) == compute.flops_denoise
    assert sum(compute.parts["vae_decode"].values()) == compute.flops_vae_decode
    assert sum(compute.parts.get("text_encode", {}).values()) == compute.flops_text_encode
    assert compute.flops_per_step == compute.flops_per_forward * compute.forwards_per_step
    assert compute.flops_denoise == pytest.approx(compute.flops_per_step * report.workload["steps"], rel=1e-6)
    assert 0 < compute.attention_share < 1


def test_memory_of_a_generation(report: Report) -> None:
    memory = report.memory.inference
    for stage in memory.stages:
        assert stage.weights + stage.activations + stage.other == stage.total
        assert stage.weights == sum(row.bytes for row in report.model.components)
    largest = max(memory.stages, key=lambda stage: stage.total)
    assert (memory.peak, memory.peak_stage) == (largest.total, largest.id)
    shown = memory.device if memory.verdict == "too_big" else memory.peak
    assert memory.margin == memory.capacity - shown
    by_id = {stage.id: stage for stage in memory.stages}
    assert by_id["denoise"].activations == memory.denoiser_activation_peak
    assert by_id["vae_decode"].activations == memory.vae_decode_activation_peak


def test_memory_of_training(report: Report) -> None:
    training = report.memory.training
    assert training is not None
    documented = (training.weights, training.vae, training.optimizer, training.gradients, training.activations)
    assert sum(documented) + training.other == training.total
    assert training.vae == sum(row.bytes for row in report.model.components if row.role == "vae")
    assert training.kept_for_backward <= training.forward_backward_peak


def test_time(report: Report) -> None:
    time = report.time.inference
    stages = {name: getattr(time, name) for name in STAGE_SECONDS}
    assert sum(stages.values()) == pytest.approx(time.total)
    for name, kinds in time.parts.items():
        assert sum(kinds.values()) == pytest.approx(stages[name]), name
    assert time.per_step * report.workload["steps"] == pytest.approx(time.denoise)
    assert time.low <= time.total <= time.high
    step = report.time.training
    assert step is not None
    assert sum(step.parts.values()) == pytest.approx(step.per_step)
    assert step.per_step * step.steps == pytest.approx(step.total)
    assert step.total / 3600 == pytest.approx(step.gpu_hours)


def test_components(report: Report) -> None:
    model = report.model
    assert model.params_total == sum(row.params for row in model.components if row.role == "denoiser")
    assert model.params_total % model.params == 0
    ids = [row.id for row in model.components]
    assert len(ids) == len(set(ids))


def test_money_and_energy_are_of_the_time_shown(report: Report) -> None:
    cost: Any = report.cost
    for name, hours in (("inference", report.time.inference.gpu_hours), ("training", report.time.training.gpu_hours)):  # type: ignore[union-attr]
        money = getattr(cost, name)
        assert money["low"] == pytest.approx(hours * cost.per_hour_low)
        assert money["high"] == pytest.approx(hours * cost.per_hour_high)
        assert money["low"] <= money["likely"] <= money["high"]


def test_videos_decoded_one_by_one_wait_for_the_last(estimate: Callable[..., Report]) -> None:
    """diffusers' sliced decode keeps the decoded videos in a list until all are there."""

    def decode(**given: Any) -> int:
        stages = estimate("wan2.1-t2v-1.3b", width=832, height=480, frames=81, **given).memory.inference.stages
        return next(int(row.activations) for row in stages if row.id == "vae_decode")

    video = 832 * 480 * 81 * 3 * 2
    assert decode(batch=3, vae_slicing="on") == decode(batch=1) + 2 * video
    assert decode(batch=1, vae_slicing="on") == decode(batch=1)
