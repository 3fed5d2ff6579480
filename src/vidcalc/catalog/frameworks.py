"""Framework profiles: how one framework runs the same network otherwise than diffusers does, from `data/frameworks/`.

A profile is data: what it stores weights in, what it keeps on the device, which guidance and tiles it uses when the
user says nothing, and how its live activations compare with diffusers' eager forward.
"""

from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.catalog import load
from vidcalc.describe.model import Model

KIND = "frameworks"


class Framework(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile; an empty word means: as diffusers.

    precision, text_encoder_precision, vae_precision   number formats
    offload, vae_tiling, vae_slicing, attention, compile   words of `Plan`
    guidance_mode                                      "batched" or "sequential", where guidance runs
    stack              "early" where it is pinned to, or was published with, a torch older than 2.11: see `data/kernels`
    activation_scale   live activations of a denoiser family relative to diffusers' forward, by network path
    for_networks       settings that hold where the model has a network of that path
    decode_bytes       live bytes of the decode of a VAE without a network here, by its class [byte per pixel of a clip]
    decode_flops       work of such a decode, by class [FLOP per pixel of the video]
    networks           networks that run otherwise here, by the path they have in diffusers
    timesteps          what the timestep varies over where it differs here, by model
    seconds            what further models of its pipeline take per generation [second]
    beside             bytes of further models the framework keeps on the device throughout [byte]
    fitted             ids of the measured rows a scale was fitted to (never used to claim accuracy)
    """

    title: str
    version: str
    sources: tuple[str, ...]
    precision: str = ""
    text_encoder_precision: str = ""
    vae_precision: str = ""
    offload: str = ""
    vae_tiling: str = ""
    vae_slicing: str = ""
    attention: str = ""
    compile: str = ""
    stack: str = "late"
    guidance_mode: str = ""
    activation_scale: dict[str, float] = {}
    for_networks: dict[str, dict[str, Any]] = {}
    decode_bytes: dict[str, float] = {}
    decode_flops: dict[str, float] = {}
    networks: dict[str, str] = {}
    timesteps: dict[str, str] = {}
    beside: int = 0
    seconds: float = 0.0
    fitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def settings(self, model: Model) -> dict[str, Any]:
        """The plan fields the profile decides for a model."""
        fields = (
            "precision",
            "text_encoder_precision",
            "vae_precision",
            "offload",
            "vae_tiling",
            "vae_slicing",
            "attention",
            "compile",
            "guidance_mode",
        )
        found = {name: getattr(self, name) for name in fields if getattr(self, name)}
        for part in (model.denoiser, model.vae, *model.text_encoders):
            found.update(self.for_networks.get(part.network, {}))
        return found


def executed(model: Model, name: str) -> Model:
    """The model with its networks as the framework runs them. Raises UnknownName."""
    profile = framework(name)
    network = profile.networks.get(model.denoiser.network, model.denoiser.network)
    timestep = profile.timesteps.get(model.name, model.denoiser.timestep)
    if (network, timestep) == (model.denoiser.network, model.denoiser.timestep):
        return model
    return replace(model, denoiser=replace(model.denoiser, network=network, timestep=timestep))


@cache
def framework(name: str) -> Framework:
    """Raises UnknownName."""
    return msgspec.convert(load.entry(KIND, load.resolve(KIND, name)), Framework)


def names() -> list[str]:
    """All profiles."""
    return load.names(KIND)
