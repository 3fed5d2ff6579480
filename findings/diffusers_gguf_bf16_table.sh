#!/usr/bin/env bash
# One would expect: a GGUF file of a video transformer whose linear layers are Q8_0 loads with its small tensors in
#   F32, F16 or BF16 alike, as GGUF knows all three; and num_parameters() counts weights.
# What happens: F32 and F16 become ordinary parameters, but BF16 is kept packed like a quantized type, and only linear
#   layers unpack. LTX-Video's modulation table loads without a word as raw bytes of twice its width, and the first
#   call fails on the shape. num_parameters() counts the bytes of packed weights, so the same network seems larger in
#   Q8_0, and twice as large in BF16.
# Versions: diffusers 0.42.1, gguf 0.19.0, torch 2.13.0, accelerate 1.15.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 huggingface_hub==2.4.0 \
  safetensors==0.8.0 diffusers==0.42.1 accelerate==1.15.0 gguf==0.19.0
cd "$work"
export HF_HUB_OFFLINE=1 DIFFUSERS_VERBOSITY=error TRANSFORMERS_VERBOSITY=error
"$work/venv/bin/python" - <<'PY'
import sys
import diffusers, gguf, torch
from diffusers import GGUFQuantizationConfig, LTXVideoTransformer3DModel
from gguf import GGMLQuantizationType as Kind
from importlib.metadata import version

print("diffusers", diffusers.__version__, "gguf", version("gguf"), "torch", torch.__version__)
torch.manual_seed(0)
network = LTXVideoTransformer3DModel(
    num_attention_heads=2, attention_head_dim=32, cross_attention_dim=64, caption_channels=64, num_layers=1
)
network.save_config("config")
weights = sum(weight.numel() for weight in network.parameters())
names = {"proj_in": "patchify_proj", "time_embed": "adaln_single", "norm_q": "q_norm", "norm_k": "k_norm"}


def write(path, linear, other):
    writer = gguf.GGUFWriter(path, "ltxv")
    for name, value in network.state_dict().items():
        kind = linear if name.endswith(".weight") and value.ndim == 2 else other
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        writer.add_tensor(name, gguf.quants.quantize(value.numpy(), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


call = dict(
    hidden_states=torch.randn(1, 16, 128), encoder_hidden_states=torch.randn(1, 8, 64), timestep=torch.tensor([500.0]),
    encoder_attention_mask=torch.ones(1, 8), num_frames=1, height=4, width=4,
)
seen = {}
for linear, other in ((Kind.Q8_0, Kind.F32), (Kind.Q8_0, Kind.F16), (Kind.Q8_0, Kind.BF16), (Kind.BF16, Kind.F32)):
    write("network.gguf", linear, other)
    loaded = LTXVideoTransformer3DModel.from_single_file(
        "network.gguf", config="config", quantization_config=GGUFQuantizationConfig(compute_dtype=torch.float32)
    )
    table = loaded.transformer_blocks[0].scale_shift_table
    try:
        with torch.no_grad():
            loaded(**call)
        outcome = "runs"
    except RuntimeError as error:
        outcome = "fails"
        print("  RuntimeError:", str(error).splitlines()[0])
    seen[linear.name, other.name] = (table.dtype, tuple(table.shape), outcome)
    counted = loaded.num_parameters() / weights
    print(f"{linear.name}, the rest {other.name}: table {table.dtype} {tuple(table.shape)}, {outcome}; ", end="")
    print(f"num_parameters() is {counted:.2f} times the weights")
    seen[linear.name, other.name] += (round(counted, 1),)
expected = {
    ("Q8_0", "F32"): (torch.float32, (6, 64), "runs", 1.1),
    ("Q8_0", "F16"): (torch.float32, (6, 64), "runs", 1.1),
    ("Q8_0", "BF16"): (torch.uint8, (6, 128), "fails", 1.1),
    ("BF16", "F32"): (torch.float32, (6, 64), "runs", 2.0),
}
sys.exit(seen != expected)
PY
