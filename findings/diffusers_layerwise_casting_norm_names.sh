#!/usr/bin/env bash
# One would expect: enable_layerwise_casting() with float8 storage halves a bfloat16 video transformer, give or take
#   norms and embeddings.
# What happens: what stays in bfloat16 is told by names alone, and "norm" also matches the large modulation layers
#   that sit inside modules of that name (norm1.linear). A third of HunyuanVideo-1.5 and more than a quarter of
#   HunyuanVideo and Mochi stay as they are, of Wan 1.6 %, of LTX-Video and LTX-2 next to nothing: theirs is made in a
#   module called time_embed, and is cast.
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

print("diffusers", diffusers.__version__, "torch", torch.__version__)
# the share of the weights that is not stored in float8, and how much of it lies in linear layers under a "norm"
expected = {
    "HunyuanVideo15Transformer3DModel": (0.346, 0.33),
    "HunyuanVideoTransformer3DModel": (0.291, 0.269),
    "MochiTransformer3DModel": (0.272, 0.272),
    "CogVideoXTransformer3DModel": (0.215, 0.211),
    "WanTransformer3DModel": (0.016, 0.000),
    "LTXVideoTransformer3DModel": (0.001, 0.000),
    "LTX2VideoTransformer3DModel": (0.000, 0.000),
}
wrong = []
for name, wanted in expected.items():
    with torch.device("meta"):
        network = getattr(diffusers, name)()
    network.to(torch.bfloat16)
    network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.bfloat16)
    whole = left = under_norm = 0
    for path, module in network.named_modules():
        for weight in module.parameters(recurse=False):
            whole += weight.numel()
            if weight.dtype != torch.float8_e4m3fn:
                left += weight.numel()
                under_norm += weight.numel() * ("norm" in path and isinstance(module, torch.nn.Linear))
    share = (round(left / whole, 3), round(under_norm / whole, 3))
    print(f"{name:33}{whole / 1e9:6.2f}e9 weights, in bfloat16 {share[0]:.1%}, in layers under norm {share[1]:.1%}")
    if share != wanted:
        wrong.append(name)
print("otherwise:", wrong or "none")
sys.exit(bool(wrong))
PY
