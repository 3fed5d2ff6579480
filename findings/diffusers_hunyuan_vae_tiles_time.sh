#!/usr/bin/env bash
# One would expect: AutoencoderKLHunyuanVideo decodes a video in tiles only after enable_tiling(), as the classes
#   beside it do.
# What happens: use_framewise_decoding is True from the start, so more than four latent frames are always decoded as
#   overlapping stretches of 16 frames that are blended: a video of 129 frames costs 41 % more, and other pixels come
#   out than from one pass. use_tiling is False all the while, and disable_tiling() does not change it. In the classes
#   for LTX-Video, LTX-2, Mochi and Cosmos the same switch starts at False.
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
from diffusers import AutoencoderKLHunyuanVideo
from torch.utils.flop_counter import FlopCounterMode

print("diffusers", diffusers.__version__, "torch", torch.__version__)


def operations(vae, latents):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        vae.decode(latents)
    return counter.get_total_flops()


with torch.device("meta"):
    vae = AutoencoderKLHunyuanVideo()
    vae.disable_tiling()
    shares = {}
    for frames in (4, 5, 33):
        latents = torch.empty(1, 16, frames, 30, 52)
        vae.use_framewise_decoding = True  # as it starts
        default = operations(vae, latents)
        vae.use_framewise_decoding = False
        shares[frames] = round(default / operations(vae, latents), 2)
        print(f"{frames * 4 - 3:4} frames, use_tiling={vae.use_tiling}: {shares[frames]} times the work of one pass")
    starts = {
        name: getattr(diffusers, "AutoencoderKL" + name)().use_framewise_decoding
        for name in ("HunyuanVideo", "LTXVideo", "LTX2Video", "Mochi", "Cosmos")
    }
print("use_framewise_decoding at the start:", starts)
torch.manual_seed(0)
small = AutoencoderKLHunyuanVideo(block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4)
latents = torch.randn(1, 16, 9, 4, 4)
with torch.no_grad():
    tiled = small.decode(latents).sample
    small.use_framewise_decoding = False
    apart = (small.decode(latents).sample - tiled).abs().max().item()
print(f"largest difference between the two results: {apart:.4f}")
only_here = [name for name, start in starts.items() if start] == ["HunyuanVideo"]
sys.exit(not (shares == {4: 1.0, 5: 1.32, 33: 1.41} and only_here and apart > 1e-3))
PY
