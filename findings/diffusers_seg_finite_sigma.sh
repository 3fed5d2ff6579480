#!/usr/bin/env bash
# One would expect: Smoothed Energy Guidance blurs the queries of a block more the larger its sigma is, and takes
#   their mean once sigma counts as infinite (above 9999.9).
# What happens: the two branches are the other way round. Every finite sigma, 0.01 as much as 5000, replaces the
#   queries by their mean over the tokens, so sigma has no effect; only a sigma above 9999.9 runs the Gaussian blur.
#   Of a video's tokens just the first n*n are touched, as if they were one square picture.
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
from diffusers.hooks.smoothed_energy_guidance_utils import SmoothedEnergyGuidanceHook

print("diffusers", diffusers.__version__, "torch", torch.__version__)
torch.manual_seed(0)
frames, height, width = 3, 4, 5
queries = torch.randn(1, frames * height * width, 8)
square = 49  # the largest n*n within 60 tokens
mean = queries[:, :square].mean(dim=1, keepdim=True)
layer = torch.nn.Linear(8, 8)
seen = []
for sigma in (0.01, 1.0, 5000.0, 9999.0, 10000.0, 1e6):
    blurred = SmoothedEnergyGuidanceHook(blur_sigma=sigma).post_forward(layer, queries.clone())
    from_mean = (blurred[:, :square] - mean).abs().max().item()
    rest = torch.equal(blurred[:, square:], queries[:, square:])
    print(f"sigma {sigma:9}: largest distance from the mean {from_mean:.4f}, tokens after the 49th untouched: {rest}")
    seen.append((sigma, from_mean, rest))
finite = all(distance < 1e-6 and rest for sigma, distance, rest in seen if sigma < 9999.9)
infinite = all(distance > 1e-2 and rest for sigma, distance, rest in seen if sigma > 9999.9)
sys.exit(not (finite and infinite))
PY
