"""Records what the published networks need, as golden files that ordinary tests compare against without torch.

    python scripts/record_golden.py                                   every model of the catalogue
    python scripts/record_golden.py --only wan2.1-t2v-14b             one model (may be repeated)

Writes tests/golden/NAME.json: the configurations of the components and one case per line. A component that several
models share (the same class and configuration) is recorded with the first of them; the others name that model under
"shared". Needs the extra `reference`.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vidcalc.reference.catalogue import MODELS, denoiser_grid, latent_grid, model_facts, parts_of
from vidcalc.reference.classes import UnknownClass, find_class
from vidcalc.reference.denoisers import CALLS
from vidcalc.reference.verify import recorded_with, verify

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
# Recorded first, so components that they share with other models are found with them.
FIRST = (
    "wan2.1-t2v-1.3b",
    "wan2.1-t2v-14b",
    "wan2.2-ti2v-5b",
    "wan2.1-i2v-14b-480p",
    "hunyuanvideo-t2v",
    "cogvideox-5b",
    "cogvideox-2b",
    "ltx-video-2b",
    "mochi-1-preview",
    "hunyuanvideo-1.5",
    "cosmos-predict2-2b",
    "svd",
    "modelscope-t2v",
    "sd1.5",
    "sdxl",
)
SMALL = (480, 320, 33)
# What a network raises on a size it does not take, or a path its library has not written: noted in the file, and the
# next case follows.
REFUSALS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
DECODE_DTYPES = ("bf16", "fp32")

# Sizes (width, height, frames) beyond a model's default, its small size and its batch of two.
MORE_SIZES: dict[str, list[tuple[int, int, int]]] = {
    "wan2.1-t2v-1.3b": [(1280, 720, 81), (832, 480, 49)],
    "wan2.1-t2v-14b": [(1280, 720, 81), (832, 480, 49)],
}
ONE_SIZE = ("cogvideox-5b-i2v",)  # learned position embeddings of one size
TRAINING_SIZES = [(256, 256, 17), (480, 320, 33)]
ALTERED: dict[str, dict[str, Any]] = {
    "WanTransformer3DModel": {"num_layers": 7, "num_attention_heads": 9, "ffn_dim": 5000},
    "CogVideoXTransformer3DModel": {"num_layers": 5, "num_attention_heads": 20},
    "HunyuanVideoTransformer3DModel": {"num_layers": 3, "num_single_layers": 5, "num_attention_heads": 12},
    "LTXVideoTransformer3DModel": {"num_layers": 5, "num_attention_heads": 20, "cross_attention_dim": 1280},
    "MochiTransformer3DModel": {"num_layers": 5},
}
VAE_SIZES = [(256, 192, 1), (256, 192, 5), (320, 256, 9), (256, 192, 81), (480, 320, 33)]
VAE_LARGE = [(832, 480, 81), (1280, 720, 81)]
TILED_SIZES = [(480, 320, 9), (832, 480, 17)]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One measurement to make: `part` names the configuration in the golden file, `changes` what differs from it."""

    component: str
    part: str
    shape: dict[str, Any]
    dtype: str = "bf16"
    training: str = "none"
    changes: tuple[tuple[str, Any], ...] = ()


def configs(name: str) -> dict[str, Any]:
    """Facts of one model; the one place that knows where configurations come from."""
    return model_facts(name)


def parts(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Components of a model that can be measured: those whose class is published and that we know how to call."""
    return {name: part for name, part in parts_of(facts).items() if measurable(name, part["class"])}


def measurable(part: str, class_name: str) -> bool:
    """Whether the class is published in diffusers or transformers and we know how to call it."""
    try:
        find_class(class_name)
    except UnknownClass:
        return False
    return part != "denoiser" or class_name in CALLS


def default_size(facts: dict[str, Any]) -> tuple[int, int, int]:
    """The pipeline's default width, height and frames."""
    width, height, frames = (int(facts["defaults"][key]) for key in ("width", "height", "frames"))
    return width, height, frames


def small_size(facts: dict[str, Any]) -> tuple[int, int, int]:
    """A quick size that the model's codec can take: multiples of 64 pixels, frames of the default's kind."""
    time = (facts.get("vae") or {}).get("temporal_compression") or 1
    frames = {True: 2 * time + 1, False: min(default_size(facts)[2], 16)}[time > 1]
    return 384, 256, frames


def cases(name: str, facts: dict[str, Any]) -> Iterator[Case]:
    """Everything recorded for one model, the quick cases first."""
    found = parts(facts)
    vae = facts.get("vae") or {}
    if "denoiser" in found:
        yield from denoiser_cases(name, facts, found["denoiser"]["class"])
    for part in found:
        if part.startswith("text_encoder:"):
            yield from text_cases(facts, part)
        if part.startswith("image_encoder:"):
            yield from (Case(component="image_encoder", part=part, shape={"batch": batch}) for batch in (1, 2))
    if "vae" in found:
        yield from vae_cases(name, facts, vae)


def denoiser_cases(name: str, facts: dict[str, Any], class_name: str) -> Iterator[Case]:
    """Default, small and further sizes, batches of one and two; float32, altered and training at the small size."""

    def shape(size: tuple[int, int, int], batch: int) -> dict[str, Any]:
        return {"batch": batch, "latent": denoiser_grid(facts, *size)}

    recomputes = getattr(find_class(class_name), "_supports_gradient_checkpointing", False)
    training = {True: "both", False: "plain"}[recomputes]
    small = SMALL if name in MORE_SIZES else small_size(facts)
    small = default_size(facts) if name in ONE_SIZE else small
    for size in dict.fromkeys((small, default_size(facts), *MORE_SIZES.get(name, []))):
        for batch in (1, 2):
            yield Case(component="denoiser", part="denoiser", shape=shape(size, batch))
    yield Case(component="denoiser", part="denoiser", shape=shape(small, 1), dtype="fp32")
    if class_name in ALTERED:
        changes = altered(class_name, facts["denoiser"]["config"])
        yield Case(component="denoiser", part="denoiser", shape=shape(small, 1), changes=changes, training=training)
    for size in TRAINING_SIZES if name in MORE_SIZES else [small]:
        yield Case(component="denoiser", part="denoiser", shape=shape(size, 1), training=training)


def altered(class_name: str, config: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The changes of `ALTERED`; a Wan network that reads images has a projection as wide as its heads together."""
    changes = ALTERED[class_name]
    width = changes.get("num_attention_heads", 0) * config.get("attention_head_dim", 0)
    return tuple((changes | ({"added_kv_proj_dim": width} if "added_kv_proj_dim" in config else {})).items())


def text_cases(facts: dict[str, Any], part: str) -> Iterator[Case]:
    """The pipeline's padded length in batches of one and two; T5 encoders also at two lengths and without a mask."""
    tokens = next(each["tokens"] for each in facts["text_encoders"] if part.endswith(":" + each["id"]))
    t5 = "t5" in part
    for batch, length in dict.fromkeys([(1, tokens), (2, tokens), *([(1, 512), (1, 226)] if t5 else [])]):
        yield Case(component="text_encoder", part=part, shape={"batch": batch, "tokens": length})
    if t5:
        yield Case(component="text_encoder", part=part, shape={"batch": 1, "tokens": tokens, "masked": False})


def vae_cases(name: str, facts: dict[str, Any], vae: dict[str, Any]) -> Iterator[Case]:
    """Small clips in both dtypes and batches; the sizes people use in the dtype people use (float32 for Wan), tiled
    ones beside them.
    """
    detailed = name in MORE_SIZES
    sizes = VAE_SIZES if detailed else [(256, 192, 1), small_size(facts)]
    large = VAE_LARGE if detailed else [default_size(facts)]
    plan = [(size, batch, dtype, False) for size in sizes for batch in (1, 2) for dtype in DECODE_DTYPES]
    plan += [(size, 1, dtype, True) for size in TILED_SIZES for dtype in DECODE_DTYPES]
    plan += [(size, 1, dtype, False) for size in large for dtype in DECODE_DTYPES]
    for (width, height, frames), batch, dtype, tiling in plan:
        latent = latent_grid(vae, width, height, frames)
        decode = {"batch": batch, "latent": latent, "tiling": tiling}
        encode = {"batch": batch, "pixels": [frames, height, width], "tiling": tiling}
        yield Case(component="vae_decode", part="vae", shape=decode, dtype=dtype)
        yield Case(component="vae_encode", part="vae", shape=encode, dtype=dtype)


def in_order(names: list[str]) -> list[str]:
    """The models of `FIRST` in their order, then the others by name."""
    rank = {name: position for position, name in enumerate(FIRST)}
    return sorted(names, key=lambda each: (rank.get(each, len(rank)), each))


def owners(names: list[str]) -> dict[str, str]:
    """For each distinct component (class and configuration, as text) the model it is recorded with."""
    owner: dict[str, str] = {}
    for name in in_order(names):
        for part in parts(configs(name)).values():
            owner.setdefault(json.dumps(part, sort_keys=True), name)
    return owner


def record(name: str, facts: dict[str, Any], owner: dict[str, str], keep: list[str]) -> None:
    """Measures a model's cases and writes its golden file; a case that cannot run is listed with
    its error.
    """
    found = parts(facts)
    home = {part: owner.get(json.dumps(found[part], sort_keys=True), name) for part in found}
    lines, failed = recorded_before(name, keep)
    for case in cases(name, facts):
        if (case.part != "denoiser" and home[case.part] != name) or (keep and case.component not in keep):
            continue
        head = {"component": case.component, "part": case.part, "shape": case.shape, "dtype": case.dtype}
        head |= {"changes": dict(case.changes)} if case.changes else {}
        try:
            config = found[case.part]["config"] | dict(case.changes)
            figures = verify(case.component, found[case.part]["class"], config, case.shape, case.dtype, case.training)
        except REFUSALS as error:
            failed.append(head | {"error": f"{type(error).__name__}: {error}"[:300]})
            print(name, head, traceback.format_exc(limit=-3), file=sys.stderr, flush=True)
            continue
        print(name, head, figures.pop("seconds"), "s", flush=True)
        lines.append(head | figures)
    write(name, found, home, lines, failed)


def recorded_before(name: str, keep: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Cases and failures in the present golden file of the components that are not recorded again."""
    path = GOLDEN / f"{name}.json"
    present = json.loads(path.read_text(encoding="utf-8")) if keep and path.exists() else {"cases": [], "failed": []}
    cases_kept, failed_kept = (
        [row for row in present.get(key, []) if row["component"] not in keep] for key in ("cases", "failed")
    )
    return cases_kept, failed_kept


def write(name: str, found: Any, home: Any, lines: list[dict[str, Any]], failed: list[dict[str, Any]]) -> None:
    """One case per line, so that a change shows as one line."""
    head = {
        "model": name,
        "date": date.today().isoformat(),
        "recorded_with": recorded_with(),
        "shared": {part: other for part, other in home.items() if other != name and part != "denoiser"},
        "configs": {part: found[part] for part in found if part == "denoiser" or home[part] == name},
        "failed": failed,
    }
    rows = ",\n  ".join(json.dumps(line) for line in lines)
    body = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items())
    partial = GOLDEN / f"{name}.json.partial"
    partial.write_text(f'{{\n {body},\n "cases": [\n  {rows}\n ]\n}}\n', encoding="utf-8")
    partial.replace(GOLDEN / f"{name}.json")  # at once, so a reader never sees half a file


def main() -> None:
    """Reads the command line and records model by model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--component", action="append", default=[], help="only cases of this component")
    parser.add_argument("--classes", action="append", default=[], help="only models whose denoiser has this class")
    options = parser.parse_args()
    names = sorted(path.stem for path in MODELS.glob("*.toml"))
    owner = owners(names)
    for name in options.only or in_order(names):
        facts = configs(name)
        if (parts(facts) and not options.classes) or parts(facts).get("denoiser", {}).get("class") in options.classes:
            record(name, facts, owner, options.component)


if __name__ == "__main__":
    main()
