#!/usr/bin/env bash
# One would expect: with SDNQ's defaults a type of fewer bits makes a layer smaller: uint2 smaller than uint3, uint3
#   smaller than uint4.
# What happens: the automatic group gets shorter with the bits, and each group has a scale and a zero point in
#   float32. uint3 takes the same 5.0 bits a weight as uint4, uint2 takes 6.0, more than either, and uint1 takes 16.0,
#   as much as the bfloat16 it replaces. Of the signed types, which have no zero point, int2 takes the same 4.0 as
#   int3.
# Versions: sdnq 0.2.8, diffusers 0.42.1, torch 2.13.0, transformers 5.23.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 huggingface_hub==2.4.0 \
  safetensors==0.8.0 diffusers==0.42.1 accelerate==1.15.0 transformers==5.23.0
"$work/venv/bin/pip" install --quiet --no-compile --no-deps sdnq==0.2.8
cd "$work"
export HF_HUB_OFFLINE=1 DIFFUSERS_VERBOSITY=error TRANSFORMERS_VERBOSITY=error
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version
import torch
from sdnq import sdnq_post_load_quant

print("sdnq", version("sdnq"), "torch", torch.__version__)
expected = {
    "uint8": 8.06, "uint6": 6.25, "uint5": 5.5, "uint4": 5.0, "uint3": 5.0, "uint2": 6.0, "uint1": 16.0,
    "int8": 8.03, "int6": 6.12, "int5": 5.25, "int4": 4.5, "int3": 4.0, "int2": 4.0,
}
wrong = 0
for kind, bits in expected.items():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3072, 3072, bias=False)).to(torch.bfloat16)
    weights = network[0].weight.numel()
    network = sdnq_post_load_quant(network, weights_dtype=kind)
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    size = 8 * sum(tensor.nbytes for tensor in tensors.values()) / weights
    groups = tensors["0.scale"].numel()
    print(f"{kind:6}{size:6.2f} bits a weight, a group is {weights // groups:4} weights")
    wrong += abs(size - bits) > 0.01
sys.exit(wrong > 0)
PY
