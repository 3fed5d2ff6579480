#!/usr/bin/env bash
# One would expect: layer-wise casting stores any network's weights in float8 and computes in bfloat16, so a T5 or UMT5
#   text encoder, often half of what a video pipeline loads, takes half the bytes.
# What happens: its first call ends in a RuntimeError over dtypes. T5's feed-forward block brings its hidden states to
#   the dtype that the weight of its second product is stored in just before it calls that layer, so they are float8
#   where the hook has the weight back in bfloat16. With that layer left out by name ("wo") the call runs, and about a
#   fifth of a block's weights stay in bfloat16.
# Versions: diffusers 0.42.1, transformers 5.23.0, torch 2.13.0
# Date: 2026-11-30
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "diffusers==0.42.1" "transformers==5.23.0" "torch==2.13.0" "accelerate==1.15.0"

"$work/venv/bin/python" - <<'PYTHON'
import warnings

warnings.filterwarnings("ignore")
import diffusers
import torch
import transformers
from diffusers.hooks import apply_layerwise_casting
from transformers import T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

print("diffusers", diffusers.__version__, "transformers", transformers.__version__, "torch", torch.__version__)
STORED = {"storage_dtype": torch.float8_e4m3fn, "compute_dtype": torch.bfloat16}
TOKENS = torch.tensor([[3, 4, 1]])


def encoder(kind, config):
    size = {"vocab_size": 32, "d_model": 32, "d_ff": 64, "d_kv": 16, "num_heads": 2, "num_layers": 2}
    return kind(config(**size, feed_forward_proj="gated-gelu")).to(torch.bfloat16).eval()


for kind, config in ((T5EncoderModel, T5Config), (UMT5EncoderModel, UMT5Config)):
    whole = encoder(kind, config)
    apply_layerwise_casting(whole, **STORED)
    try:
        whole(TOKENS)
    except RuntimeError as error:
        print(kind.__name__, "with every layer cast:", str(error).split("\n")[0])
    else:
        raise SystemExit(f"{kind.__name__} runs now with every layer cast")
    apart = encoder(kind, config)
    apply_layerwise_casting(apart, skip_modules_pattern=("wo",), **STORED)
    apart(TOKENS)
    linears = [each.weight for each in apart.encoder.block[0].modules() if isinstance(each, torch.nn.Linear)]
    left = sum(each.numel() for each in linears if each.dtype == torch.bfloat16)
    share = left / sum(each.numel() for each in linears)
    print(kind.__name__, f'without "wo": runs, {share:.0%} of a block\'s linear weights stay in bfloat16')
PYTHON
