"""Trainers' and launchers' files in the forms that scripts and newer versions have: what they ask for, by our names.

Written here on the pattern of those that the programs ship.
"""

import json
from pathlib import Path

import pytest

from vidcalc.modelfiles.recipes.read import recipe_of
from vidcalc.modelfiles.recipes.recipe import Recipe

KEPT = r"""
RATES=("1e-4" "1e-3")
OPTIMIZERS=("adamw" "adam")
STEPS=("3000")
MODEL="THUDM/CogVideoX-5b"
for rate in "${RATES[@]}"; do
  for optimizer in "${OPTIMIZERS[@]}"; do
    for steps in "${STEPS[@]}"; do
      cmd="accelerate launch --gpu_ids 0 training/cogvideox_text_to_video_lora.py \
        --pretrained_model_name_or_path $MODEL --data_root /data --caption_column prompts.txt \
        --height_buckets 480 --width_buckets 720 --frame_buckets 49 --max_num_frames 49 \
        --validation_prompt \"a bear; it plays\" --rank 64 --train_batch_size 1 --gradient_checkpointing \
        --learning_rate $rate --optimizer $optimizer --max_train_steps $steps --load_tensors"
      eval $cmd
    done
  done
done
"""
DISTILLED = r"""
export NODES=${NODES:-2}
NUM_GPUS=${NUM_GPUS:-8}
nodes=( $(scontrol show hostnames) )
MODEL_PATH="Wan-AI/Wan2.2-TI2V-5B-Diffusers"
training_args=(
  --max_train_steps ${MAX_STEPS:-4000}
  --train_batch_size 1
  --num_latent_t 31
  --num_height 704
  --num_width 1280
  --num_frames 121
  --enable_gradient_checkpointing_type "full"
)
parallel_args=(
  --sp_size "$NUM_GPUS"
  --hsdp_shard_dim "${NUM_GPUS}"
)
srun torchrun --nproc_per_node 8 fastvideo/training/wan_distillation_pipeline.py \
    "${parallel_args[@]}" "${training_args[@]}" \
    --model_path $MODEL_PATH --pretrained_model_name_or_path $MODEL_PATH \
    --real_score_model_path $MODEL_PATH --fake_score_model_path $MODEL_PATH
"""
FASTVIDEO_TRAIN = """
models:
  student: {init_from: Wan-AI/Wan2.1-T2V-1.3B-Diffusers, trainable: true, lora: {enable: true, rank: 16, alpha: 32}}
method: {_target_: fastvideo.train.methods.FineTuneMethod, chunk_size: 3}
training:
  distributed: {num_gpus: 8, sp_size: 1, tp_size: 1, hsdp_replicate_dim: 1, hsdp_shard_dim: 8}
  data: {data_path: /data, train_batch_size: 2, num_latent_t: 20, num_height: 448, num_width: 832, num_frames: 77}
  loop: {max_train_steps: 500, gradient_accumulation_steps: 4}
  model: {enable_gradient_checkpointing_type: full}
"""
FASTVIDEO = """
generator:
  model_path: Wan-AI/Wan2.1-I2V-14B-480P-Diffusers
  engine:
    num_gpus: 2
    parallelism: {tp_size: 1, sp_size: 2}
    offload: {dit: false, vae: true, pin_cpu_memory: false}
  pipeline: {experimental: {flow_shift: 8.0, VSA_sparsity: 0.8}}
request:
  prompt: a bear
  sampling: {seed: 1, num_frames: 77, height: 480, width: 832, fps: 16, num_inference_steps: 40, guidance_scale: 5.0}
"""
LTX = """
pipeline_type: multi-scale
checkpoint_path: "ltxv-13b-0.9.8-dev-fp8.safetensors"
downscale_factor: 0.6666666
spatial_upscaler_model_path: "ltxv-spatial-upscaler-0.9.8.safetensors"
decode_timestep: 0.05
precision: "float8_e4m3fn"
first_pass: {guidance_scale: [1, 8], num_inference_steps: 30}
"""
OLD_BUCKETS = (
    "accelerate launch train.py --model_name ltx_video --pretrained_model_name_or_path Lightricks/LTX-Video "
    "--data_root /data --video_resolution_buckets 49x512x768 25x256x384 --precompute_conditions --training_type lora "
    "--rank 128 --batch_size 1 --train_steps 10\n"
)


def read(folder: Path, name: str, text: str) -> Recipe:
    (folder / name).write_text(text)
    found = recipe_of(str(folder / name))
    assert found is not None
    return found


def test_a_command_that_is_kept_and_run_later_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, "train.sh", KEPT)
    assert (found.model, found.unread) == ("cogvideox-5b", ())
    wanted = {"mode": "lora", "lora_rank": 64, "resolution": (720, 480), "frames": 49, "train_steps": 3000,
              "optimizer": "adamw", "latents": "precomputed", "checkpointing": "full"}  # fmt: skip
    assert found.settings.items() >= wanted.items()


@pytest.mark.parametrize(
    "kept", ["NAME='a run'", "NAME='a -- run'", 'NAME="', "NAME='", "NAME=''", "CMD='echo --size 1'"]
)
def test_a_line_that_keeps_anything_else_is_passed_over(kept: str, tmp_path: Path) -> None:
    command = "python generate.py --task t2v-14B --size 832*480 --frame_num 33 --ckpt_dir ./Wan2.1-T2V-14B"
    found = read(tmp_path, "run.sh", f"{kept}\n\n{command}\n")
    assert (found.model, found.settings["frames"]) == ("wan2.1-t2v-14b", 33)


def test_a_distillation_has_its_teacher_and_its_critic(tmp_path: Path) -> None:
    found = read(tmp_path, "distill.sh", DISTILLED)
    assert (found.model, found.unread) == ("wan2.2-ti2v-5b", ())
    wanted = {"networks": "distillation", "mode": "full", "train_steps": 4000, "resolution": (1280, 704), "frames": 121,
              "training_parallel": {"ulysses_degree": 8, "shard_degree": 8}}  # fmt: skip
    assert found.settings.items() >= wanted.items()


def test_fastvideos_configuration_trains(tmp_path: Path) -> None:
    found = read(tmp_path, "t2v.yaml", FASTVIDEO_TRAIN)
    assert (found.model, found.unread) == ("wan2.1-t2v-1.3b", ("method.chunk_size",))
    wanted = {"mode": "lora", "lora_rank": 16, "resolution": (832, 448), "frames": 77, "train_steps": 500,
              "batch_size": 2, "grad_accum": 4, "training_parallel": {"shard_degree": 8}}  # fmt: skip
    assert found.settings.items() >= wanted.items()
    assert "networks" not in found.settings
    taught = FASTVIDEO_TRAIN.replace("method:", "  teacher: {init_from: Wan-AI/Wan2.1-T2V-14B-Diffusers}\nmethod:")
    assert read(tmp_path, "dmd.yaml", taught).settings["networks"] == "distillation"


def test_fastvideos_configuration_generates(tmp_path: Path) -> None:
    found = read(tmp_path, "i2v.yaml", FASTVIDEO)
    assert found.model == "wan2.1-i2v-14b-480p"
    assert found.unread == ("generator.engine.offload.vae", "generator.pipeline.experimental.VSA_sparsity")
    wanted = {"framework": "fastvideo", "resolution": (832, 480), "frames": 77, "steps": 40, "guidance": 5.0, "gpus": 2}
    assert found.settings.items() >= wanted.items()
    assert found.settings["parallel"] == {"ulysses_degree": 2}


def test_ltx_videos_own_configuration_generates(tmp_path: Path) -> None:
    found = read(tmp_path, "ltxv.yaml", LTX)
    assert found.model == "ltx-video-13b"
    assert found.settings == {"framework": "ltx-official", "steps": 30, "precision": "fp8"}
    assert [id_ for id_, _values in found.beside] == ["models_beside"]


def test_buckets_with_blanks_between_are_sizes(tmp_path: Path) -> None:
    found = read(tmp_path, "dummy.sh", OLD_BUCKETS)
    assert (found.settings["resolution"], found.settings["frames"], found.unread) == ((768, 512), 49, ())
    assert ("sizes_beside", {"sizes": "384x256, 25f"}) in found.beside


@pytest.mark.parametrize("place", ["data.json", "../data.json"])
def test_samples_are_looked_for_beside_a_configuration_and_above_it(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    samples = [{"id": "a", "type": "local", "resolution": 480, "video": {"num_frames": 81}}]
    (folder / place).resolve().write_text(json.dumps(samples))
    config = ('{"model_family": "wan", "model_type": "lora", "lora_rank": 16, "max_train_steps": 9, "model_flavour": '
              '"t2v-480p-1.3b-2.1", "data_backend_config": "config/examples/data.json"}')  # fmt: skip
    found = read(folder, "config.json", config)
    assert (found.settings["frames"], found.unread) == (81, ())
    assert "dataset_not_here" not in [id_ for id_, _values in found.beside]
