#!/usr/bin/env bash
# One would expect: pipe.enable_group_offload(offload_to_disk_path=DIR) on a pipeline with two experts
#   (Wan 2.2 A14B: transformer and transformer_2) keeps the weights of both in DIR, and both run as before.
# What happens: a file in DIR is named after the blocks' place in the class ("blocks_0_0"), which is the same for both
#   experts, and a file that exists is not written again. So both experts run with the first one's weights, without a
#   warning. With a folder for each, both are right.
# Versions: diffusers 0.42.1, torch 2.13.0, transformers 5.23.0, accelerate 1.15.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 huggingface_hub==2.4.0 safetensors==0.8.0 \
  diffusers==0.42.1 transformers==5.23.0 accelerate==1.15.0
cd "$work"
export HF_HUB_OFFLINE=1 DIFFUSERS_VERBOSITY=error TRANSFORMERS_VERBOSITY=error
"$work/venv/bin/python" - <<'PY'
import copy, pathlib, sys, tempfile
import diffusers, torch
from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, WanPipeline, WanTransformer3DModel

print("diffusers", diffusers.__version__, "torch", torch.__version__)
torch.manual_seed(0)


def expert():
    return WanTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, text_dim=32, ffn_dim=32, num_layers=2, rope_max_seq_len=32
    ).eval()


first, second = expert(), expert()
call = dict(
    hidden_states=torch.randn(1, 16, 2, 4, 4),
    timestep=torch.tensor([500.0]),
    encoder_hidden_states=torch.randn(1, 8, 32),
    return_dict=False,
)
with torch.no_grad():
    of_first, of_second = first(**call)[0], second(**call)[0]

pipe = WanPipeline(
    tokenizer=None,
    text_encoder=None,
    transformer=copy.deepcopy(first),
    transformer_2=copy.deepcopy(second),
    vae=AutoencoderKLWan(base_dim=3, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
    scheduler=FlowMatchEulerDiscreteScheduler(),
    boundary_ratio=0.875,
)
folder = tempfile.mkdtemp(dir=".")
pipe.enable_group_offload(
    onload_device=torch.device("cpu"), offload_type="block_level", num_blocks_per_group=1, offload_to_disk_path=folder
)
apart = copy.deepcopy(second)
apart.enable_group_offload(
    onload_device=torch.device("cpu"), num_blocks_per_group=1, offload_to_disk_path=tempfile.mkdtemp(dir=".")
)
with torch.no_grad():
    got_first, got_second = pipe.transformer(**call)[0], pipe.transformer_2(**call)[0]
    got_apart = apart(**call)[0]
print("files of the whole pipeline:", len(list(pathlib.Path(folder).iterdir())))
seen = {
    "the first expert gives what it gave": torch.equal(got_first, of_first),
    "the second expert gives what the FIRST gave": torch.equal(got_second, of_first),
    "the second expert no longer gives its own result": not torch.allclose(got_second, of_second, atol=1e-2),
    "in a folder of its own the second expert is right": torch.equal(got_apart, of_second),
}
for what, so in seen.items():
    print("yes" if so else "NO ", what)
sys.exit(not all(seen.values()))
PY
