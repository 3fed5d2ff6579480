"""Where the referee reads a model's configuration: the project's own model files, or a TOML file given by path.

A model file has the tables [denoiser], [vae], [[text_encoders]] and [[image_encoders]], each with a `class` and a
`config`.
"""

import tomllib
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parents[1] / "data" / "models"


class NoConfiguration(LookupError):
    """The model file does not state a class and a configuration for this component."""


def model_facts(name: str) -> dict[str, Any]:
    """The model file as a dict. `name` is a catalogue name, or the path of a .toml file."""
    path = Path(name) if name.endswith(".toml") else MODELS / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def parts_of(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Components by part name: "denoiser", "vae", "text_encoder:ID", "image_encoder:ID"; each has a class and a config.

    Components without a published class are left out; a part that the file gives no configuration has its class's own.
    """
    parts = {"denoiser": facts.get("denoiser") or {}, "vae": facts.get("vae") or {}}
    for kind in ("text_encoder", "image_encoder"):
        parts |= {f"{kind}:{each['id']}": each for each in facts.get(f"{kind}s") or []}
    return {
        name: {"class": table["class"], "config": table.get("config") or {}}
        for name, table in parts.items()
        if table.get("class")
    }


def component_of(name: str, component: str) -> tuple[str, dict[str, Any]]:
    """Class name and configuration of a component; "text_encoder" is the first one, "text_encoder:ID" a named one."""
    wanted = {"vae_decode": "vae", "vae_encode": "vae"}.get(component, component)
    for part, table in parts_of(model_facts(name)).items():
        if wanted in (part, part.partition(":")[0]):
            return table["class"], dict(table["config"])
    raise NoConfiguration(name, component)


def latent_grid(vae: dict[str, Any], width: int, height: int, frames: int) -> list[int]:
    """[frames, height, width] of the latent: causal codecs keep the first frame alone, the others round the frame count
    up.
    """
    time, space = vae.get("temporal_compression") or 1, vae.get("spatial_compression") or 8
    latent_frames = (frames - 1) // time + 1 if vae.get("causal", time > 1) else -(-frames // time)
    return [latent_frames, height // space, width // space]


def denoiser_grid(facts: dict[str, Any], width: int, height: int, frames: int) -> list[int]:
    """The latent grid as the denoiser gets it: pipelines pad the frames to whole temporal patches (CogVideoX-1.5)."""
    latent_frames, *sides = latent_grid(facts.get("vae") or {}, width, height, frames)
    patch = facts["denoiser"]["config"].get("patch_size_t") or 1
    return [-(-latent_frames // patch) * patch, *sides]


def shape_of(
    name: str, component: str, size: str, batch: int, *, tiling: bool = False, tokens: int | None = None
) -> dict[str, Any]:
    """The `shape` that `verify` takes, from a clip size "WIDTHxHEIGHTxFRAMES" in pixels."""
    width, height, frames = map(int, size.split("x"))
    facts = model_facts(name)
    shape: dict[str, Any] = {"batch": batch}
    if component == "denoiser":
        shape["latent"] = denoiser_grid(facts, width, height, frames)
    if component == "vae_decode":
        shape["latent"] = latent_grid(facts.get("vae") or {}, width, height, frames)
    if component == "denoiser" and tokens is not None:
        shape["text_tokens"] = tokens
    if component == "vae_encode":
        shape["pixels"] = [frames, height, width]
    if component.startswith("vae"):
        shape["tiling"] = tiling
    if component == "text_encoder":
        shape["tokens"] = tokens if tokens is not None else facts["text_encoders"][0]["tokens"]
    return shape
