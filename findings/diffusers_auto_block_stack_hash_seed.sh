#!/usr/bin/env bash
# One would expect: LayerSkipConfig(indices=[7]) skips the same blocks of HunyuanVideo's transformer in every run.
# What happens: where fqn is left at "auto", the stack is the first of a tuple that was made from a set of strings,
#   whose order changes with Python's hash seed. HunyuanVideo has both transformer_blocks and
#   single_transformer_blocks, so the same program skips a block of the one in some runs and of the other in others.
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
import collections, os, subprocess, sys
import diffusers, torch

print("diffusers", diffusers.__version__, "torch", torch.__version__, "python", sys.version.split()[0])
program = """
import torch
from diffusers import HunyuanVideoTransformer3DModel, LayerSkipConfig
from diffusers.hooks import apply_layer_skip
with torch.device("meta"):
    network = HunyuanVideoTransformer3DModel(num_layers=8, num_single_layers=8, num_refiner_layers=1)
apply_layer_skip(network, LayerSkipConfig(indices=[7]))
print([name for name, module in network.named_modules() if hasattr(module, "_diffusers_hook")][0])
"""
skipped = {}
for seed in range(4):
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    skipped[seed] = run.stdout.split()[-1]
    print("hash seed", seed, "skips", skipped[seed])
counts = collections.Counter(skipped.values())
print(dict(counts))
sys.exit(set(counts) != {"transformer_blocks.7", "single_transformer_blocks.7"})
PY
