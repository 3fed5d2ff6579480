"""`--how`: a plan in the words of each tool, which parse, are read back as the same job, and leave nothing out in
silence. That the diffusers code does what it says is shown by running it: tests/reference/test_spoken_diffusers.py."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vidcalc
from vidcalc.catalog import load, models
from vidcalc.describe.plan import OffloadFlag, Plan
from vidcalc.describe.setting import words
from vidcalc.faces.how import asked
from vidcalc.faces.how.tools import tools
from vidcalc.modelfiles.recipes.read import recipe_of

PIPELINES = load.entry("how", "pipelines")["pipelines"]
IN_DIFFUSERS = [name for name in load.names("models") if set(models.model(name).pipelines) & set(PIPELINES)]
FLOWS = tuple(load.entry("how", "comfyui")["models"])
OFFERED = load.table("offered")["offload"]["diffusers"]


def spoken(model: str, tool: str = "diffusers", whole: bool = True, **settings: Any) -> Any:
    return asked({"model": model, "gpu": "4090", **settings}, tool, whole, "generate")


@pytest.mark.parametrize("model", IN_DIFFUSERS)
def test_the_script_of_every_model_is_python_that_calls_its_pipeline(model: str) -> None:
    found = spoken(model, offload="model")
    tree = ast.parse(found.text)
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert any(name.endswith("Pipeline.from_pretrained") for name in called)
    assert "pipe" in called and "pipe.enable_model_cpu_offload" in called
    assert (found.text.count("path/to/the/model") == 1) == (not models.model(model).repository)


@pytest.mark.parametrize("way", [each for each in words(OffloadFlag) if each in OFFERED])
def test_every_way_of_offloading_that_diffusers_has_is_said(way: str) -> None:
    assert not spoken("hunyuanvideo-t2v", offload=way).left


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "nf4": ({"precision": "nf4"}, 'bnb_4bit_quant_type="nf4"'),
    "int8": ({"precision": "int8"}, "Int8WeightOnlyConfig()"),
    "fp8": ({"precision": "fp8"}, "enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn"),
    "fp16": ({"precision": "fp16"}, "torch.float16"),
    "vae": ({"vae_precision": "fp32"}, '"vae": torch.float32'),
    "sage": ({"attention": "sage2"}, 'set_attention_backend("sage")'),
    "cache": ({"step_cache": "firstblockcache:0.1"}, "FirstBlockCacheConfig(threshold=0.1)"),
    "compile": ({"compile": "regional"}, "compile_repeated_blocks()"),
    "segments": ({"segments": "expandable"}, "expandable_segments:True"),
    "ranks": ({"parallel": {"ulysses_degree": 4}, "gpus": 4}, "ContextParallelConfig(ulysses_degree=4)"),
    "disk": ({"offload": "group", "offload_to": "disk"}, "offload_to_disk_path"),
    "slices": ({"vae_slicing": "on"}, "pipe.vae.enable_slicing()"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_in_the_script_and_its_neutral_value_is_not(name: str) -> None:
    settings, words_ = SETTINGS[name]
    found = spoken("wan2.1-t2v-14b", **settings)
    ast.parse(found.text)
    assert words_ in found.text.replace("\n", "")
    assert not found.left
    assert words_ not in spoken("wan2.1-t2v-14b").text


def test_two_experts_are_both_told() -> None:
    text = spoken("wan2.2-t2v-a14b", step_cache="firstblockcache").text
    assert "pipe.transformer.enable_cache" in text and "pipe.transformer_2.enable_cache" in text


def test_what_diffusers_has_no_word_for_is_named() -> None:
    found = spoken("wan2.1-t2v-14b", step_cache="teacache")
    assert [(each.flag, each.value) for each in found.left] == [("--step-cache", "teacache")]
    assert "cache" not in found.text


@pytest.mark.parametrize("model", FLOWS)
@pytest.mark.parametrize("more", [{}, {"vae_tiling": "default", "frames": 33, "steps": 24}])
def test_a_workflow_is_read_back_as_the_same_job(model: str, more: dict[str, Any], tmp_path: Path) -> None:
    found = spoken(model, "comfyui", **more)
    (tmp_path / "flow.json").write_text(found.text)
    recipe = recipe_of(str(tmp_path / "flow.json"))
    assert recipe is not None
    mine = vidcalc.estimate(model, gpu="4090", framework="comfyui", **more)
    read = vidcalc.estimate(from_=str(tmp_path / "flow.json"), gpu="4090")
    assert read.model.name == mine.model.name
    for name in ("width", "height", "frames", "steps"):
        assert read.workload[name] == mine.workload[name], name
    assert (read.plan["vae_tiling"] == "default") == bool(more)


def test_links_of_a_workflow_lead_to_nodes_that_are_there() -> None:
    nodes = json.loads(spoken("wan2.2-i2v-a14b", "comfyui").text)
    links = [value for node in nodes.values() for value in node["inputs"].values() if isinstance(value, list)]
    assert links and all(link[0] in nodes for link in links)


def trained(model: str, tool: str, **settings: Any) -> Any:
    usual = {"model": model, "gpu": "4090", "mode": "lora", "resolution": (832, 480), "frames": 33}
    return asked({**usual, **settings}, tool, True, "train")


def heredocs(text: str, folder: Path) -> None:
    """Writes the files that a shell script writes, and the rest as run.sh."""
    for name, content in re.findall(r"cat > (\S+) <<'TOML'\n(.*?)\nTOML", text, re.DOTALL):
        (folder / name).write_text(content)
    (folder / "run.sh").write_text(re.sub(r"cat > \S+ <<'TOML'\n.*?\nTOML", "", text, flags=re.DOTALL))


READ: dict[str, Callable[[str, Path], Path]] = {
    "musubi": lambda text, folder: (heredocs(text, folder), folder / "run.sh")[1],
    "diffusion-pipe": lambda text, folder: (heredocs(text, folder), folder / "config.toml")[1],
    "ai-toolkit": lambda text, folder: ((folder / "run.yaml").write_text(text), folder / "run.yaml")[1],
}


@pytest.mark.parametrize("tool", READ)
def test_a_trainers_file_is_read_back_as_the_same_run(tool: str, tmp_path: Path) -> None:
    settings = {"base_precision": "fp8", "optimizer": "adamw-8bit", "checkpointing": "full", "lora_rank": 8}
    found = trained("wan2.1-t2v-14b", tool, **settings)
    path = READ[tool](found.text, tmp_path)
    recipe = recipe_of(str(path))
    assert recipe is not None
    mine = vidcalc.train("wan2.1-t2v-14b", gpu="4090", mode="lora", frames=33, trainer=tool, **settings)
    read = vidcalc.train(from_=str(path), gpu="4090")
    assert read.model.name == mine.model.name
    assert read.run.steps == mine.run.steps
    assert read.buckets[0].frames == 33
    for name in ("mode", "rank", "base", "optimizer", "checkpointing"):
        assert read.plan["training"][name] == mine.plan["training"][name], name


def test_sharing_is_in_the_makers_own_flags() -> None:
    found = spoken("wan2.1-t2v-14b", "wan", gpus=8, parallel={"ulysses_degree": 8, "shard_degree": 8})
    assert found.text.startswith("torchrun --nproc_per_node=8 generate.py")
    assert "--ulysses_size 8" in found.text and "--dit_fsdp --t5_fsdp" in found.text


BAD = {
    "an unknown tool": (("estimate", "-m", "wan2.1-t2v-14b", "--how", "difusers"), "nearest: diffusers"),
    "another's plan": (
        ("estimate", "-m", "wan2.1-t2v-14b", "--how", "diffusers", "--framework", "comfyui"),
        "not with --framework comfyui; nearest: comfyui",
    ),
    "a closed model": (("estimate", "-m", "sora", "--how", "diffusers"), "not for sora"),
    "no workflow": (("estimate", "-m", "allegro", "--how", "comfyui"), "not for allegro"),
    "a trainer for a video": (("estimate", "-m", "wan2.1-t2v-14b", "--how", "musubi"), "allowed: diffusers, comfyui"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_question_gets_one_line(case: str, ask: Callable[..., Any]) -> None:
    arguments, wanted = BAD[case]
    done = ask(*arguments)
    assert done.code == 2
    assert wanted in done.err and done.err.count("\n") == 1 and not done.out


def test_python_says_the_same() -> None:
    report = vidcalc.estimate("cogvideox-5b", gpu="4090", offload="model")
    assert "enable_model_cpu_offload" in report.how("diffusers", code=True).text
    run = vidcalc.train("wan2.1-t2v-1.3b", gpu="4090", mode="lora", trainer="musubi")
    assert "wan_train_network.py" in run.how("musubi").text


def test_every_format_of_a_plan_is_known_or_left() -> None:
    """No word of a plan is dropped: it is in the script, or among what is left."""
    usual = spoken("wan2.1-t2v-14b").text
    for precision in load.table("precisions"):
        found = spoken("wan2.1-t2v-14b", precision=precision)
        assert found.left or (found.text != usual) == (precision != "bf16"), precision


def test_profiles_of_tools_exist() -> None:
    for each in tools().values():
        assert set(each.frameworks) <= set(load.names("frameworks"))
        assert set(each.trainers) <= set(load.names("trainers"))
    assert Plan().framework in tools()["diffusers"].frameworks
