#!/usr/bin/env bash
# One would expect: NVFP4 stores a weight in 4.5 bits: four of its own and an eight-bit scale for each sixteen.
# What happens: ComfyUI's kernels keep the scales in tiles of 128 rows by four blocks, filled up with padding. A layer
#   with 128 rows and 64 columns or multiples of them takes 4.5 bits; one of 64 rows takes 5, one of 16 by 16 takes 20
#   and a single row of 64 takes 68, more than four times its bfloat16. The array of scales has the padded shape, so a
#   layer's blocks can't be counted from it.
# Versions: comfy-kitchen 0.2.40, torch 2.13.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 packaging==26.4
"$work/venv/bin/pip" install --quiet --no-compile --no-deps comfy-kitchen==0.2.40
cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version
import comfy_kitchen, torch

print("comfy-kitchen", version("comfy-kitchen"), "torch", torch.__version__)
torch.manual_seed(0)
expected = {(5120, 5120): 4.5, (128, 64): 4.5, (5120, 64): 4.5, (64, 5120): 5.0, (16, 16): 20.0, (1, 64): 68.0}
wrong = 0
for (rows, columns), bits in expected.items():
    weight = torch.randn(rows, columns, dtype=torch.bfloat16)
    packed, scales = comfy_kitchen.quantize_nvfp4(weight, torch.tensor(1.0))
    size = 8 * (packed.nbytes + scales.nbytes) / weight.numel()
    blocks = f"{rows} x {columns // 16}"
    print(f"{rows:5} x {columns:4}: {size:4.1f} bits a weight, scales {tuple(scales.shape)} for {blocks}")
    wrong += size != bits
sys.exit(wrong > 0)
PY
