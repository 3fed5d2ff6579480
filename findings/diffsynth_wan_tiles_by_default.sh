#!/usr/bin/env bash
# One would expect: DiffSynth-Studio decodes Wan's video in one pass unless tiles are asked for, as diffusers does; or
#   its tiles cover the picture once and a little more.
# What happens: WanVideoPipeline's call has tiled=True with tiles of 30 by 52 latent pixels every 15 by 26, so
#   neighbours overlap by half. At 480p nine tiles are decoded, 2.25 times the picture; at 720p thirty, 3.02 times.
#   The class that does it has other defaults again (tiled=False, 34 by 34 every 18 by 16).
# Versions: diffsynth 2.1.12, torch 2.13.0
# Date: 2026-11-30
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 einops==0.8.2 tqdm==4.70.1
"$work/venv/bin/pip" install --quiet --no-compile --no-deps diffsynth==2.1.12
cd "$work"
export TQDM_DISABLE=1
"$work/venv/bin/python" - <<'PY'
import ast, importlib.util, inspect, sys
from importlib.metadata import distribution
import torch

package = distribution("diffsynth")
print("diffsynth", package.version, "torch", torch.__version__)
source = ast.parse(open(package.locate_file("diffsynth/pipelines/wan_video.py")).read())
pipeline = next(n for n in source.body if isinstance(n, ast.ClassDef) and n.name == "WanVideoPipeline")
call = next(n for n in pipeline.body if isinstance(n, ast.FunctionDef) and n.name == "__call__")
defaults = dict(zip([a.arg for a in call.args.args][-len(call.args.defaults):], map(ast.unparse, call.args.defaults)))
defaults = {name: ast.literal_eval(defaults[name]) for name in ("tiled", "tile_size", "tile_stride")}
print("WanVideoPipeline.__call__:", defaults)
# the autoencoder's file alone: the package would load every model and what they need
path = package.locate_file("diffsynth/models/wan_video_vae.py")
spec = importlib.util.spec_from_file_location("wan_video_vae", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
with torch.device("meta"):
    vae = module.WanVideoVAE()
own = {n: p.default for n, p in inspect.signature(vae.decode).parameters.items() if p.default is not p.empty}
print("WanVideoVAE.decode:      ", own)
areas = []


def decode(latents, scale):
    areas.append(latents.shape[3] * latents.shape[4])
    return torch.zeros(1, 3, 1, latents.shape[3] * 8, latents.shape[4] * 8)


vae.model.decode = decode
seen = {}
for height, width in ((480, 832), (720, 1280)):
    areas.clear()
    latents = torch.zeros(1, 16, 1, height // 8, width // 8)
    vae.tiled_decode(latents, "cpu", defaults["tile_size"], defaults["tile_stride"])
    seen[height] = (len(areas), round(sum(areas) / (latents.shape[3] * latents.shape[4]), 2))
    print(f"{height}p: {seen[height][0]} tiles, {seen[height][1]} times the picture")
same = defaults == dict(tiled=True, tile_size=(30, 52), tile_stride=(15, 26)) and own["tiled"] is False
sys.exit(not (same and seen == {480: (9, 2.25), 720: (30, 3.02)}))
PY
