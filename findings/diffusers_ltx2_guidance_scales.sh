#!/usr/bin/env bash
# One would expect: in LTX2Pipeline guidance_scale=1.0 turns the negative prompt off (its docstring: enabled by
#   guidance_scale > 1), and audio_stg_scale=0.0 turns the sound's part of that guidance off.
# What happens: each guidance runs where either its picture's or its sound's scale asks for it, and the sound's scales
#   have defaults of their own (7, 1, 3). A step predicts four samples by default, and still four with
#   guidance_scale=1.0, or with all three of the picture's scales off. A sound's scale of 0.0 counts as not given and
#   takes the picture's. One sample a step takes six arguments.
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
from diffusers import AutoencoderKLLTX2Audio, AutoencoderKLLTX2Video, FlowMatchEulerDiscreteScheduler
from diffusers import LTX2Pipeline, LTX2VideoTransformer3DModel
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder

print("diffusers", diffusers.__version__, "torch", torch.__version__)
torch.manual_seed(0)
sizes = dict(attention_head_dim=8, num_attention_heads=2, audio_attention_head_dim=4, audio_num_attention_heads=2)
inner = dict(cross_attention_dim=16, audio_cross_attention_dim=8, caption_channels=16, num_layers=2)
channels = dict(in_channels=4, out_channels=4, audio_in_channels=4, audio_out_channels=4)
connector = {
    f"{kind}_connector_{what}": value
    for kind in ("video", "audio")
    for what, value in dict(
        num_attention_heads=4, attention_head_dim=4, num_layers=1, num_learnable_registers=None
    ).items()
}
one = dict(block_out_channels=(8,), decoder_block_out_channels=(8,), layers_per_block=(1,))
two = dict(decoder_layers_per_block=(1, 1), spatio_temporal_scaling=(True,), decoder_spatio_temporal_scaling=(True,))
three = dict(decoder_inject_noise=(False, False), downsample_type=("spatial",), upsample_residual=(False,))
pipe = LTX2Pipeline(
    scheduler=FlowMatchEulerDiscreteScheduler(),
    vae=AutoencoderKLLTX2Video(latent_channels=4, upsample_factor=(1,), patch_size=1, **one, **two, **three),
    audio_vae=AutoencoderKLLTX2Audio(base_channels=4, ch_mult=(1,), latent_channels=2, num_res_blocks=1, mel_bins=8),
    text_encoder=None,
    tokenizer=None,
    connectors=LTX2TextConnectors(caption_channels=16, text_proj_in_factor=3, rope_type="split", **connector),
    transformer=LTX2VideoTransformer3DModel(rope_type="split", **sizes, **inner, **channels),
    vocoder=LTX2Vocoder(in_channels=16, hidden_channels=32),
)
pipe.set_progress_bar_config(disable=True)
calls = []
pipe.transformer.register_forward_pre_hook(
    lambda module, args, kwargs: calls.append(kwargs["hidden_states"].shape[0]), with_kwargs=True
)
prompt, mask = torch.randn(1, 8, 48), torch.ones(1, 8, dtype=torch.long)
prompts = dict(prompt_embeds=prompt, prompt_attention_mask=mask)
prompts |= dict(negative_prompt_embeds=-prompt, negative_prompt_attention_mask=mask)
picture = dict(guidance_scale=1.0, stg_scale=0.0, modality_scale=1.0)
sound = dict(audio_guidance_scale=1.0, audio_stg_scale=0.0, audio_modality_scale=1.0)
wrong = 0
for scales, expected in (
    ({}, 4), (dict(guidance_scale=1.0), 4), (picture, 4), (dict(audio_stg_scale=0.0), 4), (picture | sound, 1),
):
    calls.clear()
    size = dict(height=32, width=32, num_frames=5, num_inference_steps=1, output_type="latent")
    pipe(**prompts, **size, spatio_temporal_guidance_blocks=[1], **scales)
    print(f"{sum(calls)} samples a step in calls of {calls} with {scales or 'the defaults'}")
    wrong += sum(calls) != expected
    if scales == dict(audio_stg_scale=0.0):
        print("  audio_stg_scale was given as 0.0 and is", pipe.audio_stg_scale)
        wrong += pipe.audio_stg_scale != 1.0
sys.exit(wrong > 0)
PY
