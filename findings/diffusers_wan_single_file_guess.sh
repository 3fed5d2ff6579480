#!/usr/bin/env bash
# One would expect: from_single_file() tells Wan's published files apart by their weights, or says that it does not
#   know one.
# What happens: VACE and Animate are known by names; any other file of Wan that is neither 1536 wide nor 5120 wide with
#   16 input channels is taken for Wan 2.1 I2V 14B. So Wan 2.2 TI2V 5B, 3072 wide, gets a 14B network's configuration,
#   and Wan 2.2 I2V A14B, which has no projection of an image encoder, gets the one of a network that has it. Whatever
#   is 1536 wide is taken for T2V 1.3B, image inputs or not.
# Versions: diffusers 0.42.1, torch 2.13.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 huggingface_hub==2.4.0 \
  safetensors==0.8.0 diffusers==0.42.1
cd "$work"
export HF_HUB_OFFLINE=1 DIFFUSERS_VERBOSITY=error TRANSFORMERS_VERBOSITY=error
"$work/venv/bin/python" - <<'PY'
import sys
import diffusers, torch
from diffusers.loaders.single_file_utils import fetch_diffusers_config

print("diffusers", diffusers.__version__, "torch", torch.__version__)


def checkpoint(width, channels, image=False):
    names = {"patch_embedding.weight": (width, channels, 1, 2, 2), "head.modulation": (1, 2, width)}
    if image:
        names["img_emb.proj.1.weight"] = (1280, 1280)
    return {name: torch.empty(shape, device="meta") for name, shape in names.items()}


files = {
    "Wan 2.1 T2V 1.3B": (checkpoint(1536, 16), "Wan2.1-T2V-1.3B"),
    "Wan 2.1 T2V 14B": (checkpoint(5120, 16), "Wan2.1-T2V-14B"),
    "Wan 2.1 I2V 14B": (checkpoint(5120, 36, image=True), "Wan2.1-I2V-14B-480P"),
    "Wan 2.2 I2V A14B": (checkpoint(5120, 36), "Wan2.1-I2V-14B-480P"),
    "Wan 2.2 TI2V 5B": (checkpoint(3072, 48), "Wan2.1-I2V-14B-480P"),
    "Wan 2.1 Fun InP 1.3B": (checkpoint(1536, 36, image=True), "Wan2.1-T2V-1.3B"),
}
wrong = 0
for name, (weights, expected) in files.items():
    guess = fetch_diffusers_config(weights)["pretrained_model_name_or_path"].split("/")[1]
    width, channels = weights["patch_embedding.weight"].shape[:2]
    print(f"{name:21} width {width}, {channels} channels: takes the configuration of {guess}")
    wrong += guess != expected + "-Diffusers"
sys.exit(wrong > 0)
PY
