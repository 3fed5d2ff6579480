"""Commands that generate, in scripts, and what else says how to run: model, size, frames, steps, GPUs; nothing dropped.

The scripts are written here on the pattern of those in their programs' documentation.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.modelfiles.recipes.launch import launchers
from vidcalc.modelfiles.recipes.read import recipe_of


class Case(NamedTuple):
    """A script, the model it runs, settings that follow, and what of it is not understood."""

    text: str
    model: str
    settings: dict[str, Any]
    unread: tuple[str, ...] = ()


CASES = {
    "wan": Case(
        "#!/usr/bin/env bash\n# one GPU\npython generate.py --task t2v-14B --size 1280*720 --ckpt_dir ./Wan2.1-T2V-14B "
        "--sample_steps 40 --sample_guide_scale 5.0 --frame_num 81 --offload_model True --t5_cpu --prompt 'Cats.'\n",
        "wan2.1-t2v-14b",
        {"framework": "wan-official", "resolution": (1280, 720), "frames": 81, "steps": 40, "guidance": 5.0}
        | {"offload": "model"},
        ("t5_cpu",),
    ),
    "wan on eight": Case(
        "torchrun --nproc_per_node=8 generate.py --task t2v-A14B --size 1280*720 --ckpt_dir w --dit_fsdp --t5_fsdp "
        "--ulysses_size 8 --offload_model False --prompt x\n",
        "wan2.2-t2v-a14b",
        {"framework": "wan-official-2.2", "gpus": 8, "parallel": {"ulysses_degree": 8, "shard_degree": 8}}
        | {"offload": None},
    ),
    "wan of one more kind": Case(
        "python generate.py --task vace-1.3B --size 480*832 --frame_num 81 --ckpt_dir w\n",
        "wan2.1-vace-1.3b",
        {"resolution": (480, 832)},
    ),
    "hunyuan": Case(
        "python3 sample_video.py \\\n  --video-size 720 1280 \\\n  --video-length 129 \\\n  --infer-steps 50 \\\n"
        "  --prompt 'A cat.' --flow-reverse --use-cpu-offload --use-fp8 --save-path out\n",
        "hunyuanvideo-t2v",
        {"resolution": (1280, 720), "frames": 129, "steps": 50, "offload": "sequential", "precision": "fp8"},
    ),
    "hunyuan with a picture": Case(
        "python3 sample_image2video.py --i2v-mode --video-length 129 --infer-steps 50 --prompt x\n",
        "hunyuanvideo-i2v",
        {"resolution": (1280, 720), "frames": 129},
    ),
    "hunyuan 1.5": Case(
        "N=8\ntorchrun --nproc_per_node=$N generate.py --prompt x --resolution 480p --aspect_ratio 9:16 "
        "--video_length 121 --num_inference_steps 50 --sparse_attn true --model_path ckpts\n",
        "hunyuanvideo-1.5",
        {"resolution": (480, 848), "frames": 121, "steps": 50, "gpus": 8, "parallel": {"ulysses_degree": 8}},
        ("sparse_attn",),
    ),
    "skyreels": Case(
        "model_id=Skywork/SkyReels-V2-DF-14B-540P\ntorchrun --nproc_per_node=2 generate_video_df.py "
        "--model_id $model_id --resolution 540P --base_num_frames 97 --num_frames 257 --overlap_history 17 --use_usp "
        "--offload --teacache\n",
        "skyreels-v2-df-14b",
        {"resolution": (960, 544), "frames": 257, "window": (97, 17), "parallel": {"ulysses_degree": 2}},
        ("teacache",),
    ),
    "ltx": Case(
        "python inference.py --prompt x --height 704 --width 1216 --num_frames 121 --seed 1 "
        "--pipeline_config configs/ltxv-13b-0.9.8-dev.yaml\n",
        "ltx-video-13b",
        {"resolution": (1216, 704), "frames": 121},
    ),
    "musubi": Case(
        "python src/musubi_tuner/wan_generate_video.py --fp8 --task t2v-1.3B --video_size 480 832 --video_length 81 "
        "--infer_steps 20 --prompt x --save_path o --dit d.safetensors --vae v --t5 t --attn_mode torch "
        "--blocks_to_swap 10\n",
        "wan2.1-t2v-1.3b",
        {"resolution": (832, 480), "frames": 81, "steps": 20, "precision": "fp8", "offload": "block-swap:10"},
    ),
    "fastvideo": Case(
        "fastvideo generate --model-path FastVideo/FastWan2.1-T2V-1.3B-Diffusers --num-gpus 2 --sp-size 2 --tp-size 1 "
        "--height 448 --width 832 --num-frames 61 --num-inference-steps 3 --fps 16 --prompt x\n",
        "fastwan2.1-t2v-1.3b",
        {"resolution": (832, 448), "frames": 61, "steps": 3, "gpus": 2, "parallel": {"ulysses_degree": 2}},
    ),
    "sglang": Case(
        "sglang generate --model-path Wan-AI/Wan2.2-T2V-A14B-Diffusers --num-gpus 4 --ulysses-degree 2 "
        "--enable-cfg-parallel --height 720 --width 1280 --num-frames 81 --num-inference-steps 40 --prompt x\n",
        "wan2.2-t2v-a14b",
        {"gpus": 4, "parallel": {"ulysses_degree": 2, "guidance_degree": 2}, "steps": 40},
    ),
}
LIGHTX2V = {"infer_steps": 40, "target_video_length": 81, "target_height": 480, "target_width": 832,
            "self_attn_1_type": "flash_attn3", "sample_guide_scale": 5, "sample_shift": 5, "enable_cfg": False,
            "cpu_offload": False, "model_path": "Wan2.1-T2V-14B"}  # fmt: skip
KANDINSKY = """
model:
  checkpoint_path: "./weights/model/kandinsky5lite_t2v_sft_5s.safetensors"
  num_steps: 50
  guidance_weight: 5.0
  dit_params: {model_dim: 1792, ff_dim: 7168, num_visual_blocks: 32}
  vae: {name: hunyuan}
"""
NAMELESS = {
    "scheduler.json": '{"_class_name": "UniPCMultistepScheduler", "num_train_timesteps": 1000, "flow_shift": 3.0}',
    "ds.json": '{"bf16": {"enabled": true}, "zero_optimization": {"stage": 2}}',
    "fsdp.yaml": "distributed_type: FSDP\nmixed_precision: bf16\nnum_processes: 8\n",
}


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("name", CASES)
def test_a_command_gives_model_and_settings(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = recipe_of(written(tmp_path, "run.sh", case.text))
    assert found is not None
    assert found.model == case.model
    assert {key: found.settings.get(key) for key in case.settings} == case.settings
    assert found.unread == case.unread


@pytest.mark.parametrize("name", ["wan on eight", "skyreels", "sglang"])
def test_a_command_is_priced(name: str, ask: Any, tmp_path: Path) -> None:
    done = ask("estimate", "--from", written(tmp_path, "run.sh", CASES[name].text), "--gpu", "h200", "--json")
    assert done.code == 0, done.err + done.out
    report = json.loads(done.out)
    assert report["model"]["name"] == CASES[name].model
    assert "recipe" in {each["id"] for each in report["assumptions"]}


def test_every_program_has_a_case() -> None:
    texts = " ".join(case.text for case in CASES.values())
    for each in launchers().values():
        assert not each.scripts or any(script in texts for script in each.scripts), each.title


def test_a_script_of_several_commands_is_its_first(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "run.sh", CASES["wan"].text + CASES["wan on eight"].text))
    assert found is not None
    assert (found.model, found.beside) == ("wan2.1-t2v-14b", (("commands_beside", {"count": 1}),))


@pytest.mark.parametrize(
    "end",
    [
        "&& echo done", "|| exit 1", "; echo done", ";", "| tee log.txt", "2>&1 | tee log.txt", "> log.txt",
        "2> err.txt", ">> log.txt 2>&1 &", "&", "< /dev/null", "<<EOF", "&> log.txt", "&& python other.py --size 1*1",
    ],
)  # fmt: skip
def test_a_command_ends_where_its_shell_ends_it(end: str, tmp_path: Path) -> None:
    for last in ("--size 832*480", "--offload_model False"):
        first = "--size 832*480 " if "size" not in last else ""
        text = (
            f"python generate.py --task t2v-14B --prompt 'cats & dogs; more > less' --frame_num 33 {first}{last} {end}"
        )
        found = recipe_of(written(tmp_path, "run.sh", text + "\n"))
        assert found is not None
        assert (found.settings["resolution"], found.settings["frames"], found.unread) == ((832, 480), 33, ()), text


def test_what_ends_a_command_needs_no_space(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "run.sh", "python generate.py --task t2v-14B --size 832*480;echo done\n"))
    assert found is not None
    assert found.settings["resolution"] == (832, 480)


def test_every_command_of_a_line_counts(tmp_path: Path) -> None:
    one = "python generate.py --task t2v-14B --size 832*480"
    found = recipe_of(written(tmp_path, "run.sh", f"python setup.py --quiet && {one} && {one}\n"))
    assert found is not None
    assert (found.model, found.beside) == ("wan2.1-t2v-14b", (("commands_beside", {"count": 1}),))


@pytest.mark.parametrize("python", ["python3.10", "/usr/bin/python3.12", "py", "python.exe", "env/bin/python3"])
def test_python_is_known_by_any_of_its_names(python: str, tmp_path: Path) -> None:
    text = f"{python} generate.py --task t2v-14B --size 832*480\n"
    found = recipe_of(written(tmp_path, "run.sh", text))
    assert found is not None
    assert (found.model, found.settings["resolution"]) == ("wan2.1-t2v-14b", (832, 480))


@pytest.mark.parametrize(("name", "end"), [("run.bat", "^"), ("run.ps1", "`"), ("run.txt", "^"), ("run.txt", "`")])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_a_command_of_windows_is_read(name: str, end: str, line: str, tmp_path: Path) -> None:
    frames = {".bat": "%FRAMES%", ".ps1": "$frames", ".txt": "45"}[name[3:]]
    lines = ("REM python generate.py --task t2v-1.3B", "set FRAMES=45") if name == "run.bat" else ("$frames = 45",)
    command = (
        rf"venv\Scripts\python.exe src\musubi_tuner\wan_generate_video.py --task t2v-1.3B {end}",
        rf"  --dit C:\models\wan.safetensors --video_size 480 832 {end}", f"  --video_length {frames} --prompt x",
    )  # fmt: skip
    (tmp_path / name).write_bytes(line.join((*lines, *command, "pause", "")).encode())
    found = recipe_of(str(tmp_path / name))
    assert found is not None
    assert (found.model, found.settings["resolution"], found.settings["frames"]) == ("wan2.1-t2v-1.3b", (832, 480), 45)
    assert (found.beside, found.unread) == ((), ())


def test_settings_of_lightx2v_are_read(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "wan_t2v.json", json.dumps(LIGHTX2V)))
    assert found is not None
    assert found.model == "wan2.1-t2v-14b"
    assert found.settings == {
        "framework": "lightx2v",
        "steps": 40,
        "frames": 81,
        "resolution": (832, 480),
        "guidance": 1.0,
    }
    assert found.unread == ("cpu_offload",)


def test_the_configuration_of_kandinsky_is_read(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "config_5s_sft.yaml", KANDINSKY))
    assert found is not None
    assert (found.model, found.settings["steps"], found.settings["guidance"]) == ("kandinsky5-lite", 50, 5.0)


def test_the_configuration_of_an_adapter_is_read(tmp_path: Path) -> None:
    adapter = {"peft_type": "LORA", "base_model_name_or_path": "Wan-AI/Wan2.1-T2V-14B-Diffusers", "r": 32}
    found = recipe_of(
        written(tmp_path, "adapter_config.json", json.dumps(adapter | {"target_modules": ["to_q", "ffn.0"]}))
    )
    assert found is not None
    assert (found.model, found.settings) == (
        "wan2.1-t2v-14b", {"mode": "lora", "lora_rank": 32, "lora_targets": "attention+ffn"},
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMELESS)
def test_what_names_no_model_is_refused_by_its_kind(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        recipe_of(written(tmp_path, name, NAMELESS[name]))
    assert refused.value.problem == "names_no_model"


def test_our_own_report_is_told_from_a_model(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        recipe_of(written(tmp_path, "report.json", '{"schema": "vidcalc.report/1", "model": {}}'))
    assert refused.value.problem == "own_report"


def test_a_script_that_runs_nothing_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        recipe_of(written(tmp_path, "run.sh", "python train_gpt.py --layers 3\n"))
    assert refused.value.problem == "unknown_command"
