"""The recorder on published classes: counts that agree with each other, and the trace that agrees with the recorder."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidcalc.reference import measure
from vidcalc.reference.catalogue import component_of, latent_grid, shape_of
from vidcalc.reference.classes import UnknownClass, build
from vidcalc.reference.trace import trace
from vidcalc.reference.verify import UnknownComponent, call_of, verify

GOLDEN = Path(__file__).parents[1] / "golden"
TINY = {"num_layers": 2, "num_attention_heads": 2, "ffn_dim": 512}
SHAPE = {"batch": 1, "latent": [2, 8, 8]}


def tiny_wan() -> tuple[Any, Any]:
    class_name, config = component_of("wan2.1-t2v-1.3b", "denoiser")
    module = build(class_name, config | TINY)
    return module, call_of("denoiser", module, SHAPE)


def test_trace_and_recorder_agree() -> None:
    module, call = tiny_wan()
    traced, measured = trace(module, call), measure.measure(call, module)
    assert traced.peak == measured["peak_activation_bytes"]
    assert sum(row.flops for row in traced.rows) == measured["flops"] == sum(measured["flops_by_kind"].values())
    assert sum(storage.bytes for storage, _ in traced.alive_at(traced.peak_op)) == traced.peak


def test_trace_names_modules_and_agrees_on_training() -> None:
    module, call = tiny_wan()
    traced, step = trace(module, call, train=True), measure.train_step(module, call)
    assert {"patch_embedding", "blocks.1.attn1.to_q"} <= {row.module for row in traced.rows}
    assert (traced.kept, traced.peak) == (step.kept_for_backward, step.forward_backward_peak)
    assert sum(storage.bytes for storage, _ in traced.kept_after_forward()) == traced.kept


def test_checkpointing_keeps_less() -> None:
    module, call = tiny_wan()
    plain, checkpointed = (measure.train_step(module, call, each) for each in ("none", "full"))
    assert checkpointed.kept_for_backward < plain.kept_for_backward
    assert measure.train_step(module, call) == plain  # the switch is turned back


def test_modules_named_to_stay_in_float32_do() -> None:
    module, _ = tiny_wan()
    kept = {name: parameter.dtype for name, parameter in module.named_parameters() if "time_embedder" in name}
    assert {str(dtype) for dtype in kept.values()} == {"torch.float32"}
    assert str(module.blocks[0].attn1.to_q.weight.dtype) == "torch.bfloat16"


def test_latent_grid_keeps_the_first_frame_alone_only_for_causal_codecs() -> None:
    causal = {"temporal_compression": 4, "spatial_compression": 8, "causal": True}
    assert latent_grid(causal, 832, 480, 81) == [21, 60, 104]
    assert latent_grid(causal | {"causal": False}, 832, 480, 81) == [21, 60, 104]
    assert latent_grid(causal | {"causal": False}, 832, 480, 80) == [20, 60, 104]


def test_misuse_is_refused() -> None:
    with pytest.raises(UnknownComponent):
        verify("upscaler", "WanTransformer3DModel", {}, SHAPE)
    with pytest.raises(UnknownClass):
        build("NoSuchTransformer", {})


@pytest.mark.parametrize("component", ["denoiser", "vae_decode", "vae_encode", "text_encoder"])
def test_golden_files_hold_what_the_recorder_measures_now(component: str) -> None:
    """Re-derives the cheapest recorded case of each component."""
    golden = json.loads((GOLDEN / "wan2.1-t2v-1.3b.json").read_text(encoding="utf-8"))
    case = min((each for each in golden["cases"] if each["component"] == component), key=lambda each: each["flops"])
    part = golden["configs"][case["part"]]
    training = "both" if "training" in case else "none"
    config = part["config"] | case.get("changes", {})
    figures = verify(component, part["class"], config, case["shape"], case["dtype"], training)
    assert {key: figures[key] for key in figures if key != "seconds"} == {
        key: case[key] for key in figures if key != "seconds"
    }


def test_shape_of_reads_a_size() -> None:
    assert shape_of("wan2.1-t2v-1.3b", "denoiser", "832x480x81", 2) == {"batch": 2, "latent": [21, 60, 104]}
    assert shape_of("wan2.1-t2v-1.3b", "vae_encode", "832x480x81", 1)["pixels"] == [81, 480, 832]
    assert shape_of("wan2.1-t2v-1.3b", "text_encoder", "832x480x81", 1)["tokens"] == 512
