"""Training configurations of six programs: model, size, frames, steps, rank and formats; nothing dropped in silence.

The files are written here on the pattern of those that the programs ship.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vidcalc.modelfiles.recipes.read import recipe_of

DIFFUSION_PIPE = """
output_dir = '/data/runs'
dataset = 'dataset.toml'
epochs = 100
micro_batch_size_per_gpu = {batch}
pipeline_stages = 1
gradient_accumulation_steps = 4
gradient_clipping = 1.0
warmup_steps = 100
activation_checkpointing = {checkpointing}
partition_method = 'parameters'
save_dtype = 'bfloat16'
{more}
[model]
type = '{type}'
{path}
dtype = 'bfloat16'
transformer_dtype = 'float8'
timestep_sample_method = 'logit_normal'
[adapter]
type = 'lora'
rank = {rank}
dtype = 'bfloat16'
[optimizer]
type = '{optimizer}'
lr = 2e-5
betas = [0.9, 0.99]
"""
DIFFUSION_PIPE_SAMPLES = """
resolutions = [{side}]
enable_ar_bucket = true
min_ar = 0.5
max_ar = 2.0
num_ar_buckets = 7
frame_buckets = [1, {frames}]
[[directory]]
path = '/data/clips'
num_repeats = 5
"""
MUSUBI = """
accelerate launch --num_cpu_threads_per_process 1 --mixed_precision bf16 src/musubi_tuner/{script} \\
    {task} --dit {dit} \\
    --dataset_config dataset.toml --sdpa --mixed_precision bf16 --fp8_base \\
    --optimizer_type adamw8bit --learning_rate 2e-4 --gradient_checkpointing \\
    --max_data_loader_n_workers 2 --persistent_data_loader_workers \\
    --network_module networks.lora_wan --network_dim 32 \\
    --timestep_sampling shift --discrete_flow_shift 3.0 \\
    --max_train_steps 1600 --save_every_n_epochs 1 --seed 42 --blocks_to_swap 20 \\
    --output_dir out --output_name name
"""
MUSUBI_TOML = """
dit = "models/wan2.2_t2v_low_noise_14B_fp16.safetensors"
task = "t2v-A14B"
dataset_config = "dataset.toml"
network_module = "networks.lora_wan"
network_dim = 16
optimizer_type = "adamw8bit"
gradient_checkpointing = true
max_train_steps = 2000
fp8_base = true
fp8_scaled = true
learning_rate = 2e-4
output_dir = "out"
"""
MUSUBI_SAMPLES = """
[general]
resolution = [{width}, {height}]
caption_extension = ".txt"
batch_size = 1
enable_bucket = true
[[datasets]]
video_directory = "/clips"
cache_directory = "/cache"
target_frames = [1, 25, {frames}]
frame_extraction = "head"
"""
AI_TOOLKIT = """
job: extension
config:
  name: "my_lora"
  process:
    - type: 'sd_trainer'
      training_folder: "output"
      device: cuda:0
      network:
        type: "lora"
        linear: {rank}
        linear_alpha: {rank}
      save:
        dtype: float16
        save_every: 250
      datasets:
        - folder_path: "/clips"
          caption_ext: "txt"
          caption_dropout_rate: 0.05
          num_frames: {frames}
          resolution: [ {side} ]
          cache_latents_to_disk: true
      train:
        batch_size: 1
        steps: {steps}
        gradient_accumulation: 1
        train_unet: true
        train_text_encoder: false
        gradient_checkpointing: true
        noise_scheduler: "flowmatch"
        timestep_type: 'sigmoid'
        optimizer: "adamw8bit"
        lr: 1e-4
        optimizer_params:
          weight_decay: 1e-4
        ema_config:
          use_ema: true
          ema_decay: 0.99
        dtype: bf16
      model:
        name_or_path: "{path}"
        arch: '{arch}'
        quantize: true
        quantize_te: true
        low_vram: true
      sample:
        sampler: "flowmatch"
        width: 832
        height: 480
        num_frames: 40
meta:
  name: "[name]"
  version: '1.0'
"""
FINETRAINERS = """#!/bin/bash
set -e -x
BACKEND="ptd"
NUM_GPUS=2
TRAINING_DATASET_CONFIG="training.json"
DDP_2="--parallel_backend $BACKEND --pp_degree 1 --dp_degree 2 --dp_shards 1 --cp_degree 1 --tp_degree 1"
# how it is shared
parallel_cmd=(
  $DDP_2
)
model_cmd=(
  --model_name "{name}"
  --pretrained_model_name_or_path "{path}"
)
dataset_cmd=(
  --dataset_config $TRAINING_DATASET_CONFIG
  --dataset_shuffle_buffer_size 10
  --enable_precomputation
  --precomputation_items 25
)
training_cmd=(
  --training_type "lora"
  --seed 42
  --batch_size 1
  --train_steps 3000
  --rank 32
  --lora_alpha 32
  --target_modules "blocks.*(to_q|to_k|to_v|to_out.0)"
  --gradient_accumulation_steps 1
  --gradient_checkpointing
  --checkpointing_steps 500
  # --resume_from_checkpoint 3000
)
optimizer_cmd=(
  --optimizer "adamw"
  --lr 5e-5
)
torchrun --standalone --nnodes=1 --nproc_per_node=$NUM_GPUS train.py \\
      "${parallel_cmd[@]}" "${model_cmd[@]}" "${dataset_cmd[@]}" "${training_cmd[@]}" "${optimizer_cmd[@]}"
"""
DIFFSYNTH = """modelscope download --dataset some/data --include "x/*" --local_dir ./data

accelerate launch examples/wanvideo/model_training/train.py \\
  --dataset_base_path data/x \\
  --dataset_metadata_path data/x/metadata.csv \\
  --height 480 \\
  --width 832 \\
  --num_frames 49 \\
  --dataset_repeat 100 \\
  --model_id_with_origin_paths "{model}" \\
  --learning_rate 1e-4 \\
  --num_epochs 5 \\
  --remove_prefix_in_ckpt "pipe.dit." \\
  --output_path "./models/train/x" \\
  {what} \\
  --use_gradient_checkpointing
# a remark at the end
"""
LORA = '--lora_base_model "dit" --lora_target_modules "q,k,v,o,ffn.0,ffn.2" --lora_rank 32'


def simpletuner(**more: Any) -> str:
    usual = {
        "base_model_precision": "int8-torchao",
        "caption_dropout_probability": 0.1,
        "data_backend_config": "backend.json",
        "gradient_checkpointing": True,
        "learning_rate": 6e-05,
        "lora_rank": 16,
        "lora_type": "standard",
        "max_train_steps": 200,
        "mixed_precision": "bf16",
        "model_type": "lora",
        "num_train_epochs": 0,
        "optimizer": "adamw_bf16",
        "output_dir": "out",
        "resolution": 480,
        "resolution_type": "pixel_area",
        "seed": 42,
        "train_batch_size": 2,
        "vae_enable_tiling": True,
        "validation_guidance": 6.0,
        "validation_resolution": "1280x720",
    }
    return json.dumps(usual | more)


BACKEND = json.dumps(
    [
        {
            "id": "clips",
            "type": "local",
            "dataset_type": "video",
            "resolution": 480,
            "video": {"num_frames": 81, "min_frames": 81},
        },
        {"id": "texts", "type": "local", "dataset_type": "text_embeds", "default": True},
    ]
)


class Case(NamedTuple):
    """Files by name, the first the configuration; and what it must give."""

    files: dict[str, str]
    model: str
    size: tuple[int, int]
    frames: int
    steps: int | None
    settings: dict[str, Any]


def pipe(type_: str, path: str, model: str, side: int, frames: int, **more: Any) -> Case:
    told = {
        "batch": 1,
        "checkpointing": "true",
        "rank": 32,
        "optimizer": "adamw_optimi",
        "more": "max_steps = 1000",
        **more,
    }
    made = DIFFUSION_PIPE.format(type=type_, path=path, **told)
    samples = DIFFUSION_PIPE_SAMPLES.format(side=side, frames=frames)
    settings = {"mode": "lora", "lora_rank": told["rank"], "grad_accum": 4, "base_precision": "fp8"}
    return Case({"config.toml": made, "dataset.toml": samples}, model, (side, side), frames, 1000, settings)


def musubi(script: str, task: str, dit: str, model: str) -> Case:
    made = MUSUBI.format(script=script, task=task, dit=dit)
    samples = MUSUBI_SAMPLES.format(width=960, height=544, frames=45)
    settings = {
        "mode": "lora",
        "lora_rank": 32,
        "optimizer": "adamw-8bit",
        "base_precision": "fp8",
        "attention": "sdpa",
    }
    return Case({"train.sh": made, "dataset.toml": samples}, model, (960, 544), 45, 1600, settings)


def toolkit(path: str, arch: str, model: str, side: int, frames: int) -> Case:
    made = AI_TOOLKIT.format(path=path, arch=arch, rank=16, side=side, frames=frames, steps=2000)
    settings = {"mode": "lora", "lora_rank": 16, "ema": "fp32", "base_precision": "fp8", "latents": "precomputed"}
    return Case({"train.yaml": made}, model, (side, side), frames, 2000, settings)


def tuner(model: str, **more: Any) -> Case:
    settings = {"mode": "lora", "lora_rank": 16, "base_precision": "int8", "batch_size": 2, "optimizer": "adamw"}
    return Case({"config.json": simpletuner(**more), "backend.json": BACKEND}, model, (480, 480), 81, 200, settings)


def trainers(name: str, path: str, model: str, bucket: tuple[int, int, int]) -> Case:
    made = FINETRAINERS.replace("{name}", name).replace("{path}", path)
    data = json.dumps({"datasets": [{"data_root": "x", "dataset_type": "video", "video_resolution_buckets": [bucket]}]})
    frames, height, width = bucket
    settings = {
        "mode": "lora",
        "lora_targets": "attention",
        "training_parallel": {"data_degree": 2},
        "checkpointing": "full",
    }
    return Case({"train.sh": made, "training.json": data}, model, (width, height), frames, 3000, settings)


def diffsynth(name: str, model: str, what: str, settings: dict[str, Any]) -> Case:
    made = DIFFSYNTH.replace("{model}", name).replace("{what}", what)
    return Case({"train.sh": made}, model, (832, 480), 49, None, settings)


CASES = {
    "diffusion-pipe wan": pipe(
        "wan", "ckpt_path = '/models/Wan2.1-T2V-14B'", "wan2.1-t2v-14b", 512, 33, checkpointing="'unsloth'"
    ),
    "diffusion-pipe hunyuan": pipe(
        "hunyuan-video",
        "transformer_path = '/m/hunyuan_video_t2v_720p_bf16.safetensors'",
        "hunyuanvideo-t2v",
        640,
        65,
        rank=64,
    ),
    "diffusion-pipe ltx": pipe(
        "ltx-video",
        "diffusers_path = '/models/LTX-Video'",
        "ltx-video-2b",
        768,
        121,
        batch=2,
        optimizer="AdamW8bitKahan",
    ),
    "musubi wan": musubi(
        "wan_train_network.py", "--task t2v-1.3B", "models/some_name_bf16.safetensors", "wan2.1-t2v-1.3b"
    ),
    "musubi wan i2v": musubi(
        "wan_train_network.py", "--task i2v-14B", "wan2.1_i2v_480p_14B_bf16.safetensors", "wan2.1-i2v-14b-480p"
    ),
    "musubi hunyuan": musubi(
        "hv_train_network.py", "", "hunyuan-video-t2v-720p/transformers/mp_rank_00_model_states.pt", "hunyuanvideo-t2v"
    ),
    "musubi toml": Case(
        {"config.toml": MUSUBI_TOML, "dataset.toml": MUSUBI_SAMPLES.format(width=832, height=480, frames=81)},
        "wan2.2-t2v-a14b",
        (832, 480),
        81,
        2000,
        {"lora_rank": 16, "base_precision": "fp8-scaled"},
    ),
    "ai-toolkit wan 2.1": toolkit("Wan-AI/Wan2.1-T2V-14B-Diffusers", "wan21", "wan2.1-t2v-14b", 632, 1),
    "ai-toolkit wan 2.2": toolkit("ai-toolkit/Wan2.2-T2V-A14B-Diffusers-bf16", "wan22_14b", "wan2.2-t2v-a14b", 512, 41),
    "simpletuner wan": tuner("wan2.1-t2v-1.3b", model_family="wan", model_flavour="t2v-480p-1.3b-2.1"),
    "simpletuner hunyuan": tuner(
        "hunyuanvideo-1.5",
        model_family="hunyuanvideo",
        model_flavour="t2v-480p",
        pretrained_model_name_or_path="tencent/HunyuanVideo-1.5",
    ),
    "simpletuner ltx 2.3": tuner("ltx-2.3", model_family="ltxvideo2", model_flavour="2.3-dev"),
    "finetrainers wan": trainers("wan", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "wan2.1-t2v-1.3b", (49, 480, 832)),
    "finetrainers cogvideox": trainers("cogvideox", "THUDM/CogVideoX1.5-5B", "cogvideox-1.5-5b", (81, 768, 1360)),
    "diffsynth lora": diffsynth(
        "Wan-AI/Wan2.2-T2V-A14B:high_noise_model/diffusion_pytorch_model*.safetensors,Wan-AI/Wan2.2-T2V-A14B:Wan2.1_VAE.pth",
        "wan2.2-t2v-a14b",
        LORA,
        {"mode": "lora", "lora_rank": 32, "lora_targets": "attention+ffn"},
    ),
    "diffsynth full": diffsynth(
        "Wan-AI/Wan2.2-TI2V-5B:diffusion_pytorch_model*.safetensors",
        "wan2.2-ti2v-5b",
        '--trainable_models "dit"',
        {"mode": "full", "checkpointing": "full"},
    ),
}


def written(case: Case, folder: Path) -> str:
    for name, text in case.files.items():
        (folder / name).write_text(text)
    return str(folder / next(iter(case.files)))


def test_there_are_many_files_of_many_trainers() -> None:
    assert len(CASES) >= 12
    assert len({name.split(" ")[0] for name in CASES}) >= 4


@pytest.mark.parametrize("name", CASES)
def test_a_configuration_gives_model_size_frames_and_steps(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = recipe_of(written(case, tmp_path))
    assert found is not None
    assert found.model == case.model
    assert (found.settings["resolution"], found.settings["frames"]) == (case.size, case.frames)
    assert found.settings.get("train_steps") == case.steps
    assert {key: found.settings.get(key) for key in case.settings} == case.settings
    told = {
        "datasets.0.video_directory",
        "datasets.0.cache_directory",
        "general.enable_bucket",
        "general.caption_extension",
    }
    assert set(found.unread) <= told | {"datasets.0.frame_extraction"} | {
        each for each in found.unread if each[0].isdigit()
    }


@pytest.mark.parametrize("name", ["diffusion-pipe wan", "musubi hunyuan", "ai-toolkit wan 2.1", "finetrainers wan"])
def test_a_configuration_is_trained(name: str, ask: Any, tmp_path: Path) -> None:
    case = CASES[name]
    done = ask("train", "--from", written(case, tmp_path), "--gpu", "h200", "--json")
    assert done.code == 0, done.err + done.out
    report = json.loads(done.out)
    assert report["model"]["name"] == case.model
    assert "recipe" in {each["id"] for each in report["assumptions"]}


def test_what_is_not_understood_is_listed(ask: Any, tmp_path: Path) -> None:
    case = pipe("wan", "ckpt_path = '/models/Wan2.1-T2V-14B'", "", 512, 33, more="wonder_drug = 3")
    path = written(case, tmp_path)
    found = recipe_of(path)
    assert found is not None and "wonder_drug" in found.unread
    assert "wonder_drug" in ask("train", "--from", path, "--gpu", "h200").out


def test_a_configuration_is_trained_as_its_program_does_it(ask: Any, tmp_path: Path) -> None:
    path = written(CASES["musubi wan i2v"], tmp_path)
    asked = json.loads(ask("train", "--from", path, "--gpu", "rtx-4090", "--json").out)["plan"]
    training = asked["training"]
    assert training["trainer"] == "musubi"
    assert (training["offload"], training["swapped_blocks"], training["swapping"]) == ("block-swap", 20, "exchange")
    assert (training["recipe"], training["latents"]) == ("bf16-autocast", "precomputed")


def test_swapped_blocks_leave_the_device(ask: Any, tmp_path: Path) -> None:
    path = written(CASES["musubi wan i2v"], tmp_path)

    def peak(*flags: str) -> Any:
        return json.loads(ask("train", "--from", path, "--gpu", "h200", *flags, "--json").out)["memory"]["peak"]

    swapped, whole = peak(), peak("--training-offload", "none")
    # 20 of 40 blocks: near half of 14 billion weights in fp8, but two that are on their way
    assert whole - swapped > 0.4 * 14e9


def test_a_mode_of_the_users_own_has_nothing_of_the_files_adapters(ask: Any, tmp_path: Path) -> None:
    path = written(CASES["musubi wan i2v"], tmp_path)
    asked = json.loads(ask("train", "--from", path, "--gpu", "h200", "--mode", "full", "--json").out)["plan"][
        "training"
    ]
    assert (asked["mode"], asked["offload"], asked["latents"]) == ("full", "none", "precomputed")


def test_all_weights_trained_swap_no_blocks_and_that_is_told(tmp_path: Path) -> None:
    case = pipe("wan", "ckpt_path = '/models/Wan2.1-T2V-14B'", "", 512, 33, more="blocks_to_swap = 20")
    files = {name: text.replace("type = 'lora'", "type = 'full'") for name, text in case.files.items()}
    found = recipe_of(written(case._replace(files=files), tmp_path))
    assert found is not None and "training_offload" not in found.settings
    assert dict(found.beside)["blocks_swapped_training"] == {"blocks": 20}


def test_a_switch_that_is_off_is_off_where_the_program_has_it_on(ask: Any, tmp_path: Path) -> None:
    case = tuner("wan2.1-t2v-1.3b", model_family="wan", model_flavour="t2v-480p-1.3b-2.1", gradient_checkpointing=False)
    path = written(case, tmp_path)
    asked = json.loads(ask("train", "--from", path, "--gpu", "h200", "--json").out)["plan"]["training"]
    assert (asked["trainer"], asked["checkpointing"]) == ("simpletuner", "none")


def test_samples_that_are_not_here_are_told(tmp_path: Path) -> None:
    case = CASES["diffusion-pipe wan"]
    (tmp_path / "config.toml").write_text(case.files["config.toml"])
    found = recipe_of(str(tmp_path / "config.toml"))
    assert found is not None and dict(found.beside)["dataset_not_here"] == {"file": "dataset.toml"}


def test_the_sizes_of_a_file_are_those_that_are_trained(ask: Any, tmp_path: Path) -> None:
    case = CASES["musubi hunyuan"]
    report = json.loads(ask("train", "--from", written(case, tmp_path), "--gpu", "h200", "--json").out)
    (size,) = report["buckets"]
    assert (size["width"], size["height"], size["frames"]) == (*case.size, case.frames)
