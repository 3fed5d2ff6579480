"""Profiles beside the frameworks themselves, where these are installed: what a profile says is what the package does.

The packages are read as text, never imported; without one its test says so and is left out.
"""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework


def source(package: str, path: str) -> str:
    """A file of an installed package, of the version that the profile was read in."""
    try:
        found = distribution(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    return Path(str(found.locate_file(path))).read_text("utf-8")


def of_class(text: str, name: str) -> str:
    """The body of a class."""
    start = text.index(f"class {name}(")
    end = text.find("\nclass ", start + 1)
    return text[start : end if end > 0 else len(text)]


def default(text: str, field: str) -> str:
    """What a field of a dataclass is without being set."""
    found = re.search(rf"^\s+{field}\s*:[^=\n]+=\s*(.+?)\s*(?:#.*)?$", text, re.MULTILINE)
    assert found, field
    return found[1].strip("\"'")


SGLANG = "sglang/multimodal_gen/configs/pipeline_configs/"
DECODES = {
    ("wan", "WanT2V480PConfig"): ("wan2.1-t2v-14b", "vae_decode_precision"),
    ("wan", "Wan2_2_T2V_A14B_Config"): ("wan2.2-t2v-a14b", "vae_decode_precision"),
    ("wan", "Wan2_2_TI2V_5B_Config"): ("wan2.2-ti2v-5b", "vae_decode_precision"),
    ("hunyuan", "HunyuanConfig"): ("hunyuanvideo-t2v", "vae_precision"),
    ("ltx_2", "LTX2PipelineConfig"): ("ltx-2", "vae_precision"),
    ("minimax_h3", "MiniMaxH3PipelineConfig"): ("minimax-h3", "vae_decode_precision"),
    ("cosmos3", "Cosmos3Config"): ("cosmos3-nano", "vae_precision"),
}


@pytest.mark.parametrize(("file", "name"), DECODES)
def test_sglang_decodes_in_the_format_of_its_pipeline(file: str, name: str) -> None:
    model, field = DECODES[file, name]
    stated = default(of_class(source("sglang", f"{SGLANG}{file}.py"), name), field)
    assert fill.plan(fill.model(model), framework="sglang").vae_precision == stated


@pytest.mark.parametrize(
    ("file", "name", "key"),
    [
        ("wan", "WanT2V480PConfig", "wan2.1-t2v-1.3b"),
        ("wan", "WanT2V720PConfig", "transformers.wan"),
        ("wan", "Wan2_2_T2V_A14B_Config", "wan2.2-t2v-a14b"),
        ("ltx_2", "LTX2PipelineConfig", "transformers.ltx2"),
        ("minimax_h3", "MiniMaxH3PipelineConfig", "transformers.minimax_h3"),
    ],
)
def test_sglang_keeps_networks_from_the_memory_that_its_pipeline_names(file: str, name: str, key: str) -> None:
    text = source("sglang", f"{SGLANG}{file}.py")
    body = of_class(text, name)
    if "keep_resident_min_available_gb" not in body:  # as the class it is made of
        body = of_class(text, body[body.index("(") + 1 : body.index(")")].split(",")[0])
    found = re.search(r"keep_resident_min_available_gb=(\d+)", body)
    assert found
    assert framework("sglang").by_card[key][0][0] == int(found[1]) * 2**30


def test_sglang_streams_by_itself_where_its_pipeline_says_auto() -> None:
    for file, name, key in (
        ("wan", "Wan2_2_T2V_A14B_Config", "wan2.2-t2v-a14b"),
        ("minimax_h3", "MiniMaxH3PipelineConfig", "transformers.minimax_h3"),
    ):
        body = of_class(source("sglang", f"{SGLANG}{file}.py"), name)
        assert 'dit_layerwise_offload_modes=("auto"' in body
        assert framework("sglang").by_card[key][-1][1] == "group"


def test_vllm_omni_offloads_tiles_and_splits_nothing_unless_asked() -> None:
    text = source("vllm-omni", "vllm_omni/diffusion/data.py")
    assert default(text, "text_encoder_tp_size") == "1"
    assert default(text, "vae_use_tiling") == "False"
    assert default(text, "enable_cpu_offload") == "False"
    plan = fill.plan(fill.model("wan2.2-t2v-a14b"), framework="vllm-omni")
    assert (plan.offload, plan.vae_tiling, plan.text_degree, plan.vae_precision) == ("none", "none", 1, "bf16")


def test_vllm_omni_keeps_fifty_layers_of_the_encoder_of_minimax_h3() -> None:
    text = source("vllm-omni", "vllm_omni/diffusion/models/minimax_h3/encoder.py")
    assert "retained 50-layer encoder" in text
    assert framework("vllm-omni").configs["encoders.qwen3_vl"] == {"num_hidden_layers": 50}


def test_fastvideo_streams_the_denoiser_layer_by_layer() -> None:
    text = source("fastvideo", "fastvideo/fastvideo_args.py")
    assert default(text, "dit_layerwise_offload") == "True"
    assert framework("fastvideo").plan["offload"] == "group"


def test_diffsynth_decodes_wan_in_tiles() -> None:
    text = source("diffsynth", "diffsynth/pipelines/wan_video.py")
    found = re.search(r"tiled: bool = (\w+)", text)
    assert found
    assert found[1] == "True"
    assert fill.plan(fill.model("wan2.1-t2v-14b"), framework="diffsynth").vae_tiling == "default"


def test_mmgp_pins_what_its_profiles_say() -> None:
    text = source("mmgp", "mmgp/offload.py")
    body = text[text.index("def profile(") :]
    # profiles 1 to 5: what is pinned; those without a budget let a network come as a whole
    pinned = [each.strip('"') for each in re.findall(r"^\s+pinnedMemory= *(\S+)$", body, re.MULTILINE)]
    whole = len(re.findall(r"^\s+budgets = None$", body, re.MULTILINE))
    assert pinned == ["True", "True", "transformer", "transformer", "False"]
    assert whole >= 2
    ways = [framework(f"wan2gp{name}").plan["offload"] for name in ("-1", "-2", "-3", "", "-5")]
    assert ways == ["model", "group", "model", "group", "group-wait"]
