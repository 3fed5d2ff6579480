#!/usr/bin/env bash
# One would expect: a tensor of torch.float4_e2m1fn_x2 keeps its shape in a safetensors file, and get_slice() reads a
#   few rows of it, as it does of every other type.
# What happens: torch's type counts pairs and the header counts values: (4, 16) is written as F4 with shape [4, 32],
#   so a program that multiplies a header's shape by bytes has to know half a byte, and a shape read from the header
#   is not the tensor's. The whole tensor comes back as it was, but get_slice() fails for any slice, whole rows too,
#   because it takes the header's shape for torch's; and safetensors.numpy does not load such a file at all.
# Versions: safetensors 0.8.0, torch 2.13.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 safetensors==0.8.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import json, struct, sys
import safetensors, torch
from safetensors import safe_open
from safetensors.numpy import load_file as numpy_load_file
from safetensors.torch import load_file, save_file

print("safetensors", safetensors.__version__, "torch", torch.__version__)
pairs = torch.arange(64, dtype=torch.uint8).reshape(4, 16)
save_file({"f4": pairs.view(torch.float4_e2m1fn_x2), "u8": pairs.clone()}, "weights.safetensors")
with open("weights.safetensors", "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
print("header of f4:", header["f4"])
print("header of u8:", header["u8"])
back = load_file("weights.safetensors")["f4"]
print("read back:", tuple(back.shape), back.dtype)
failed = []
with safe_open("weights.safetensors", "pt") as file:
    print("get_slice().get_shape():", file.get_slice("f4").get_shape())
    print("two rows of u8:", tuple(file.get_slice("u8")[:2].shape))
    slices = {"two rows": slice(0, 2), "all": slice(None), "eight columns": (slice(None), slice(0, 8))}
    for name, index in slices.items():
        try:
            print(f"{name} of f4:", tuple(file.get_slice("f4")[index].shape))
        except RuntimeError as error:
            failed.append(name)
            print(f"{name} of f4: RuntimeError: {error}")
try:
    numpy_load_file("weights.safetensors")
    in_numpy = "loads"
except AttributeError as error:
    in_numpy = f"AttributeError: {error}"
print("safetensors.numpy:", in_numpy)
same = (
    header["f4"]["dtype"] == "F4"
    and header["f4"]["shape"] == [4, 32]
    and back.shape == (4, 16)
    and torch.equal(back.view(torch.uint8), pairs)
    and failed == ["two rows", "all", "eight columns"]
    and in_numpy != "loads"
)
sys.exit(not same)
PY
