#!/usr/bin/env bash
# One would expect: num_frames=80 (five seconds at 16 frames a second) gives 80 frames, or each pipeline says what it
#   makes of it.
# What happens: no two of four give the same, and none gives 80: Wan rounds to 81 and warns; HunyuanVideo, LTX-Video
#   and Mochi say nothing and return 77, 73 and 79, because latent frames are counted by whole division and the rest
#   falls away.
# Versions: diffusers 0.42.1, torch 2.13.0, transformers 5.23.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 huggingface_hub==2.4.0 \
  safetensors==0.8.0 diffusers==0.42.1 accelerate==1.15.0 transformers==5.23.0
cd "$work"
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
"$work/venv/bin/python" - <<'PY'
import sys
import diffusers, torch
from diffusers import AutoencoderKLHunyuanVideo, AutoencoderKLLTXVideo, AutoencoderKLMochi, AutoencoderKLWan
from diffusers import FlowMatchEulerDiscreteScheduler, HunyuanVideoPipeline, HunyuanVideoTransformer3DModel
from diffusers import LTXPipeline, LTXVideoTransformer3DModel, MochiPipeline, MochiTransformer3DModel
from diffusers import WanPipeline, WanTransformer3DModel

print("diffusers", diffusers.__version__, "torch", torch.__version__)
text, mask = torch.randn(1, 8, 32), torch.ones(1, 8)
heads = dict(num_attention_heads=2, num_layers=1)
wan = WanTransformer3DModel(attention_head_dim=12, text_dim=32, ffn_dim=32, rope_max_seq_len=32, **heads)
hunyuan = HunyuanVideoTransformer3DModel(
    attention_head_dim=10, num_single_layers=1, num_refiner_layers=1, text_embed_dim=32, pooled_projection_dim=8,
    rope_axes_dim=(2, 4, 4), **heads,
)
ltx = LTXVideoTransformer3DModel(attention_head_dim=8, cross_attention_dim=16, caption_channels=32, **heads)
mochi = MochiTransformer3DModel(
    attention_head_dim=8, pooled_projection_dim=16, text_embed_dim=32, time_embed_dim=4, **heads
)
eights = dict(block_out_channels=(8, 8, 8, 8))
ltx_vae = dict(decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1,) * 5, decoder_layers_per_block=(1,) * 5)
mochi_vae = dict(encoder_block_out_channels=(32,) * 4, decoder_block_out_channels=(32,) * 4)
made = {
    WanPipeline: (wan, AutoencoderKLWan(base_dim=3, dim_mult=[1] * 4, num_res_blocks=1), {}, {}),
    HunyuanVideoPipeline: (
        hunyuan,
        AutoencoderKLHunyuanVideo(layers_per_block=1, norm_num_groups=4, **eights),
        dict(text_encoder_2=None, tokenizer_2=None),
        dict(pooled_prompt_embeds=torch.randn(1, 8), prompt_attention_mask=mask),
    ),
    LTXPipeline: (ltx, AutoencoderKLLTXVideo(**eights, **ltx_vae), {}, dict(prompt_attention_mask=mask)),
    MochiPipeline: (
        mochi, AutoencoderKLMochi(layers_per_block=(1,) * 5, **mochi_vae), {}, dict(prompt_attention_mask=mask.bool())
    ),
}
frames = {}
for kind, (transformer, vae, more, inputs) in made.items():
    parts = dict(transformer=transformer, vae=vae, text_encoder=None, tokenizer=None, **more)
    pipe = kind(scheduler=FlowMatchEulerDiscreteScheduler(), **parts)
    pipe.set_progress_bar_config(disable=True)
    guide = {} if kind is HunyuanVideoPipeline else dict(guidance_scale=1.0)
    size = dict(height=32, width=32, num_frames=80, num_inference_steps=2, output_type="pt")
    frames[kind.__name__] = pipe(prompt_embeds=text, **size, **guide, **inputs).frames.shape[1]
    print(f"{kind.__name__:21} asked for 80 frames, gives {frames[kind.__name__]}")
sys.exit(list(frames.values()) != [81, 77, 73, 79])
PY
