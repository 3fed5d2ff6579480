#!/usr/bin/env bash
# One would expect: FlopCounterMode counts the attention of a video transformer's call, be it on the CPU or on the
#   meta device.
# What happens: on the CPU scaled_dot_product_attention runs as an operation that the counter has no formula for, so
#   attention counts as nothing, with a mask or without: of a small Wan transformer's call on 1024 tokens two thirds
#   of the work are missing, which is its attention to the last operation. On the meta device the same call is taken
#   apart into products and counted in full. There is no warning.
# Versions: torch 2.13.0, diffusers 0.42.1
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
from diffusers import WanTransformer3DModel
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

print("torch", torch.__version__, "diffusers", diffusers.__version__)


def counted(work):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


heads, tokens, width = 2, 1024, 32
wanted = 2 * 2 * heads * tokens * tokens * width
seen = {}
for device in ("cpu", "meta"):
    with torch.device(device):
        query, mask = torch.zeros(1, heads, tokens, width), torch.zeros(tokens, tokens)
        network = WanTransformer3DModel(
            num_attention_heads=heads, attention_head_dim=width, text_dim=32, ffn_dim=256, num_layers=4
        )
        inputs = torch.zeros(1, 16, 1, 64, 64), torch.zeros(1), torch.zeros(1, 16, 32)
        plain = counted(lambda: scaled_dot_product_attention(query, query, query))
        masked = counted(lambda: scaled_dot_product_attention(query, query, query, attn_mask=mask))
        whole = counted(lambda: network(*inputs))
    seen[device] = (plain / wanted, masked / wanted, whole)
    print(f"{device:5} attention {plain:,} of {wanted:,}, with a mask {masked:,}; the transformer's call {whole:,}")
missing = seen["meta"][2] - seen["cpu"][2]
attention = 4 * (wanted + wanted * 16 // tokens)  # four layers, each over its tokens and over 16 of the text
print(f"the CPU's count lacks {missing:,} ({missing / seen['meta'][2]:.0%}); attention takes {attention:,}")
sys.exit(not (seen["cpu"][:2] == (0, 0) and seen["meta"][:2] == (1, 1) and missing == attention))
PY
