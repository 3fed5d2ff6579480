"""One training step on the tape: laws of checkpointing and adapters, and figures recorded from torch and peft."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from vidcalc.base.errors import InputError
from vidcalc.catalog.models import model
from vidcalc.describe.adapters import KINDS, TARGETS, Adapters
from vidcalc.describe.checkpointing import checkpointing
from vidcalc.describe.shape import Shape
from vidcalc.tape.step import Step, stepped

RECORDED = json.loads((Path(__file__).parents[1] / "golden/training_steps.json").read_text(encoding="utf-8"))["steps"]
BAR = 0.015  # the published bar for training is 3 %
WORDS = ("none", "full", "every:2", "partial:0.4", "segments:4", "attention", "matmul", "offload")
NAMES = ("wan2.1-t2v-1.3b", "cogvideox-2b", "hunyuanvideo-t2v", "svd-xt", "latte-1")
WAN_LAYERS = 30


def step(name: str, word: str = "none", adapters: Adapters | None = None, **sizes: Any) -> Step:
    """A step of a catalogue model's denoiser, on a small clip unless said otherwise."""
    known = model(name)
    shape = Shape(
        **({"batch": 1, "frames": 5, "height": 32, "width": 48} | sizes),
        tokens=known.defaults.text_tokens,
        image_tokens=known.defaults.image_tokens,
        timestep=known.denoiser.timestep,
        extra=known.denoiser.extra,
    )
    return stepped(known.denoiser, shape, "bf16", word, adapters)


def flops(ops: Any) -> Any:
    """FLOPs of ops, each as often as it runs."""
    return sum(op.flops * op.count for op in ops)


def bytes_of(found: Step) -> tuple[Any, ...]:
    """Every figure of a step in bytes, and what is trained."""
    return found.kept, found.peak, found.activations, found.host, found.trained


# --- against torch, diffusers and peft ----------------------------------------------------------------------


def label(case: dict[str, Any]) -> str:
    """A short name of a recorded step."""
    adapters = "-".join(str(value) for value in case.get("adapters", {}).values())
    return f"{case['model']}-{case['shape']['batch']}x{case['shape']['latent']}-{case['checkpointing']}-{adapters}"


@pytest.mark.parametrize("case", RECORDED, ids=label)
def test_a_step_holds_what_torch_holds(case: dict[str, Any]) -> None:
    frames, height, width = case["shape"]["latent"]
    adapters = Adapters(**case["adapters"]) if "adapters" in case else None
    sizes = {"batch": case["shape"]["batch"], "frames": frames, "height": height, "width": width}
    found = step(case["model"], case["checkpointing"], adapters, **sizes)
    assert found.trained == case["trained"]
    assert found.kept == pytest.approx(case["kept_for_backward"], rel=BAR)
    assert found.peak == pytest.approx(case["forward_backward_peak"], rel=BAR)


# --- checkpointing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("every:1", "full"),
        ("segments:1", "full"),
        ("partial:1", "full"),
        ("partial:0", "none"),
        ("partial:1/3", "every:3"),
    ],
)
def test_words_that_mean_the_same_are_the_same(one: str, other: str) -> None:
    assert checkpointing(one) == checkpointing(other)


@pytest.mark.parametrize("word", WORDS)
def test_blocks_are_chosen_evenly(word: str) -> None:
    how = checkpointing(word)
    chosen = [how.among(i + 1) - how.among(i) for i in range(30)]
    assert set(chosen) <= {0, 1}
    assert sum(chosen) == how.among(30) == 30 * how.share[0] // how.share[1]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("ful", "full"),
        ("Every:2", "every:2"),
        ("every", "every:2"),
        ("every:0", "every:2"),
        ("every:-1", "every:2"),
        ("segments:1.5", "segments:2"),
        ("segment:3", "segments:2"),
        ("partial:1.5", "partial:0.5"),
        ("partial:x", "partial:0.5"),
        ("partial:1/0", "partial:0.5"),
        ("full:2", "full"),
        ("attentions", "attention"),
        ("", None),
    ],
)
def test_other_words_are_refused_with_the_nearest(word: str, near: str | None) -> None:
    with pytest.raises(InputError) as refused:
        checkpointing(word)
    error = refused.value
    assert (error.flag, error.value, error.nearest) == ("checkpointing", word, near)
    assert error.allowed


@pytest.mark.parametrize("name", NAMES)
def test_the_more_is_checkpointed_the_less_is_kept_and_the_more_runs_again(name: str) -> None:
    steps = [step(name, word) for word in ("none", "every:3", "every:2", "partial:0.8", "full")]
    kept = [each.kept for each in steps]
    again = [flops(each.again) for each in steps]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > kept[-1]
    assert again == sorted(again)
    assert again[0] == 0
    assert all(each.kept <= each.activations <= each.peak for each in steps)
    assert {each.trained for each in steps} == {steps[0].trained}


@pytest.mark.parametrize("name", NAMES)
def test_keeping_more_results_runs_less_again(name: str) -> None:
    full, attention, matmul, none = (step(name, word) for word in ("full", "attention", "matmul", "none"))
    assert full.kept < attention.kept < matmul.kept <= none.kept
    assert flops(full.again) > flops(attention.again) > flops(matmul.again)
    assert {op.kind for op in matmul.again} <= {"pointwise", "convolution"}
    assert "attention" not in {op.kind for op in attention.again}


def test_full_runs_every_block_again_and_half_of_them_half() -> None:
    full = step("wan2.1-t2v-1.3b", "full")
    blocks = [op for op in full.ops if op.path.startswith("blocks.*")]
    assert flops(full.again) == flops(blocks)
    assert 2 * flops(step("wan2.1-t2v-1.3b", "every:2").again) == flops(blocks)
    assert flops(step("wan2.1-t2v-1.3b", "segments:7").again) == flops(blocks)
    assert flops(full.again) < flops(full.ops)  # embedders and head do not


def test_longer_segments_keep_less_and_need_more_at_once() -> None:
    steps = [step("wan2.1-t2v-1.3b", f"segments:{k}", frames=21, height=60, width=104) for k in (1, 2, 5, 30, 31)]
    assert [each.kept for each in steps[:4]] == sorted((each.kept for each in steps[:4]), reverse=True)
    assert [each.peak for each in steps] == sorted(each.peak for each in steps)
    assert bytes_of(steps[3]) == bytes_of(steps[4])  # more than there are: all in one


def test_every_so_many_beyond_the_last_block_is_none() -> None:
    assert bytes_of(step("wan2.1-t2v-1.3b", f"every:{WAN_LAYERS + 1}")) == bytes_of(step("wan2.1-t2v-1.3b"))
    assert step("wan2.1-t2v-1.3b", f"every:{WAN_LAYERS + 1}").again == ()


def test_offloading_takes_the_blocks_inputs_off_the_device() -> None:
    full, away = step("wan2.1-t2v-1.3b", "full"), step("wan2.1-t2v-1.3b", "offload")
    hidden = 5 * 16 * 24 * 1536 * 2  # bytes of 1920 tokens in bf16
    assert away.host == WAN_LAYERS * hidden
    assert away.kept == full.kept - away.host
    assert away.activations < full.activations
    assert full.host == 0
    assert flops(away.again) == flops(full.again)


@pytest.mark.parametrize("adapters", [None, Adapters(rank=8)], ids=["whole", "lora"])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", NAMES)
def test_arrays_give_what_scalars_give(name: str, word: str, adapters: Adapters | None) -> None:
    heights = [16, 32, 64]
    both = bytes_of(step(name, word, adapters, height=np.array(heights, dtype=np.float64)))
    for index, height in enumerate(heights):
        single = bytes_of(step(name, word, adapters, height=height))
        assert [np.broadcast_to(value, 3)[index] for value in both] == list(single)


# --- adapters -----------------------------------------------------------------------------------------------


def test_lora_trains_two_thin_matrices_for_each_target() -> None:
    width, inner, rank = 1536, 8960, 16
    on = lambda targets: step("wan2.1-t2v-1.3b", adapters=Adapters(rank=rank, targets=targets)).trained  # noqa: E731
    attention = WAN_LAYERS * 8 * rank * 2 * width
    assert on("attention") == attention
    assert on("attention+ffn") == attention + WAN_LAYERS * 2 * rank * (width + inner)
    assert on("all") > on("attention+ffn")
    dora = step("wan2.1-t2v-1.3b", adapters=Adapters(rank=rank, kind="dora")).trained
    assert dora == attention + WAN_LAYERS * 8 * width


@pytest.mark.parametrize("name", NAMES)
def test_frozen_weights_have_no_gradients_and_their_layers_keep_less(name: str) -> None:
    whole, lora = step(name), step(name, adapters=Adapters(rank=4, dtype="bf16"))
    assert lora.peak - lora.activations < whole.peak - whole.activations or whole.peak == whole.activations
    assert lora.trained < 0.02 * whole.trained
    assert flops(lora.ops) > flops(whole.ops)
    assert lora.kept < 1.05 * whole.kept
    full = step(name, "full", Adapters(rank=4, dtype="bf16"))
    assert full.peak < step(name, "full").peak


@pytest.mark.parametrize("name", NAMES)
def test_a_higher_rank_and_magnitudes_keep_more(name: str) -> None:
    kept = [step(name, adapters=Adapters(rank=rank)).kept for rank in (1, 16, 256)]
    assert kept == sorted(kept)
    assert step(name, adapters=Adapters(rank=16, kind="dora")).kept > kept[1]


@pytest.mark.parametrize(
    ("wrong", "flag", "near"),
    [
        ({"rank": 0}, "lora-rank", "1"),
        ({"rank": -4}, "lora-rank", "1"),
        ({"rank": 4, "targets": "atention"}, "lora-targets", TARGETS[0]),
        ({"rank": 4, "kind": "Dora"}, "adapters", KINDS[1]),
    ],
)
def test_adapters_that_cannot_be_are_refused(wrong: dict[str, Any], flag: str, near: str) -> None:
    with pytest.raises(InputError) as refused:
        Adapters(**wrong)
    assert (refused.value.flag, refused.value.nearest) == (flag, near)


def test_an_adapter_sits_on_whole_names() -> None:
    attention, more = Adapters(rank=1), Adapters(rank=1, targets="attention+ffn")
    assert attention.on("blocks.*.attn1.to_q")
    assert not attention.on("blocks.*.attn1.add_q_proj")
    assert not attention.on("blocks.*.ffn.net.2")
    assert more.on("blocks.*.ffn.net.2")
    assert Adapters(rank=1, targets="all").on("proj_out")
    assert msgspec.structs.replace(attention, rank=2).rank == 2
