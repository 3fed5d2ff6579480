#!/usr/bin/env bash
# One would expect: Pyramid Attention Broadcast with a skip range of 2 computes the attention of a Wan transformer at
#   every other step, for the prompt and for the negative prompt alike.
# What happens: the hook counts calls, and the pipeline calls the transformer twice a step, prompt first. So every
#   call with the prompt is computed, and every call with the negative prompt inside the timestep range is handed the
#   attention of the prompt's call of the same step. No attention is carried from one step to the next.
# Versions: diffusers 0.42.1, torch 2.13.0, transformers 5.23.0
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
import diffusers, torch
from diffusers import AutoencoderKLWan, PyramidAttentionBroadcastConfig, UniPCMultistepScheduler
from diffusers import WanPipeline, WanTransformer3DModel

print("diffusers", diffusers.__version__, "torch", torch.__version__)
torch.manual_seed(0)
pipe = WanPipeline(
    tokenizer=None,
    text_encoder=None,
    transformer=WanTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, text_dim=32, ffn_dim=32, num_layers=1, rope_max_seq_len=32
    ),
    vae=AutoencoderKLWan(base_dim=3, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
    scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
)
pipe.set_progress_bar_config(disable=True)
attention = pipe.transformer.blocks[0].attn1
computed, results, contexts = [], [], []
processor, context = attention.processor, pipe.transformer.cache_context


def counting(*args, **kwargs):
    computed[-1] = True
    return processor(*args, **kwargs)


def named(name, **kwargs):
    contexts.append((name, int(pipe.current_timestep)))
    computed.append(False)
    return context(name, **kwargs)


attention.processor, pipe.transformer.cache_context = counting, named
attention.register_forward_hook(lambda module, args, output: results.append(output))
pipe.transformer.enable_cache(
    PyramidAttentionBroadcastConfig(
        spatial_attention_block_skip_range=2,
        spatial_attention_timestep_skip_range=(100, 800),
        current_timestep_callback=lambda: pipe.current_timestep,
    )
)
pipe(
    prompt_embeds=torch.randn(1, 8, 32),
    negative_prompt_embeds=torch.randn(1, 8, 32),
    height=16,
    width=16,
    num_frames=5,
    num_inference_steps=8,
    output_type="latent",
)
inside = []
for i, (name, timestep) in enumerate(contexts):
    source = "computed" if computed[i] else "the result before it" if results[i] is results[i - 1] else "another"
    print(f"timestep {timestep:4} {name:7} {source}")
    if 100 < timestep < 800:
        inside.append((name, source))
expected = [("cond", "computed"), ("uncond", "the result before it")] * (len(inside) // 2)
sys.exit(not inside or inside != expected)
PY
