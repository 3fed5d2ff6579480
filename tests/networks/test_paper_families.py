"""Transformers without a diffusers class, against weight counts and FLOPs known from their makers' code and papers."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden_cases import check_arrays_agree, flops, taped

from vidcalc.catalog.models import model
from vidcalc.describe.geometry import denoiser_grid
from vidcalc.networks.transformers import magi, opensoraplan, pyramidflow
from vidcalc.tape import Tape

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "flops_reference.json").read_text(encoding="utf-8"))
PEAKS = json.loads((DATA / "official_peaks.json").read_text(encoding="utf-8"))
PUBLISHED = (
    "longcat-video",
    "magi-1-24b",
    "magi-1-4.5b",
    "open-sora-1.2",
    "open-sora-1.3",
    "open-sora-2.0",
    "open-sora-2.0-dcae",
    "open-sora-plan-1.3",
    "open-sora-plan-1.5",
    "pyramid-flow-miniflux",
    "pyramid-flow-sd3",
    "step-video-t2v",
)
BAR = 0.001  # relative, of FLOPs
PEAK_BAR = 0.01  # relative, of live activations
RAGGED_BAR = 0.05  # the same where windows do not fill the frame: the padding's own work is not taped
PAPER_BAR = 0.03  # relative, of a weight count the paper rounds to billions


def case_of(name: str, size: list[int] | None = None, text_tokens: int | None = None, batch: int = 1) -> dict[str, Any]:
    """A call of a catalogue model's denoiser, at its default size unless given."""
    found = model(name)
    width, height, frames = size or (found.defaults.width, found.defaults.height, found.defaults.frames)
    return {
        "component": "denoiser",
        "class": found.denoiser.class_,
        "config": found.denoiser.config,
        "shape": {
            "batch": batch,
            "latent": list(denoiser_grid(found, width, height, frames)[1:]),
            "text_tokens": text_tokens or found.defaults.text_tokens,
        },
        "dtype": "bf16",
    }


def reference_case(known: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The call a known figure belongs to."""
    case = case_of(known["model"], known["size"], known["text_tokens"])
    return case | {"config": case["config"] | changes}


def name_of(known: dict[str, Any]) -> str:
    return f"{known['model']}-{'x'.join(map(str, known['size']))}"


@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_are_those_the_catalogue_counts(name: str) -> None:
    tape = taped(case_of(name, batch=2))
    assert tape.parameter_count == model(name).denoiser.params
    assert tape.live == 0


def test_movie_gen_comes_near_the_size_its_paper_states() -> None:
    params = taped(case_of("movie-gen-video-30b")).parameter_count
    assert params == pytest.approx(model("movie-gen-video-30b").denoiser.params, rel=PAPER_BAR)


@pytest.mark.parametrize("known", REFERENCE["forward"], ids=name_of)
def test_forward_flops_are_the_known_ones(known: dict[str, Any]) -> None:
    assert flops(taped(reference_case(known))) == pytest.approx(known["flops"], rel=0 if known.get("exact") else BAR)


@pytest.mark.parametrize("known", [known for known in REFERENCE["forward"] if "dense" in known], ids=name_of)
def test_without_sparsity_the_same_weights_attend_to_everything(known: dict[str, Any]) -> None:
    dense, sparse = taped(reference_case(known, sparse1d=False)), taped(reference_case(known))
    assert flops(dense) == pytest.approx(known["dense"], rel=BAR)
    assert dense.parameter_count == sparse.parameter_count


@pytest.mark.parametrize("known", REFERENCE["chunk"], ids=name_of)
def test_magi_spends_what_is_known_of_one_chunk(known: dict[str, Any]) -> None:
    tape = taped(reference_case(known))
    apart = ("linear_kv_xattn", "ada_modulate_layer")  # work on the text and on the timestep
    layers = [op for op in tape.ops if op.kind == "matmul" and op.path.startswith("videodit_blocks.layers")]
    linear = sum(op.flops * op.count for op in layers if not any(name in op.path for name in apart))
    attention = sum(op.flops * op.count for op in tape.ops if op.path.endswith("self_attention.sdpa"))
    assert linear == pytest.approx(known["linear"], rel=BAR)
    assert attention == known["self_attention_per_key_chunk"]


@pytest.mark.parametrize("known", PEAKS["cases"], ids=lambda each: f"{each['model']}-{each['batch']}-{each['latent']}")
def test_live_activations_are_those_of_the_makers_class(known: dict[str, Any]) -> None:
    case = case_of(known["model"])
    shape = {key: known[key] for key in ("batch", "latent", "text_tokens")}
    tape = taped(case | {"config": case["config"] | known["layers"], "shape": shape})
    assert tape.peak == pytest.approx(known["peak"], rel=RAGGED_BAR if known.get("ragged") else PEAK_BAR)


@pytest.mark.parametrize("known", PEAKS["calls"], ids=lambda each: f"{each['model']}-{each['batch']}")
def test_a_call_of_pyramid_flow_holds_what_the_makers_class_holds(known: dict[str, Any]) -> None:
    config = msgspec.convert(model(known["model"]).denoiser.config | known["layers"], pyramidflow.Config)
    n = pyramidflow.length(known["frame_tokens"], known["history"], pyramidflow.STAGES - 1)
    tape = Tape("bf16")
    pyramidflow.call(tape, config, pyramidflow.Call(known["batch"], n, known["text_tokens"], n + known["text_tokens"]))
    assert tape.peak == known["peak"]


@pytest.mark.parametrize("chunks", [1, 2, 4, 5, 9])
def test_magi_chunks_read_fewer_keys_the_cleaner_they_are(chunks: int) -> None:
    """The mean over all chunks and stages, counted one by one."""
    counted = [min(earlier + 1, most) for earlier in range(chunks) for most in magi.KEY_CHUNKS]
    length = len(counted)
    assert magi.mean_keys(chunks, length) == sum(counted)


def test_magi_holds_no_more_than_its_window_in_flight() -> None:
    """Twice the clip costs more than twice the FLOPs (more keys) and no more memory."""
    name = "magi-1-4.5b"
    short, long = taped(case_of(name, [720, 720, 96])), taped(case_of(name, [720, 720, 192]))
    assert long.peak == short.peak
    assert flops(long) > 2 * flops(short)


@pytest.mark.parametrize("frames", [1, 2, 3, 16, 31])
def test_pyramid_flow_sums_the_sequences_of_all_frames_and_sizes(frames: int) -> None:
    """The closed sums of lengths and of their squares, against adding up every call; the first frame counts twice."""
    full, text = 960, 128
    weighted = [(2 if history == 0 else 1, history) for history in range(frames)]
    lengths = [
        (weight, pyramidflow.length(full, history, stage) + text)
        for stage in range(pyramidflow.STAGES)
        for weight, history in weighted
    ]
    total = sum(weight * each for weight, each in lengths)
    squares = sum(weight * each * each for weight, each in lengths)
    assert pyramidflow.moments(full, frames, text) == (total, squares)


def test_pyramid_flow_history_shrinks_with_its_age() -> None:
    """At full size: the frame, the one before at full size, the next at a quarter, all others at a sixteenth."""
    assert pyramidflow.length(16, 0, 2) == 16
    assert pyramidflow.length(16, 1, 2) == 16 + 16
    assert pyramidflow.length(16, 4, 2) == 16 + 16 + 4 + 1 + 1
    assert pyramidflow.length(16, 4, 0) == 1 + 1 + 3


def test_open_sora_plan_splits_its_layers_into_full_and_sparse_ones() -> None:
    runs = opensoraplan.layers(opensoraplan.Config(num_layers=32, sparse1d=True, sparse_n=4))
    assert [(name, count, split) for name, count, split, _ in runs] == [
        ("first", 2, 1),
        ("skip", 14, 4),
        ("group", 14, 4),
        ("last", 2, 1),
    ]


@pytest.mark.parametrize("name", [*PUBLISHED, "movie-gen-video-30b"])
def test_arrays_give_what_scalars_give(name: str) -> None:
    check_arrays_agree(case_of(name))
