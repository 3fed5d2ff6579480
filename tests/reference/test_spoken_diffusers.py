"""The diffusers code that `--how diffusers --code` prints is run, on a tiny pipeline of random weights, and does what
the plan says: hooks are there, tiles are on, dtypes are kept, caches and kernels are set.

A machine without a GPU runs it with "cpu" for "cuda", without streams, and with the device named where diffusers looks
for one; nothing else of a script is touched.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from vidcalc.faces.how import said
from vidcalc.faces.requests.estimate import request

MODEL, REPOSITORY = "wan2.1-t2v-14b", "Wan-AI/Wan2.1-T2V-14B-Diffusers"
HERE = (
    ('"cuda"', '"cpu"'),
    ("use_stream=True", "use_stream=False"),
    ("_cpu_offload()", '_cpu_offload(device="cpu")'),
    ('export_to_video(video, "video.mp4", fps=16)', "frames = len(video)"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Wan pipeline of a few thousand weights, as its class saves it."""
    torch.manual_seed(0)
    words = Tokenizer(models.WordLevel({"<pad>": 0, "</s>": 1, "<unk>": 2}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    encoder = UMT5Config(vocab_size=32, d_model=16, d_ff=32, num_heads=2, d_kv=8, num_layers=2)
    made = diffusers.WanPipeline(
        tokenizer=PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=16, **special),
        text_encoder=UMT5EncoderModel(encoder).eval(),
        vae=diffusers.AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        transformer=diffusers.WanTransformer3DModel(
            num_attention_heads=2, attention_head_dim=12, text_dim=16, freq_dim=32, ffn_dim=32, num_layers=3,
            rope_max_seq_len=32,
        ),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tiny")
    made.save_pretrained(path)
    return path


def scripted(folder: Path, **settings: Any) -> str:
    """The script of a plan, for the tiny pipeline."""
    job = request({"model": MODEL, "gpu": "4090", "frames": 9, "resolution": (32, 32), "steps": 2, **settings})
    answer = said(job, "diffusers", whole=True)
    assert not [each for each in answer.left if "wo" not in each.note], answer.left
    text = answer.text
    for there, here in ((REPOSITORY, str(folder)), *HERE):
        text = text.replace(there, here)
    return text


def run(folder: Path, **settings: Any) -> Any:
    """The pipeline after the script of a plan has made its video."""
    names: dict[str, Any] = {}
    exec(scripted(folder, **settings), names)  # what a user would run
    assert names["frames"] == 9
    return names["pipe"]


def hooked(module: Any, name: str) -> int:
    """How many modules inside one of diffusers' hooks is on."""
    hooks = (getattr(each, "_diffusers_hook", None) for each in module.modules())
    return sum(each is not None and each.get_hook(name) is not None for each in hooks)


def test_a_plain_plan_is_in_the_dtypes_of_the_plan(folder: Path) -> None:
    pipe = run(folder, vae_precision="fp32")
    assert pipe.transformer.dtype == pipe.text_encoder.dtype == torch.bfloat16
    assert pipe.vae.dtype == torch.float32


def test_model_offload_hooks_every_network(folder: Path) -> None:
    pipe = run(folder, offload="model")
    for part in (pipe.text_encoder, pipe.transformer, pipe.vae):
        assert type(part._hf_hook).__name__ == "CpuOffload"


def test_sequential_offload_hooks_every_layer(folder: Path) -> None:
    # accelerate brings weights back as plain tensors where the GPU is the CPU, so the video is not made here
    loading = scripted(folder, offload="sequential").split("video = pipe(")[0]
    names: dict[str, Any] = {}
    exec(loading, names)
    blocks = names["pipe"].transformer.blocks
    linears = [each for each in blocks.modules() if isinstance(each, torch.nn.Linear)]
    assert linears and all(each._hf_hook.offload for each in linears)


@pytest.mark.parametrize(("way", "kind"), [("group", "block"), ("group-wait", "block"), ("group-leaf", "leaf")])
def test_groups_of_blocks_or_leaves_come_and_go(folder: Path, way: str, kind: str) -> None:
    pipe = run(folder, offload=way)
    found = hooked(pipe.transformer, "group_offloading")
    # three blocks and what is outside of them; or every linear layer and norm
    assert (found > 20) if kind == "leaf" else (3 <= found <= 5)


@pytest.mark.parametrize("place", ["pageable", "disk"])
def test_groups_wait_where_the_plan_says(folder: Path, place: str, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    run(folder, offload="group", offload_to=place)
    assert any(tmp_path.rglob("*.safetensors")) == (place == "disk")


def test_encoders_leave_before_the_first_step(folder: Path) -> None:
    pipe = run(folder, offload="encoders")
    assert type(pipe.text_encoder._hf_hook).__name__ == "CpuOffload"
    assert len(pipe.transformer._forward_pre_hooks) == 1
    pipe = run(folder, offload="encoders-streamed")
    assert hooked(pipe.text_encoder, "group_offloading") and not hooked(pipe.transformer, "group_offloading")


def test_float8_is_cast_for_each_layer(folder: Path) -> None:
    pipe = run(folder, precision="fp8", text_encoder_precision="fp8")
    assert pipe.transformer.blocks[0].attn1.to_q.weight.dtype == torch.float8_e4m3fn
    attention = pipe.text_encoder.encoder.block[0].layer[0].SelfAttention
    assert attention.q.weight.dtype == torch.float8_e4m3fn


def test_the_vae_works_in_tiles_and_slices(folder: Path) -> None:
    pipe = run(folder, vae_tiling="default", vae_slicing="on")
    assert pipe.vae.use_tiling and pipe.vae.use_slicing


CACHES: dict[str, Callable[[Any], bool]] = {
    "firstblockcache": lambda network: hooked(network, "fbc_leader_block_hook") == 1,
    "pab": lambda network: hooked(network, "pyramid_attention_broadcast") > 0,
    "seacache": lambda network: hooked(network, "sea_cache_leader_block") == 1,
}


@pytest.mark.parametrize("cache", CACHES)
def test_caches_are_enabled(folder: Path, cache: str) -> None:
    pipe = run(folder, step_cache=cache)
    assert pipe.transformer.is_cache_enabled
    assert CACHES[cache](pipe.transformer)


def test_the_kernel_of_attention_is_set(folder: Path) -> None:
    pipe = run(folder, attention="math")
    processors = [each.processor for each in pipe.transformer.modules() if hasattr(each, "processor")]
    assert {each._attention_backend.value for each in processors} == {"_native_math"}


@pytest.mark.skipif(importlib.util.find_spec("torchao") is None, reason="torchao is not installed")
@pytest.mark.parametrize("precision", ["int8", "int8-dynamic"])
def test_torchao_quantises_the_linear_layers(folder: Path, precision: str) -> None:
    pipe = run(folder, precision=precision)
    assert type(pipe.transformer.blocks[0].attn1.to_q.weight).__module__.startswith("torchao")


def test_statements_are_of_the_installed_classes() -> None:
    """Pipelines and classes are as `data/how/pipelines.toml` says."""
    import subprocess
    import sys

    script = Path(__file__).resolve().parents[2] / "scripts" / "make_pipelines.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
