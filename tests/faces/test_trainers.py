"""Training runs that people told of in public, each asked as one command line with its `--trainer`.

Facts and sources: GitHub issues and comments, read in November 2026. A figure that the thread gives is met within a
quarter; a card's size is one where the run barely fitted. Settings that a thread leaves open are the trainer's own.
"""

import json
from importlib import import_module
from typing import NamedTuple

import pytest

import vidcalc
from vidcalc.catalog.trainers import trainer

GIB = 2**30
HELD = {"fits": ("fits", "tight"), "barely": ("fits", "tight"), "oom": ("too_big", "tight")}


class Told(NamedTuple):
    """source, what was asked, how it went; memory [GiB] and seconds of a step where the thread has them."""

    source: str
    asked: str
    went: str
    memory: float | None = None
    seconds: float | None = None


LTX = (
    "-m ltx-2.3 --mode lora --lora-rank 32 --gpu 5090 --trainer ai-toolkit --optimizer adamw-8bit --latents precomputed"
)
# its text encoder stays on the device in 8 bits: what is left there with every layer away (18 GB) holds it
HALF = f"{LTX} -r 384x672 -f 121 --base-precision fp8 --text-encoder-precision fp8"
IMAGES = f"{LTX} -r 512x512 -f 1 --base-precision int8 --loading host"
PIPE = "--mode lora --trainer diffusion-pipe --checkpointing full --base-precision fp8 --optimizer adamw-8bit"
ROWS = {
    "one card, adapters on attention and feed-forward": Told(
        "modelscope/DiffSynth-Studio#435",
        "-m wan2.1-t2v-1.3b --mode lora --lora-rank 16 --gpu a100-sxm-40gb --trainer diffsynth -r 832x480 -f 81 "
        "--latents precomputed --texts precomputed",
        "fits",
        seconds=8.3,
    ),
    "half of the layers away": Told(
        "ostris/ai-toolkit#758 (comment 2026-05-04)", f"{HALF} --offload base:0.5", "fits", memory=26.7
    ),
    "all of the layers away": Told(
        "ostris/ai-toolkit#758 (comment 2026-05-04)", f"{HALF} --offload base", "fits", memory=18
    ),
    "32 of 40 blocks swapped": Told(
        "tdrussell/diffusion-pipe#129",
        f"-m wan2.1-t2v-14b --gpu 4090 {PIPE} --recipe kahan-bf16 --lora-rank 32 -r 512x512 -f 81 "
        "--offload block-swap:32",
        "barely",
        memory=24,
    ),
    "none of them swapped": Told(
        "tdrussell/diffusion-pipe#129",
        f"-m wan2.1-t2v-14b --gpu 4090 {PIPE} --recipe kahan-bf16 --lora-rank 32 -r 512x512 -f 81",
        "oom",
    ),
    "the whole network on each GPU before it is shared": Told(
        "modelscope/DiffSynth-Studio#581",
        "-m wan2.1-t2v-14b --mode lora --lora-rank 4 --gpu 4090 --gpus 8 --trainer diffsynth --sharding zero3 "
        "--checkpointing offload -r 832x480 -f 81 --latents precomputed --texts precomputed",
        "oom",
    ),
    "text encoder on the device": Told("ostris/ai-toolkit#795", IMAGES, "oom"),
    "text encoder away": Told("ostris/ai-toolkit#795", f"{IMAGES} --texts precomputed", "fits"),
    "images on 24 GB": Told(
        "tdrussell/diffusion-pipe#164", f"-m wan2.1-t2v-14b --gpu 3090 {PIPE} -r 512x512 -f 1", "fits"
    ),
    "images on 16 GB": Told(
        "tdrussell/diffusion-pipe#174", f"-m hunyuanvideo-t2v --gpu 5070ti {PIPE} -r 512x512 -f 1", "oom"
    ),
    "clips of up to 129 frames": Told(
        "kohya-ss/musubi-tuner#277",
        "-m wan2.1-t2v-14b --mode lora --gpu 4090 --trainer musubi --checkpointing full --base-precision fp8 "
        "--optimizer adamw-8bit --bucket 480x480x81:0.5 --bucket 480x480x129:0.5",
        "oom",
    ),
    "all weights on one card": Told(
        "zai-org/CogVideo#225", "-m cogvideox-5b --mode full --gpu a100 --trainer cogvideo-sat -r 720x480 -f 49", "oom"
    ),
}


SCORES = Told(
    "zai-org/CogVideo#731",
    "-m cogvideox-2b --mode lora --lora-rank 128 --gpu v100 --trainer cogvideo-finetune --recipe fp16-mixed "
    "-r 720x480 -f 49 --checkpointing full --attention math",
    "oom",
)


@pytest.mark.parametrize("name", ROWS)
def test_what_people_ran_comes_out(name, ask):
    asked(ROWS[name], ask)


def test_scores_that_no_fused_kernel_takes_do_not_fit(ask):
    asked(SCORES, ask)


def asked(told, ask):
    """Asks it and holds the answer against how it went."""
    done = ask("train", *told.asked.split(), "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    memory, seconds = report["memory"], report["time"]["per_step"]
    assert memory["verdict"] in HELD[told.went], memory["peak"] / GIB
    if told.went == "oom":
        assert memory["margin"] < 0 or memory["high"] > memory["capacity"]
    if told.memory:
        assert memory["peak"] / GIB == pytest.approx(told.memory, rel=0.25)
    if told.seconds:
        assert seconds == pytest.approx(told.seconds, rel=0.25)


SMALL = ("train", "-m", "wan2.1-t2v-1.3b", "-r", "256x256", "-f", "9", "--gpu", "4090", "--mode", "lora")
NAMES = ("musubi", "diffusion-pipe", "ai-toolkit", "simpletuner", "finetrainers", "diffsynth", "cogvideox-factory")


def answer(ask, *more):
    done = ask(*SMALL, *more, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("name", NAMES)
def test_a_trainer_settles_what_nobody_said_and_says_so(name, ask):
    report, profile = answer(ask, "--trainer", name), trainer(name)
    plan = report["plan"]["training"]
    stand = profile.settings("lora", "transformers.wan")
    assert {field: plan[field] for field in stand} == stand
    told = {row["id"]: row for row in report["assumptions"]}
    assert told["trainer"]["value"] == f"{profile.title} {profile.version}"
    assert told["trainer"]["source"]
    assert f"--recipe {plan['recipe']}" in told["trainer_settings"]["value"]


@pytest.mark.parametrize("name", NAMES)
def test_a_flag_wins_over_the_trainer(name, ask):
    flags = ("--recipe", "fp32", "--checkpointing", "every:2", "--latents", "online", "--loading", "direct")
    report = answer(ask, "--trainer", name, *flags)
    stated = {"recipe": "fp32", "checkpointing": "every:2", "latents": "online", "loading": "direct"}
    assert {field: report["plan"]["training"][field] for field in stated} == stated
    told = next(row["value"] for row in report["assumptions"] if row["id"] == "trainer_settings")
    assert "--recipe" not in told and "every:2" not in told


def test_without_a_trainer_nothing_changes(ask):
    assert answer(ask) == answer(ask, "--trainer", "none")


def test_another_name_of_a_trainer_is_the_trainer(ask):
    assert answer(ask, "--trainer", "musubi-tuner") == answer(ask, "--trainer", "musubi")


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        (("--trainer", "musubbi"), "musubi"),
        (("--offload", "block-swap"), "block-swap:20"),
        (("--offload", "block-swap:90"), "block-swap:29"),
        (("--offload", "block-swap:x"), "1"),
        (("--offload", "base:2"), "1"),
        (("--offload", "blockswap:4"), "block-swap"),
        (("--loading", "devise"), "device"),
    ],
)
def test_what_is_no_trainer_and_no_way_is_refused_with_the_nearest(given, nearest, ask):
    done = ask(*SMALL, *given)
    assert done.code == 2
    assert done.err.count("\n") == 1 and done.err.rstrip().endswith(nearest)


def test_the_short_name_of_a_flag_of_training_is_its_own(ask):
    short, long = answer(ask, "--offload", "block-swap:8"), answer(ask, "--training-offload", "block-swap:8")
    assert short == long
    assert short["plan"]["training"]["swapped_blocks"] == 8


def test_the_page_says_in_both_languages_which_trainer(ask):
    english = ask(*SMALL, "--trainer", "ai-toolkit", "--offload", "base", "--full").out
    korean = ask(*SMALL, "--trainer", "ai-toolkit", "--offload", "base", "--full", "--lang", "ko").out
    assert "Trained as ai-toolkit" in english and "host RAM while loading" in " ".join(english.split())
    assert "학습 방식은 ai-toolkit" in korean and "Trained as" not in korean


@pytest.mark.parametrize("command", ["plan", "budget", "estimate", "explain"])
def test_whatever_takes_training_settings_takes_a_trainer(command):
    flags = {param.name for param in import_module(f"vidcalc.faces.commands.{command}").command.params}
    assert "trainer" in flags


def test_from_python_too():
    report = vidcalc.train("wan2.1-t2v-1.3b", resolution="256x256", frames=9, mode="lora", trainer="simpletuner")
    assert report.plan["training"]["recipe"] == trainer("simpletuner").always["recipe"]


def test_both_experts_of_a_model_that_has_two_are_there_where_a_trainer_alternates():
    asked = {"mode": "lora", "gpu": "h100-sxm", "trainer": "ai-toolkit", "resolution": (832, 480), "frames": 17}
    two = vidcalc.train(model="wan2.2-t2v-a14b", **asked)
    assert two.memory.weights == 2 * vidcalc.train(model="wan2.2-t2v-a14b", experts="one", **asked).memory.weights
    one = vidcalc.train(model="wan2.1-t2v-14b", **asked)
    assert one.plan["training"]["experts"] == "one"


def test_a_trainer_that_casts_its_base_before_it_is_sharded():
    asked = {"model": "ltx-2", "mode": "lora", "gpu": "h100-sxm", "gpus": 8, "trainer": "ltx-trainer"}
    alone, shared = (vidcalc.train(**asked, sharding=sharding) for sharding in ("none", "fsdp"))
    assert (alone.plan["training"]["base"], shared.plan["training"]["base"]) == ("bf16", "bf16-autocast")
    # an eighth of twice the bytes
    assert shared.memory.weights == pytest.approx(alone.memory.weights / 4, rel=0.1)
    assert vidcalc.train(**asked, sharding="fsdp", base_precision="bf16").plan["training"]["base"] == "bf16"


def test_what_to_change_is_said_on_both_pages_and_can_be_typed(ask):
    whole = ask("train", "-m", "wan2.1-t2v-1.3b", "--mode", "lora", "--gpu", "4090", "--full").out
    assert "What to change" in whole and "--checkpointing full" in whole
    asked = ("-m", "wan2.1-t2v-1.3b", "--mode", "lora", "--gpu", "3060", "--dataset", "tests/snapshots/clips.csv")
    assert "--bucket" not in ask("train", *asked).out  # the data set settles them


def test_too_little_host_memory_is_no_reason_for_another_gpu(ask):
    line = ("train", "-m", "wan2.1-t2v-14b", "--mode", "lora", "--gpu", "h100", "--checkpointing", "full")
    page = " ".join(ask(*line, "--training-offload", "block-swap:38", "--host-ram", "8GiB").out.split())
    assert "a machine with more of it" in page and "a larger GPU" not in page
