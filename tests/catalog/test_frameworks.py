"""Profiles beside the frameworks themselves: what a profile says is what the package does.

The packages are read as text, never imported: from where they are installed, else, when `-m reference` is asked for,
from their wheels, the small ones. Without one its test says so and is left out.
"""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework

pytestmark = pytest.mark.reference
PROFILES = {  # package: profile that was read in it
    "sglang": "sglang",
    "vllm-omni": "vllm-omni",
    "fastvideo": "fastvideo",
    "diffsynth": "diffsynth",
    "xfuser": "xdit",
    "mmgp": "wan2gp",
}
LARGE = ("sglang",)  # 39 MB
SECONDS = 120

Source = Callable[[str, str], str]


def version(package: str) -> str:
    """The version that a package's profile was read in, the last that it names."""
    return framework(PROFILES[package]).version.split()[-1]


@pytest.fixture(scope="module")
def source(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Reads a file of a package, of the version that its profile was read in."""
    asked = pytestconfig.getoption("markexpr", "") == "reference"
    folder, wheels = tmp_path_factory.mktemp("wheels"), dict[str, zipfile.ZipFile]()

    def wheel(package: str) -> zipfile.ZipFile:
        if package not in wheels:
            wanted = f"{package}=={version(package)}"
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q", wanted]
            done = subprocess.run([*pip, "-d", str(folder)], capture_output=True, timeout=SECONDS, check=False)
            found = list(folder.glob(f"{package.replace('-', '_')}-{version(package)}-*.whl"))
            if done.returncode or not found:
                pytest.skip(f"{wanted} could not be downloaded")
            wheels[package] = zipfile.ZipFile(found[0])
        return wheels[package]

    def read(package: str, path: str) -> str:
        try:
            found = distribution(package)
            if found.version == version(package):
                return Path(str(found.locate_file(path))).read_text("utf-8")
        except PackageNotFoundError:
            pass
        if not asked or package in LARGE:
            pytest.skip(f"{package} {version(package)} is not installed")
        return wheel(package).read(path).decode().replace("\r\n", "\n")

    return read


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
def test_sglang_decodes_in_the_format_of_its_pipeline(source: Source, file: str, name: str) -> None:
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
def test_sglang_keeps_networks_from_the_memory_that_its_pipeline_names(
    source: Source, file: str, name: str, key: str
) -> None:
    text = source("sglang", f"{SGLANG}{file}.py")
    body = of_class(text, name)
    if "keep_resident_min_available_gb" not in body:  # as the class it is made of
        body = of_class(text, body[body.index("(") + 1 : body.index(")")].split(",")[0])
    found = re.search(r"keep_resident_min_available_gb=(\d+)", body)
    assert found
    assert framework("sglang").by_card[key][0][0] == int(found[1]) * 2**30


def test_sglang_streams_by_itself_where_its_pipeline_says_auto(source: Source) -> None:
    for file, name, key in (
        ("wan", "Wan2_2_T2V_A14B_Config", "wan2.2-t2v-a14b"),
        ("minimax_h3", "MiniMaxH3PipelineConfig", "transformers.minimax_h3"),
    ):
        body = of_class(source("sglang", f"{SGLANG}{file}.py"), name)
        assert 'dit_layerwise_offload_modes=("auto"' in body
        assert framework("sglang").by_card[key][-1][1] == "group"


def test_vllm_omni_offloads_tiles_and_splits_nothing_unless_asked(source: Source) -> None:
    text = source("vllm-omni", "vllm_omni/diffusion/data.py")
    assert default(text, "text_encoder_tp_size") == "1"
    assert default(text, "vae_use_tiling") == "False"
    assert default(text, "enable_cpu_offload") == "False"
    plan = fill.plan(fill.model("wan2.2-t2v-a14b"), framework="vllm-omni")
    assert (plan.offload, plan.vae_tiling, plan.text_degree, plan.vae_precision) == ("none", "none", 1, "bf16")


def test_vllm_omni_keeps_fifty_layers_of_the_encoder_of_minimax_h3(source: Source) -> None:
    text = source("vllm-omni", "vllm_omni/diffusion/models/minimax_h3/encoder.py")
    assert "retained 50-layer encoder" in text
    assert framework("vllm-omni").configs["encoders.qwen3_vl"] == {"num_hidden_layers": 50}


def test_fastvideo_streams_the_denoiser_layer_by_layer(source: Source) -> None:
    text = source("fastvideo", "fastvideo/fastvideo_args.py")
    assert default(text, "dit_layerwise_offload") == "True"
    assert framework("fastvideo").plan["offload"] == "group"


def test_diffsynth_decodes_wan_in_tiles(source: Source) -> None:
    text = source("diffsynth", "diffsynth/pipelines/wan_video.py")
    found = re.search(r"tiled: bool = (\w+)", text)
    assert found
    assert found[1] == "True"
    assert fill.plan(fill.model("wan2.1-t2v-14b"), framework="diffsynth").vae_tiling == "default"


def test_mmgp_pins_what_its_profiles_say(source: Source) -> None:
    text = source("mmgp", "mmgp/offload.py")
    body = text[text.index("def profile(") :]
    # profiles 1 to 5: what is pinned; those without a budget let a network come as a whole
    pinned = [each.strip('"') for each in re.findall(r"^\s+pinnedMemory= *(\S+)$", body, re.MULTILINE)]
    whole = len(re.findall(r"^\s+budgets = None$", body, re.MULTILINE))
    assert pinned == ["True", "True", "transformer", "transformer", "False"]
    assert whole >= 2
    ways = [framework(f"wan2gp{name}").plan["offload"] for name in ("-1", "-2", "-3", "", "-5")]
    assert ways == ["model", "group", "model", "group", "group"]
    waiting = [framework(f"wan2gp{name}").runtime.unpinned for name in ("-1", "-2", "-3", "", "-5")]
    assert [("denoiser" in roles, "vae" in roles) for roles in waiting] == [
        {"True": (False, False), "transformer": (False, True), "False": (True, True)}[word] for word in pinned
    ]
    # a block that is released is dropped: its place takes the tensor of the host again, and nothing is copied back
    released = text[text.index("def gpu_unload_blocks") :]
    released = released[: released.index("\n    def ", 1)]
    assert '.to("cpu"' not in released
    assert framework("wan2gp").runtime.kept


def test_diffsynth_has_the_tiles_that_its_pipeline_names(source: Source) -> None:
    text = source("diffsynth", "diffsynth/pipelines/wan_video.py")
    found = re.search(r"tile_size: .*?= \((\d+), (\d+)\).*?tile_stride: .*?= \((\d+), (\d+)\)", text, re.DOTALL)
    assert found
    (tiles,) = framework("diffsynth").runtime.tiles["autoencoders.wan"]
    own = tiles.height, tiles.width, tiles.stride_height, tiles.stride_width
    assert [side // 8 for side in own] == [int(each) for each in found.groups()]
    body = source("diffsynth", "diffsynth/models/wan_video_vae.py")
    assert "if (h-stride_h >= 0 and h-stride_h+size_h >= H): continue" in body
    assert 'data_device = "cpu"' in body
    assert (tiles.ends, tiles.host) == (True, "tiles")


def test_fastvideo_offloads_shares_and_hands_over_frames_as_its_profile_says(source: Source) -> None:
    text, profile = source("fastvideo", "fastvideo/fastvideo_args.py"), framework("fastvideo")
    assert default(text, "pin_cpu_memory") == "True"
    assert profile.runtime.kept
    assert re.search(r"self\.sp_size = self\.num_gpus", text)
    assert profile.runtime.spreads == {"": 0}
    decoding = source("fastvideo", "fastvideo/pipelines/stages/decoding.py")
    assert "frames = frames.to(torch.float32)" in decoding
    assert (profile.runtime.frames_on, profile.runtime.frames_dtype) == ("device", "fp32")


def test_sglang_gives_the_attention_of_hunyuanvideo_no_mask(source: Source) -> None:
    assert "mask" not in source("sglang", "sglang/multimodal_gen/runtime/models/dits/hunyuanvideo.py")
    for name in ("sglang", "sglang-2026-06"):
        assert framework(name).runtime.networks["transformers.hunyuan"] == "transformers.hunyuan_unmasked"


def test_sglang_computes_what_ltx2_modulates_in_kernels_of_its_own(source: Source) -> None:
    text = source("sglang", "sglang/multimodal_gen/runtime/models/dits/ltx_2.py")
    assert all(kernel in text for kernel in ("modulate_scale_shift_cuda(", "residual_gate_add(", "fused_qk"))
    model = fill.model("ltx-2")
    now, before = (fill.plan(model, framework=name) for name in ("sglang", "sglang-2026-06"))
    assert (now.compile, before.compile) == ("on", "norms")


def test_xdit_shards_tiles_and_offloads_nothing_unless_asked(source: Source) -> None:
    text = source("xfuser", "xfuser/config/args.py")
    assert default(text, "fully_shard_degree") == "1"
    for field in ("use_parallel_vae", "enable_tiling", "enable_slicing", "enable_model_cpu_offload"):
        assert default(text, field) == "False", field
    plan = fill.plan(fill.model("wan2.1-t2v-14b"), framework="xdit")
    assert (plan.offload, plan.vae_tiling, plan.shard_degree, plan.compile) == ("none", "none", 1, "off")


def test_xdit_takes_cudnn_before_flash_attention_2(source: Source) -> None:
    text = source("xfuser", "xfuser/core/distributed/runtime_state.py")
    body = text[text.index("def _select_attention_backend") :]
    order = [re.escape(f"AttentionBackendType.{name}\n") for name in ("FLASH_4", "FLASH_3", "CUDNN", "FLASH", "SDPA")]
    assert re.search(".*?".join(order), body[body.index("has_flash_attn_4") :], re.DOTALL)
    assert framework("xdit").runtime.kernels == ((8.0, "cudnn"), (0.0, "sdpa"))
