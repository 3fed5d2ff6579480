#!/usr/bin/env bash
# One would expect: group offloading with offload_type="block_level" and num_blocks_per_group=1 holds one block of a
#   text encoder or an autoencoder on the device at a time.
# What happens: blocks are looked for among the direct children of the module alone. T5 and UMT5 (the text encoders of
#   Wan, CogVideoX, LTX-Video and Mochi) keep theirs one level lower, and so do the autoencoders of HunyuanVideo and
#   LTX-Video: all their weights become one group that is on the device as a whole, without a warning. Llama and the
#   Wan transformer are split.
# Versions: diffusers 0.42.1, torch 2.13.0, transformers 5.23.0, accelerate 1.15.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 huggingface_hub==2.4.0 \
  safetensors==0.8.0 diffusers==0.42.1 accelerate==1.15.0 transformers==5.23.0
cd "$work"
export HF_HUB_OFFLINE=1 DIFFUSERS_VERBOSITY=error TRANSFORMERS_VERBOSITY=error
"$work/venv/bin/python" - <<'PY'
import sys
import diffusers, torch, transformers
from diffusers import AutoencoderKLHunyuanVideo, AutoencoderKLLTXVideo, WanTransformer3DModel
from diffusers.hooks import apply_group_offloading
from transformers import LlamaConfig, LlamaModel, T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

print("diffusers", diffusers.__version__, "torch", torch.__version__, "transformers", transformers.__version__)
t5 = dict(d_model=32, d_ff=64, num_layers=24, num_heads=2, d_kv=16, vocab_size=64)
llama = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=24, num_attention_heads=2, vocab_size=64)
wan = dict(num_attention_heads=2, attention_head_dim=12, text_dim=32, ffn_dim=32, num_layers=24, rope_max_seq_len=32)
small = dict(layers_per_block=1, block_out_channels=(8, 8, 8, 8), norm_num_groups=4)
ltx = dict(
    block_out_channels=(8, 8, 8, 8),
    decoder_block_out_channels=(8, 8, 8, 8),
    layers_per_block=(1, 1, 1, 1, 1),
    decoder_layers_per_block=(1, 1, 1, 1, 1),
)
networks = {
    "T5EncoderModel": (T5EncoderModel(T5Config(**t5)), 1),
    "UMT5EncoderModel": (UMT5EncoderModel(UMT5Config(**t5)), 1),
    "AutoencoderKLHunyuanVideo": (AutoencoderKLHunyuanVideo(**small), 1),
    "AutoencoderKLLTXVideo": (AutoencoderKLLTXVideo(**ltx), 1),
    "LlamaModel": (LlamaModel(LlamaConfig(**llama)), 25),
    "WanTransformer3DModel": (WanTransformer3DModel(**wan), 25),
}
wrong = 0
for name, (network, expected) in networks.items():
    apply_group_offloading(
        network, onload_device=torch.device("cpu"), offload_type="block_level", num_blocks_per_group=1
    )
    groups = {}
    for module in network.modules():
        registry = getattr(module, "_diffusers_hook", None)
        hook = registry.get_hook("group_offloading") if registry else None
        if hook:
            held = {p for part in hook.group.modules for p in part.parameters()} | set(hook.group.parameters)
            groups[id(hook.group)] = sum(p.numel() for p in held)
    share = max(groups.values()) / sum(p.numel() for p in network.parameters())
    print(f"{name:28}{len(groups):4} groups, the largest holds {share:6.1%} of the weights")
    wrong += len(groups) != expected
sys.exit(wrong > 0)
PY
