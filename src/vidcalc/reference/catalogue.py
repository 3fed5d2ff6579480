"""Where the referee reads a model's configuration: the project's own model files, or a file given by path.

A model file is TOML with the tables [denoiser], [vae], [[text_encoders]] and [image_encoder], each with a `class` and a
`config`; a JSON file with the same keys is read too (there the denoiser may be called "transformer" or "unet").
"""

import json
import tomllib
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parents[1] / "data" / "models"


class NoConfiguration(LookupError):
    """The model file does not state a class and a configuration for this component."""


def model_facts(name: str) -> dict[str, Any]:
    """The model file as a dict. `name` is a catalogue name, or the path of a .toml or .json file."""
    path = Path(name) if Path(name).suffix in (".toml", ".json") else MODELS / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    facts: dict[str, Any] = {".toml": tomllib.loads, ".json": json.loads}[path.suffix](text)
    denoiser = facts.get("denoiser") or facts.get("transformer") or facts.get("unet") or {}
    encoders = [each for each in facts.get("text_encoders") or [] if "class" in each]
    return facts | {"denoiser": denoiser, "text_encoders": encoders}


def component_of(name: str, component: str, encoder: int = 0) -> tuple[str, dict[str, Any]]:
    """Class name and configuration of a component of the model; `encoder` picks one of several text encoders."""
    facts = model_facts(name)
    tables = {
        "denoiser": [facts["denoiser"]],
        "vae_decode": [facts.get("vae") or {}],
        "vae_encode": [facts.get("vae") or {}],
        "text_encoder": facts["text_encoders"],
        "image_encoder": [facts.get("image_encoder") or {}],
    }[component]
    if len(tables) <= encoder or not tables[encoder].get("class") or "config" not in tables[encoder]:
        raise NoConfiguration(name, component)
    table = tables[encoder]
    class_name = table["class"].removeprefix("diffusers ").split(" ")[0]
    return class_name, {key: value for key, value in table["config"].items() if value is not None}


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
    patch = facts["denoiser"].get("config", {}).get("patch_size_t") or 1
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
