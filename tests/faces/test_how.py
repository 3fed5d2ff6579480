"""`--how`: a plan in the words of each tool, which parse, are read back as the same job, and leave nothing out in
silence. That the diffusers code does what it says is shown by running it: tests/reference/test_spoken_diffusers.py."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import vidcalc
from vidcalc.catalog import load, models
from vidcalc.describe.plan import OffloadFlag, Plan
from vidcalc.describe.setting import declared, words
from vidcalc.describe.sharing import of
from vidcalc.describe.training import TrainingPlan
from vidcalc.faces.how import asked, question, said
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


HERE = r"cat > (\S+) <<'(TOML|JSON)'\n(.*?)\n(?:TOML|JSON)\n"


def heredocs(text: str, folder: Path) -> None:
    """Writes the files that a shell script writes, and the rest as run.sh."""
    for name, _kind, content in re.findall(HERE, text, re.DOTALL):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    (folder / "run.sh").write_text(re.sub(HERE, "", text, flags=re.DOTALL))


READ: dict[str, Callable[[str, Path], Path]] = {
    "musubi": lambda text, folder: (heredocs(text, folder), folder / "run.sh")[1],
    "diffusion-pipe": lambda text, folder: (heredocs(text, folder), folder / "config.toml")[1],
    "simpletuner": lambda text, folder: (heredocs(text, folder), folder / "config" / "config.json")[1],
    "finetrainers": lambda text, folder: (heredocs(text, folder), folder / "run.sh")[1],
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


OTHER = {  # a value that a tool's own profile has not, of settings that take no words
    "precision": "nf4",
    "text_encoder_precision": "nf4",
    "vae_precision": "fp16",
    "attention": "sage2",
    "step_cache": "firstblockcache",
    "sparse_attention": "vsa",
    "guided_share": 0.5,
    "merged_tokens": 0.5,
    "resident_blocks": 3,
}
BESIDE = (
    "framework",
    "swapped_blocks",
    "blocks_per_group",
    "lora_mode",
)  # of the tool, or of a word or LoRA beside them


@pytest.mark.parametrize("tool", ["diffusers", "comfyui", "wan"])
@pytest.mark.parametrize("field", [each.field for each in of(Plan, "generate") if each.setting.flag])
def test_no_setting_of_a_plan_is_dropped(field: str, tool: str) -> None:
    """It is in the script, or among what is left."""
    if field in BESIDE:
        return
    job = question({"model": "wan2.1-t2v-14b", "gpu": "4090"}, tool, "generate")
    if field in ("resident_blocks", "offload_to"):
        job = job._replace(plan=replace(job.plan, offload="group"))
    each, here = declared(Plan)[field], getattr(job.plan, field)
    other = OTHER.get(field) or next(word for word in reversed(each.words) if word != here)
    changed = job._replace(plan=replace(job.plan, **{field: other}))
    found, plainly = said(changed, tool, True), said(job, tool, True)
    assert (found.text, found.left, found.run) != (plainly.text, plainly.left, plainly.run)


TRAINERS = [name for name, each in tools().items() if each.trainers]
OF_A_RUN = {
    "grad_accum": 3,
    "rank": 9,
    "rollout_steps": 3,
    "validation_every": 7,
    "save_every": 7,
    "recipe": "bf16-mixed",
    "optimizer": "adamw-8bit",
    "base": "nf4",
}
AROUND = ("trainer", "mode", "swapped_blocks", "networks")


@pytest.mark.parametrize("tool", TRAINERS)
@pytest.mark.parametrize("field", [each.field for each in of(TrainingPlan, "train", "run") if each.setting.flag])
def test_no_setting_of_a_training_run_is_dropped(field: str, tool: str) -> None:
    if field in AROUND:
        return
    job = question({"model": "wan2.1-t2v-14b", "gpu": "4090", "mode": "lora", "frames": 33}, tool, "train")
    plan, each = job.plan.training, declared(TrainingPlan)[field]
    here = getattr(plan, field)
    known = (*each.words, OF_A_RUN.get(field), *(("none", "full") if field == "checkpointing" else ()))
    other = next(value for value in known if value is not None and value != here)
    changed = job._replace(plan=replace(job.plan, training=replace(plan, **{field: other})))
    found, plainly = said(changed, tool, True), said(job, tool, True)
    assert (found.text, found.left) != (plainly.text, plainly.left), (here, other)


def test_steps_are_those_of_the_run_whatever_sizes_it_sees() -> None:
    flags = {"gpu": "h100", "mode": "lora", "bucket": ["480x320x17:0.5:b8", "832x480x81:0.5:b1"]}
    run = vidcalc.train("wan2.1-t2v-14b", trainer="musubi", **flags)
    assert f"--max_train_steps {run.run.steps} " in run.how("musubi").text
    run = vidcalc.train("wan2.1-t2v-14b", trainer="ai-toolkit", **flags)
    found = run.how("ai-toolkit")
    assert f"steps: {run.run.steps}" in found.text
    assert ("--bucket", "832x480x81:b1") in {(each.flag, each.value) for each in found.left}


def test_what_a_pipeline_takes_no_argument_for_is_left() -> None:
    assert "--batch-size" in {each.flag for each in spoken("latte-1", batch_size=4).left}


def test_a_scale_of_guidance_reaches_a_pipeline_of_guiders_in_the_short_form_too() -> None:
    assert "guidance_scale=9" in spoken("hunyuanvideo-1.5", guidance=9, whole=False).text


@pytest.mark.parametrize("more", [("--svg", "x.svg"), ("--ops", "o.csv"), ("--full",)])
def test_flags_of_the_report_are_refused_beside_it(more: tuple[str, ...], ask: Callable[..., Any]) -> None:
    done = ask("estimate", "-m", "wan2.1-t2v-14b", "--how", "diffusers", *more)
    assert done.code == 2 and more[0] in done.err and done.err.count("\n") == 1
    alone = ask("estimate", "-m", "wan2.1-t2v-14b", "--code")
    assert alone.code == 2 and "only with --how" in alone.err


def test_profiles_of_tools_exist() -> None:
    for each in tools().values():
        assert set(each.frameworks) <= set(load.names("frameworks"))
        assert set(each.trainers) <= set(load.names("trainers"))
    assert Plan().framework in tools()["diffusers"].frameworks


def test_a_script_that_asks_for_words_still_learns_whether_it_fits(ask: Callable[..., Any]) -> None:
    small = ("-m", "wan2.1-t2v-14b", "--gpu", "4090", "--how", "diffusers", "--check")
    assert ask("estimate", *small).code == ask("estimate", *small, "--json").code == 3
    assert ask("estimate", *small[:-1]).code == 0
    assert (
        ask("train", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--mode", "lora", "--how", "musubi", "--check").code == 3
    )


def test_two_experts_are_told_to_musubi() -> None:
    both = trained("wan2.2-t2v-a14b", "musubi", experts="both")
    one = trained("wan2.2-t2v-a14b", "musubi")
    assert "--dit_high_noise wan2.2_t2v_high_noise_14B_fp16.safetensors" in both.text
    assert "--timestep_boundary 875" in both.text and not both.left
    assert "high_noise" not in one.text and "--max_timestep 875" in one.text and not one.left


def test_sharding_is_in_finetrainers_own_degrees() -> None:
    plan = {"sharding": "fsdp", "training_parallel": {"shard_degree": 4, "ulysses_degree": 2}, "gpus": 8}
    found = asked({"model": "wan2.1-t2v-14b", "gpu": "h100", "frames": 33, **plan}, "finetrainers", True, "train")
    assert "--nproc_per_node=8" in found.text
    for words_ in ("--dp_shards 4", "--cp_degree 2", "--dp_degree 1", "--tp_degree 1", "--pp_degree 1"):
        assert words_ in found.text
    assert not [each for each in found.left if each.flag in ("--sharding", "--parallel")]


def test_a_control_within_the_denoiser_has_its_own_pipeline_and_weights() -> None:
    found = spoken("wan2.1-t2v-14b", control=("vace",))
    assert "WanVACEPipeline.from_pretrained(" in found.text and "WanPipeline" not in found.text
    assert models.model("wan2.1-vace-14b").repository in found.text
    assert not found.left
    two = spoken("wan2.2-t2v-a14b", control=("vace",))
    assert "WanVACEPipeline.from_pretrained(" in two.text and "path/to/the/model" in two.text
    beside = spoken("wan2.1-t2v-14b", control=("canny",))
    assert {each.flag for each in beside.left} == {"--control"}


PARTS = {"control": ("vace",), "vae": "taehv"}


@pytest.mark.parametrize("tool", ["diffusers", "comfyui", "wan"])
@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_a_model_is_dropped(part: str, tool: str) -> None:
    """It is in the script, or among what is left."""
    found, plainly = spoken("wan2.1-t2v-14b", tool, **{part: PARTS[part]}), spoken("wan2.1-t2v-14b", tool)
    assert "--" + part in {each.flag for each in found.left} or (tool, part) == ("diffusers", "control")
    assert (found.text, found.left) != (plainly.text, plainly.left)
