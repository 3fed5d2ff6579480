"""Framework profiles: how one framework runs the same network otherwise than diffusers does, from `data/frameworks/`.

A profile is data: what it stores weights in, what it keeps on the device, which guidance and tiles it uses when the
user says nothing, and how its live activations compare with diffusers' eager forward.
"""

from functools import cache
from typing import Any

import msgspec

from vidcalc.catalog import load

KIND = "frameworks"


class Framework(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile; an empty word means: as diffusers.

    precision, text_encoder_precision, vae_precision   number formats
    offload, vae_tiling, vae_slicing, attention        words of `Plan`
    guidance_mode                                      "batched" or "sequential", where guidance runs
    activation_scale   live activations of a denoiser family relative to diffusers' forward, by network path
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
    guidance_mode: str = ""
    activation_scale: dict[str, float] = {}
    fitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """The plan fields the profile decides."""
        fields = (
            "precision",
            "text_encoder_precision",
            "vae_precision",
            "offload",
            "vae_tiling",
            "vae_slicing",
            "attention",
            "guidance_mode",
        )
        return {name: getattr(self, name) for name in fields if getattr(self, name)}


@cache
def framework(name: str) -> Framework:
    """Raises UnknownName."""
    return msgspec.convert(load.entry(KIND, load.resolve(KIND, name)), Framework)


def names() -> list[str]:
    """All profiles."""
    return load.names(KIND)
