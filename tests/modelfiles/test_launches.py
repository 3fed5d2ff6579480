"""Commands that generate, in scripts, and what else says how to run: model, size, frames, steps, GPUs; nothing dropped.

The scripts are written here on the pattern of those in their programs' documentation.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.modelfiles.recipes.launcher import launchers
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
        | {"offload": "none"},
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
        {"resolution": (1248, 704), "frames": 129},  # 39 x 22 patches of 32: what is nearest 16:9 of 960 x 960 pixels
    ),
    "hunyuan 1.5": Case(
        "N=8\ntorchrun --nproc_per_node=$N generate.py --prompt x --resolution 480p --aspect_ratio 9:16 "
        "--video_length 121 --num_inference_steps 50 --sparse_attn true --model_path ckpts\n",
        "hunyuanvideo-1.5",
        {"resolution": (480, 848), "frames": 121, "steps": 50, "gpus": 8, "parallel": {"ulysses_degree": 8}},
        ("sparse_attn",),
    ),
    "wan without a size": Case(
        "python generate.py --task i2v-14B --ckpt_dir ./Wan2.1-I2V-14B-720P --image p.jpg --offload_model no\n",
        "wan2.1-i2v-14b-720p",
        {"resolution": (1280, 720), "offload": "none"},
    ),
    "wan on nodes": Case(
        "torchrun --nnodes=2 --nproc_per_node=8 generate.py --task t2v-14B --size 1280*720 --ckpt_dir w --dit_fsdp "
        "--ulysses_size 8 --ring_size 2\n",
        "wan2.1-t2v-14b",
        {"gpus": 16, "nodes": 2, "parallel": {"ulysses_degree": 8, "ring_degree": 2, "shard_degree": 16}},
    ),
    "wan on some nodes": Case(
        "torchrun --nnodes=1:4 --nproc_per_node=8 generate.py --task t2v-14B --ckpt_dir w --ulysses_size 8\n",
        "wan2.1-t2v-14b",
        {"gpus": 8, "nodes": None},
        ("nnodes = 1:4",),
    ),
    "hunyuan with a smaller picture": Case(
        "python3 sample_image2video.py --i2v-mode --i2v-resolution 540p --video-size 720 1280 --infer-steps 50\n",
        "hunyuanvideo-i2v",
        {"resolution": (928, 544)},
    ),
    "hunyuan with a picture of no known size": Case(
        "python3 sample_image2video.py --i2v-mode --i2v-resolution 4k --infer-steps 50\n",
        "hunyuanvideo-i2v",
        {"resolution": (1280, 720)},
        ("i2v_resolution = 4k",),
    ),
    "voyager": Case(
        "python3 sample_image2video.py --model HYVideo-T/2 --input-path examples/case1 --prompt x --i2v-stability "
        "--infer-steps 50 --flow-reverse --embedded-cfg-scale 6.0 --use-cpu-offload --save-path out\n",
        "hunyuanworld-voyager",
        {"framework": "hunyuan-official", "frames": 49, "steps": 50, "offload": "sequential", "resolution": None},
    ),
    "hunyuan 1.5 distilled": Case(
        "torchrun --nproc_per_node=4 --nnodes=2 generate.py --prompt x --resolution 720p --aspect_ratio 1:1 "
        "--cfg_distilled true --offloading off --dtype bf16 --model_path c\n",
        "hunyuanvideo-1.5",
        {"framework": "hunyuan-official", "resolution": (960, 960), "guidance": 1.0, "offload": "none", "gpus": 8}
        | {"precision": "bf16", "parallel": {"ulysses_degree": 8}},
    ),
    "hunyuan 1.5 in few steps": Case(
        "python generate.py --prompt x --resolution 480p --aspect_ratio 4:3 --enable_step_distill --cfg_distilled no "
        "--num_inference_steps 8 --model_path ckpts\n",
        "hunyuanvideo-1.5",
        {"resolution": (720, 544), "guidance": 1.0, "steps": 8, "gpus": None, "offload": None},
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
        {"resolution": (1216, 704), "frames": 121, "steps": 30, "preset": None},
    ),
    "ltx distilled": Case(
        "python inference.py --prompt x --height 704 --width 1216 --num_frames 121 "
        "--pipeline_config configs/ltxv-13b-0.9.8-distilled.yaml\n",
        "ltx-video-13b",
        {"preset": "distilled", "steps": None},
    ),
    "ltx of an older kind": Case(
        "python inference.py --prompt x --pipeline_config configs/ltxv-2b-0.9.6-distilled.yaml\n",
        "ltx-video-2b",
        {"preset": None, "steps": 8, "guidance": 1.0},
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
    "fastvideo with its encoder in parts": Case(
        "fastvideo generate --model-path FastVideo/FastWan2.1-T2V-1.3B-Diffusers --num-gpus 4 --tp-size 2 --prompt x\n",
        "fastwan2.1-t2v-1.3b",
        {"gpus": 4, "parallel": None},
        ("tp_size = 2",),
    ),
    "sglang": Case(
        "sglang generate --model-path Wan-AI/Wan2.2-T2V-A14B-Diffusers --num-gpus 4 --ulysses-degree 2 "
        "--enable-cfg-parallel --height 720 --width 1280 --num-frames 81 --num-inference-steps 40 --prompt x\n",
        "wan2.2-t2v-a14b",
        {"gpus": 4, "parallel": {"ulysses_degree": 2, "guidance_degree": 2}, "steps": 40},
    ),
    "xdit": Case(
        "xdit --model Wan-AI/Wan2.1-T2V-14B-Diffusers --ulysses_degree 4 --use_cfg_parallel --fully_shard_degree 8 "
        "--nproc_per_node 8 --height 720 --width 1280 --num_frames 81 --enable_tiling --use_fp8_gemms --prompt x\n",
        "wan2.1-t2v-14b",
        {"framework": "xdit", "gpus": 8, "vae_tiling": "default"}
        | {"parallel": {"ulysses_degree": 4, "guidance_degree": 2, "shard_degree": 8}},
        ("use_fp8_gemms",),
    ),
    "sglang with the rest unsaid": Case(
        "sglang generate --model-path Wan-AI/Wan2.2-T2V-A14B-Diffusers --num-gpus 8 --enable-cfg-parallel "
        "--height 720 --width 1280 --num-frames 81 --prompt x\n",
        "wan2.2-t2v-a14b",
        {"gpus": 8, "parallel": {"ulysses_degree": 4, "guidance_degree": 2}},
    ),
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


BESIDE = {
    "hunyuan 1.5": "sr_distilled (--sr)",
    "ltx distilled": "ltxv-spatial-upscaler-0.9.8 (second_pass)",
    "ltx of an older kind": "",
    "wan": "",
}
PRICED = (
    "wan on eight", "wan on nodes", "skyreels", "sglang", "sglang with the rest unsaid", "voyager", "ltx distilled",
    "hunyuan 1.5 distilled",
)  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_what_a_program_runs_besides_is_told(name: str, tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "run.sh", CASES[name].text))
    assert found is not None
    assert found.beside == ((("models_beside", {"names": BESIDE[name]}),) if BESIDE[name] else ())


def test_what_is_not_run_besides_is_not_told(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "run.sh", CASES["hunyuan 1.5"].text.replace("--prompt", "--sr 0 --prompt")))
    assert found is not None
    assert found.beside == ()


@pytest.mark.parametrize(("name", "flags"), [
    ("fastvideo", "fastvideo generate --model-path FastVideo/FastWan2.1-T2V-1.3B-Diffusers --num-gpus 4"),
    ("sglang", "sglang generate --model-path Wan-AI/Wan2.2-T2V-A14B-Diffusers --num-gpus 4"),
])  # fmt: skip
def test_gpus_of_which_nothing_is_said_share_the_video(name: str, flags: str, ask: Any, tmp_path: Path) -> None:
    def step(script: str) -> float:
        path = written(tmp_path, "run.sh", f"{script} --height 480 --width 832 --num-frames 81\n")
        done = ask("estimate", "--from", path, "--gpu", "h200", "--json")
        assert done.code == 0, done.err + done.out
        return float(json.loads(done.out)["time"]["inference"]["per_step"])

    assert step(flags) < 0.5 * step(flags.replace("--num-gpus 4", "--num-gpus 1")), name


def test_offload_that_is_off_is_not_the_cards(ask: Any, tmp_path: Path) -> None:
    text = "python generate.py --task t2v-1.3B --size 832*480 --ckpt_dir w --offload_model"
    peaks = []
    for word in ("False", "True"):
        done = ask("estimate", "--from", written(tmp_path, "run.sh", f"{text} {word}\n"), "--gpu", "4090", "--json")
        peaks.append(max(stage["total"] for stage in json.loads(done.out)["memory"]["inference"]["stages"]))
    assert peaks[0] > 2 * peaks[1]


@pytest.mark.parametrize("name", PRICED)
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


@pytest.mark.parametrize(
    ("name", "end"), [("run.bat", "^"), ("run.cmd", "^"), ("run.ps1", "`"), ("run.txt", "^"), ("run.txt", "`")]
)
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_a_command_of_windows_is_read(name: str, end: str, line: str, tmp_path: Path) -> None:
    frames = {".bat": "%FRAMES%", ".cmd": "%FRAMES%", ".ps1": "$frames", ".txt": "45"}[name[3:]]
    lines = ("REM python generate.py --task t2v-1.3B", "set FRAMES=45") if "%" in frames else ("$frames = 45",)
    command = (
        rf"venv\Scripts\python.exe src\musubi_tuner\wan_generate_video.py --task t2v-1.3B {end}",
        rf"  --dit C:\models\wan.safetensors --video_size 480 832 {end}", f"  --video_length {frames} --prompt x",
    )  # fmt: skip
    (tmp_path / name).write_bytes(line.join((*lines, *command, "pause", "")).encode())
    found = recipe_of(str(tmp_path / name))
    assert found is not None
    assert (found.model, found.settings["resolution"], found.settings["frames"]) == ("wan2.1-t2v-1.3b", (832, 480), 45)
    assert (found.beside, found.unread) == ((), ())


def test_a_script_that_runs_nothing_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        recipe_of(written(tmp_path, "run.sh", "python train_gpt.py --layers 3\n"))
    assert refused.value.problem == "unknown_command"
