#!/usr/bin/env bash
# One would expect: as its docstring says, TaylorSeerCacheConfig() without patterns hooks all attention-like modules,
#   so enable_cache() speeds a video transformer up.
# What happens: the default patterns ("^blocks.*attn") must match a module's whole name, and Wan, CogVideoX, LTX-Video
#   and Mochi call theirs attn1 and attn2: nothing is hooked, nothing is said, and is_cache_enabled is True. In LTX-2
#   only the attention between picture and sound is hooked, which ends in "attn". HunyuanVideo, whose module is called
#   attn, is hooked.
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
expected = {
    "WanTransformer3DModel": {},
    "CogVideoXTransformer3DModel": {},
    "LTXVideoTransformer3DModel": {},
    "MochiTransformer3DModel": {},
    "LTX2VideoTransformer3DModel": {"audio_to_video_attn": 48, "video_to_audio_attn": 48},
    "HunyuanVideoTransformer3DModel": {"attn": 60},
}
same = True
for name, wanted in expected.items():
    with torch.device("meta"):
        network = getattr(diffusers, name)()
    network.enable_cache(diffusers.TaylorSeerCacheConfig())
    hooked, attention = {}, 0
    for path, module in network.named_modules():
        attention += hasattr(module, "to_q")
        registry = getattr(module, "_diffusers_hook", None)
        if registry and registry.get_hook("taylorseer_cache"):
            last = path.rsplit(".", 1)[-1]
            hooked[last] = hooked.get(last, 0) + 1
    print(f"{name:31} enabled: {network.is_cache_enabled}  attention modules: {attention:3}  hooked: {hooked or 0}")
    same = same and network.is_cache_enabled and hooked == wanted
sys.exit(not same)
PY
