"""What a script says stands beneath what a user types: bounded as if it were typed, and giving way to it."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vidcalc.faces.requests.recipes import merged
from vidcalc.modelfiles.recipes.read import recipe_of

WAN = "python generate.py --task t2v-14B --size 1280*720 --ckpt_dir w --frame_num 81 --prompt x"
MUSUBI = "python wan_generate_video.py --task t2v-14B --video_size 480 832 --video_length 81 --dit d --prompt x"
ADAPTER = {"peft_type": "LORA", "base_model_name_or_path": "Wan-AI/Wan2.1-T2V-14B-Diffusers"}
BEYOND = {  # a command -> the flag that is refused, and the value
    f"{WAN} --frame_num 99999999999": ("--frames", "99999999999"),
    f"{MUSUBI} --guidance_scale nan": ("--guidance", "nan"),
    f"{MUSUBI} --fps inf": ("--fps", "inf"),
    f"{MUSUBI} --blocks_to_swap -3": ("--offload", "-3"),
    f"torchrun --nproc_per_node=9000 {WAN.removeprefix('python ')} --ulysses_size 9000": ("--parallel", "9000"),
    WAN.replace("1280*720", "4*720"): ("--resolution", "4x720"),
}
Ask = Callable[..., Any]


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("text", BEYOND)
def test_what_no_user_may_type_no_script_may_say(text: str, ask: Ask, tmp_path: Path) -> None:
    flag, value = BEYOND[text]
    done = ask("estimate", "--from", written(tmp_path, "run.sh", text + "\n"), "--gpu", "h100")
    assert done.code == 2, done.err + done.out
    assert len(done.err.splitlines()) == 1, done.err
    assert "run.sh: " in done.err
    assert f"{flag} " in done.err
    assert f"'{value}'" in done.err


@pytest.mark.parametrize("rank", [-4, True, 2.5, "many"])
def test_an_adapter_of_no_rank_is_refused(rank: object, ask: Ask, tmp_path: Path) -> None:
    path = written(tmp_path, "adapter_config.json", json.dumps({**ADAPTER, "r": rank}))
    done = ask("train", "--from", path, "--gpu", "h100")
    assert done.code == 2, done.err + done.out
    assert f"adapter_config.json: --lora-rank cannot be '{rank}'" in done.err.replace("-rank '", "-rank cannot be '")


def test_a_value_that_is_no_number_is_told_and_nothing_is_set(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "run.sh", f"{MUSUBI} --blocks_to_swap many\n"))
    assert found is not None
    assert "offload" not in found.settings
    assert found.unread == ("blocks_to_swap = many",)


def test_no_swapped_block_is_no_offloading(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "run.sh", f"{MUSUBI} --blocks_to_swap 0\n"))
    assert found is not None
    assert ("offload" in found.settings, found.unread) == (False, ())


EIGHT = (
    "torchrun --nproc_per_node=8 generate.py --task t2v-A14B --size 1280*720 --ckpt_dir w --dit_fsdp --t5_fsdp "
    "--ulysses_size 8 --prompt x\n"
)


def flags_of(folder: Path, text: str, **typed: Any) -> dict[str, Any]:
    return merged({"from": written(folder, "run.sh", text), **typed})


def test_gpus_and_ways_of_sharing_give_way_to_each_other(tmp_path: Path) -> None:
    four = {"ulysses_degree": 4, "shard_degree": 4}
    told = flags_of(tmp_path, EIGHT)
    assert (told["gpus"], told["parallel"]) == (8, {"ulysses_degree": 8, "shard_degree": 8})
    fewer = flags_of(tmp_path, EIGHT, gpus=4)
    assert (fewer["gpus"], "parallel" in fewer) == (4, False)
    shared = flags_of(tmp_path, EIGHT, parallel=four)
    assert (shared["parallel"], "gpus" in shared) == (four, False)
    assert flags_of(tmp_path, EIGHT, gpus=8)["parallel"] == told["parallel"]  # as the script says


@pytest.mark.parametrize("typed", [("--gpus", "4"), ("--parallel", "ulysses=4,fsdp=4"), ("--gpus", "8")])
def test_a_script_is_priced_on_other_gpus(typed: tuple[str, str], ask: Ask, tmp_path: Path) -> None:
    done = ask("estimate", "--from", written(tmp_path, "run.sh", EIGHT), "--gpu", "h200", *typed, "--json")
    assert done.code == 0, done.err + done.out
    assert json.loads(done.out)["hardware"]["count"] == (8 if typed == ("--gpus", "8") else 4)


@pytest.mark.parametrize(
    ("model", "kept"),
    [("wan2.2-i2v-a14b", True), ("wan-2.2 T2V a14b", True), ("ltx-2", False), ("hunyuanvideo-t2v", False)],
)
def test_another_model_is_not_run_by_a_repository_of_the_first(model: str, kept: bool, tmp_path: Path) -> None:
    assert flags_of(tmp_path, EIGHT).get("framework") == "wan-official-2.2"
    assert ("framework" in flags_of(tmp_path, EIGHT, model=model)) == kept


def test_a_program_of_many_models_runs_another_too(tmp_path: Path) -> None:
    text = "sglang generate --model-path Wan-AI/Wan2.2-T2V-A14B-Diffusers --num-gpus 4 --num-frames 81\n"
    assert flags_of(tmp_path, text, model="hunyuanvideo-t2v")["framework"] == "sglang"


TRAINED = (
    "accelerate launch src/musubi_tuner/wan_train_network.py --task t2v-1.3B --dit wan2.1_t2v_1.3B_bf16.safetensors "
    "--sdpa --mixed_precision bf16 --fp8_base --optimizer_type adamw8bit --gradient_checkpointing "
    "--network_module networks.lora_wan --network_dim 32 --max_train_steps 100\n"
)


@pytest.mark.parametrize("typed", [(), ("--train-steps", "40")])
def test_a_plan_of_a_script_is_priced_as_its_command_runs(typed: tuple[str, ...], ask: Ask, tmp_path: Path) -> None:
    path = written(tmp_path, "mt.sh", TRAINED)
    done = ask("plan", "--from", path, "--gpu", "h200", "--gpus", "2", *typed, "--json")
    assert done.code == 0, done.err + done.out
    best = json.loads(done.out)["best"][0]
    steps = int(typed[1]) if typed else 100
    assert best["seconds"] == pytest.approx(steps * best["seconds_per_step"])
    train = ask(*shlex.split(best["command"])[1:], "--json")
    assert train.code == 0, train.err + train.out
    report = json.loads(train.out)
    assert report["time"]["total"] == pytest.approx(best["seconds"])
    assert report["memory"]["peak"] == best["peak"]
