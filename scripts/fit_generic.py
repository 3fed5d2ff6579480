"""Fits the width of the generic DiT to the published models: width = scale · params ^ exponent, in logarithms.

Reads the catalogue, keeps one row per distinct architecture (name of the first), and writes the result with its
rows into src/vidcalc/data/generic.toml. Run it after adding a model; a test checks that the file is current.
"""

import math
import sys
from pathlib import Path
from typing import Any

from vidcalc.catalog.load import entry, names

# Classes that hold another model's network, trained on: they would count it again.
TRAINED_ON = (
    "AnyFlowTransformer3DModel",
    "AnyFlowFARTransformer3DModel",
    "CausalWanModel",
    "ChronoEditTransformer3DModel",
    "HYVideoDiffusionTransformer",
    "HunyuanVideo_1_5_DiffusionTransformer",
    "MiniMaxH3PrunedTransformer3DModel",
    "WanAnimate2Transformer3DModel",
)
# Networks of two streams with weights of their own (their count is not that of one width), or others' trained on.
LEFT_OUT = (
    *("transformers.cosmos3", "transformers.cosmos3_sim", "transformers.mova", "transformers.ovi"),
    *("transformers.wan_game", "transformers.wan_worldplay", "transformers.qwen_video_edit"),
)
TARGET = Path(__file__).resolve().parent.parent / "src/vidcalc/data/generic.toml"


def width(config: dict[str, Any]) -> int | None:
    """Hidden size of a transformer's configuration, under whichever names its class uses."""
    heads = config.get("num_attention_heads") or config.get("num_heads")
    size = config.get("attention_head_dim") or config.get("head_dim")
    return heads * size if isinstance(heads, int) and isinstance(size, int) else None


def rows() -> list[tuple[str, int, int]]:
    """(name, parameters, width) of the video transformers, one per distinct class, width and depth."""
    kept: dict[tuple[object, ...], tuple[str, int, int]] = {}
    for name in names("models"):
        facts = entry("models", name)
        denoiser = facts["denoiser"]
        config, params = denoiser.get("config", {}), denoiser.get("params")
        wide = width(config)
        video = facts["kind"] == "dit" and facts.get("task") != "t2i"
        read = facts.get("provenance", "exact") == "exact" and "basis" not in facts  # not the class's own sizes
        if not video or not read or wide is None or not params or denoiser.get("class") in TRAINED_ON:
            continue
        if denoiser.get("network") in LEFT_OUT or "network_of" in facts:
            continue
        key = (denoiser.get("class"), wide, str(config.get("num_layers")))
        kept.setdefault(key, (name, params, wide))
    return sorted(kept.values())


def fit(points: list[tuple[str, int, int]]) -> tuple[float, float, float]:
    """(scale, exponent, rms residual of ln width) by least squares in logarithms."""
    xs, ys = [math.log(p) for _, p, _ in points], [math.log(w) for _, _, w in points]
    n, mx, my = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    exponent = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / sum((x - mx) ** 2 for x in xs)
    scale = math.exp(my - exponent * mx)
    residual = math.sqrt(sum((math.log(scale) + exponent * x - y) ** 2 for x, y in zip(xs, ys, strict=True)) / n)
    return scale, exponent, residual


def text() -> str:
    """The data file."""
    points = rows()
    scale, exponent, residual = fit(points)
    table = "\n".join(f'    {{ model = "{n}", params = {p}, width = {w} }},' for n, p, w in points)
    return f"""# The generic DiT: how its width follows from a parameter count, fitted to the published models below.
# Made by scripts/fit_generic.py; do not edit by hand.
# typical_params is their median count, for a closed model whose makers say nothing at all.
# width = scale * params ^ exponent, rounded to whole heads; residual is the rms error of ln(width).

[dit]
scale = {scale:.6g}
exponent = {exponent:.6g}
residual = {residual:.4g}
head_dim = 128
typical_params = {sorted(p for _, p, _ in points)[len(points) // 2]}
ffn_ratio = 4
text_tokens = 512
text_dim = 4096
source = "least squares in logarithms over the rows below; the rest: the commonest among them"
fit_rows = [
{table}
]
"""


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text() == text() else "src/vidcalc/data/generic.toml is not current")
    TARGET.write_text(text())
