#!/usr/bin/env bash
# One would expect: a text encoder built on the meta device and given memory with `to_empty`, as tools do that size or
#   time a network without its weights, holds each weight once, as the encoder built the usual way does.
# What happens: UMT5's embedding is one tensor under two names (`shared` and `encoder.embed_tokens`). `to_empty` makes a
#   tensor for each name, so the two are no longer one: UMT5-XXL, whose embedding is 2 GiB in bfloat16, takes 2 GiB more
#   than it does in a pipeline, and `.to("meta")` has already parted them. `tie_weights()` afterwards joins them again.
# Versions: transformers 5.23.0, torch 2.13.0
# Date: 2026-12-01
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "transformers==5.23.0" "torch==2.13.0"

"$work/venv/bin/python" - <<'PYTHON'
import torch
import transformers
from transformers import UMT5Config, UMT5EncoderModel

print("transformers", transformers.__version__, "torch", torch.__version__)
SIZE = {"vocab_size": 4096, "d_model": 64, "d_ff": 64, "d_kv": 16, "num_heads": 2, "num_layers": 1}


def told(what, model):
    held = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in model.parameters()}
    one = model.shared.weight is model.encoder.embed_tokens.weight
    print(f"{what:34} embedding is one tensor: {one}, bytes held: {sum(held.values()):,}")
    return one, sum(held.values())


usual = told("built the usual way", UMT5EncoderModel(UMT5Config(**SIZE)))
with torch.device("meta"):
    built = UMT5EncoderModel(UMT5Config(**SIZE))
assert built.shared.weight is built.encoder.embed_tokens.weight
empty = built.to_empty(device="cpu")
filled = told("on meta, then to_empty", empty)
moved = UMT5EncoderModel(UMT5Config(**SIZE)).to("meta")
parted = moved.shared.weight is not moved.encoder.embed_tokens.weight
print(f"moved to meta: two tensors: {parted}")
empty.tie_weights()
tied = told("tied again", empty)

embedding = 4096 * 64 * 4
assert usual[0] and not filled[0] and tied[0] and parted
assert filled[1] - usual[1] == embedding and tied[1] == usual[1]
PYTHON
