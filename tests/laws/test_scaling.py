"""How cost grows: the laws of the networks, and the documented claims with what becomes of them in a real network."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcalc.catalog.fill import model
from vidcalc.catalog.generic import generic
from vidcalc.describe.shape import Shape
from vidcalc.report.estimate import Report
from vidcalc.tape.trace import Trace, trace

Estimate = Callable[..., Report]
WAN, SIZE = "wan2.1-t2v-14b", 3_000_000_000
TEXT_SIDE = ("text_embedder", "attn2.to_k", "attn2.to_v")  # what runs over the prompt
ONCE = ("time_embedder", "time_proj")  # what runs once per sample


def flops(found: Trace) -> dict[str, int]:
    """FLOPs of each op that has any, by path."""
    return {op.path: op.flops * op.count for op in found.ops if op.flops}


def forward(name: str | int, **sizes: int) -> Trace:
    """One denoiser forward at a latent size (even sizes: no padding)."""
    found = generic(name) if isinstance(name, int) else model(name)
    return trace(found.denoiser, "forward", Shape(**{"tokens": 512, **sizes}), "bf16")


@pytest.mark.parametrize("name", [WAN, SIZE])
@settings(max_examples=10)
@given(frames=st.integers(1, 40), height=st.integers(1, 60), width=st.integers(1, 60), factor=st.integers(1, 5))
def test_more_tokens_cost_linear_work_and_quadratic_attention(
    name: str | int, frames: int, height: int, width: int, factor: int
) -> None:
    before = flops(forward(name, frames=frames, height=2 * height, width=2 * width))
    after = flops(forward(name, frames=factor * frames, height=2 * height, width=2 * width))
    for path, spent in before.items():
        power = 2 if path.endswith("attn1.sdpa") else 0 if any(part in path for part in TEXT_SIDE + ONCE) else 1
        assert after[path] == factor**power * spent, path


@settings(max_examples=10)
@given(tokens=st.integers(1, 600), factor=st.integers(1, 5))
def test_more_text_costs_linear_work_and_no_self_attention(tokens: int, factor: int) -> None:
    before = flops(forward(WAN, frames=5, height=8, width=8, tokens=tokens))
    after = flops(forward(WAN, frames=5, height=8, width=8, tokens=factor * tokens))
    for path, spent in before.items():
        over_text = path.endswith("attn2.sdpa") or any(part in path for part in TEXT_SIDE)
        assert after[path] == (factor if over_text else 1) * spent, path


@pytest.mark.parametrize("name", [WAN, SIZE])
@pytest.mark.parametrize("batch", [2, 3, 8])
def test_a_batch_costs_as_many_times_the_work(name: str | int, batch: int) -> None:
    one, many = (forward(name, frames=5, height=16, width=24, batch=size) for size in (1, batch))
    assert {path: spent * batch for path, spent in flops(one).items()} == flops(many)
    assert many.parameters == one.parameters
    assert many.peak <= batch * one.peak  # tables of positions are shared


# --- the documented claims ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [WAN, SIZE])
def test_steps_change_time_and_not_memory(estimate: Estimate, name: Any) -> None:
    few, many = (estimate(name, steps=steps) for steps in (10, 40))
    assert many.compute.flops_denoise == 4 * few.compute.flops_denoise
    assert many.compute.flops_per_step == few.compute.flops_per_step
    assert many.compute.flops_vae_decode == few.compute.flops_vae_decode
    assert many.time.inference.denoise == pytest.approx(4 * few.time.inference.denoise)
    assert many.time.inference.per_step == pytest.approx(few.time.inference.per_step)
    assert many.time.inference.vae_decode == few.time.inference.vae_decode
    assert str(many.memory) == str(few.memory)


@pytest.mark.parametrize(("name", "frames"), [(SIZE, 4), (SIZE, 120), (SIZE, 240)])
def test_tokens_grow_linearly_with_frames(estimate: Estimate, name: Any, frames: int) -> None:
    short, long = (estimate(name, width=1280, height=704, frames=n).sequence.video_tokens for n in (frames, 3 * frames))
    assert long == 3 * short


def test_a_causal_codec_makes_tokens_linear_in_frames_after_the_first(estimate: Estimate) -> None:
    tokens = [estimate(WAN, width=832, height=480, frames=1 + 4 * k).sequence.video_tokens for k in range(4)]
    assert [count - tokens[0] for count in tokens] == [k * tokens[0] for k in range(4)]


def test_twice_the_resolution_is_four_times_the_tokens_and_sixteen_times_the_attention(estimate: Estimate) -> None:
    small, large = (estimate(SIZE, width=960 * n, height=544 * n, frames=120) for n in (1, 2))
    assert large.sequence.video_tokens == 4 * small.sequence.video_tokens

    def self_attention(report: Report) -> int:
        found = forward(SIZE, frames=30, height=report.latent.height, width=report.latent.width)  # type: ignore[arg-type]
        return flops(found)["blocks.*.attn1.sdpa"]

    assert self_attention(large) == 16 * self_attention(small)
    growth = large.compute.flops_per_forward / small.compute.flops_per_forward
    assert 4 < growth < 16  # linear layers grow four times, attention sixteen


def test_twice_the_resolution_is_four_times_the_activations_and_less_of_the_whole(estimate: Estimate) -> None:
    """The claim "twice the resolution, four times the memory" holds for activations; weights do not grow."""
    small, large = (estimate(SIZE, width=960 * n, height=544 * n, frames=120) for n in (1, 2))
    before, after = small.memory.inference, large.memory.inference
    assert after.denoiser_activation_peak / before.denoiser_activation_peak == pytest.approx(4, rel=0.02)
    assert after.vae_decode_activation_peak / before.vae_decode_activation_peak == pytest.approx(4, rel=0.02)
    weights, other = before.stages[0].weights, before.stages[0].other
    assert after.stages[0].weights == weights
    assert 1 < after.peak / before.peak < 4
    assert (after.peak - weights - other) / (before.peak - weights - other) == pytest.approx(4, rel=0.02)
    assert small.memory.training is not None
    assert large.memory.training is not None
    kept = large.memory.training.kept_for_backward / small.memory.training.kept_for_backward
    assert kept == pytest.approx(4, rel=0.02)  # fused attention keeps no score matrix: not sixteen
    assert large.memory.training.optimizer == small.memory.training.optimizer


@pytest.mark.parametrize("params", [10**9, 3 * 10**9, 2 * 10**10])
def test_memory_of_states_is_linear_in_model_size(estimate: Estimate, params: int) -> None:
    one, two = (estimate(n * params, width=512, height=512, frames=16) for n in (1, 2))
    assert two.memory.training is not None
    assert one.memory.training is not None
    for row in ("weights", "optimizer", "gradients"):
        assert getattr(two.memory.training, row) == 2 * getattr(one.memory.training, row), row
    bytes_of = [next(row.bytes for row in report.model.components if row.role == "denoiser") for report in (one, two)]
    assert bytes_of[1] / bytes_of[0] == pytest.approx(2, rel=0.01)  # modulation tables stay in float32


@pytest.mark.parametrize("params", [10**9, 3 * 10**9, 2 * 10**10])
def test_linear_work_is_two_flops_per_weight_and_token_nearly(estimate: Estimate, params: int) -> None:
    """The documented 2 × params × tokens overstates the products: text and timestep weights see fewer rows."""
    report = estimate(params, width=1280, height=704, frames=120)
    found = forward(params, frames=30, height=88, width=160)
    products = sum(op.flops * op.count for op in found.ops if op.kind == "matmul")
    share = products / (2 * params * report.sequence.video_tokens)
    assert 0.75 < share < 1


def test_the_documented_formula_counts_attention_once(estimate: Estimate) -> None:
    """For Wan 14B at 720p the network's figure is about three times the formula's."""
    report = estimate(WAN, width=1280, height=720, frames=81)
    said = report.compute.documented
    assert said is not None
    assert said.layers == 40
    assert said.ratio == report.compute.flops_per_forward / said.flops_per_step
    assert 2.5 < said.ratio < 3.5
    once = 4 * said.sequence**2 * said.hidden_dim
    linear = said.flops_per_step - once
    assert (linear + said.layers * once) / report.compute.flops_per_forward == pytest.approx(1, rel=0.1)
