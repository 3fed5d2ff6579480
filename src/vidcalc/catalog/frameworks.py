"""Framework profiles: how one framework runs the same network otherwise than diffusers does, from `data/frameworks/`.

A profile is data: what it stores weights in, what it keeps on the device, which guidance and tiles it uses when the
user says nothing, and how its live activations compare with diffusers' eager forward.
"""

from functools import cache
from typing import Literal

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.describe.model import Model
from vidcalc.describe.plan import SETTINGS
from vidcalc.describe.runtime import Runtime

KIND = "frameworks"


class Framework(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile; what it leaves open is as in diffusers.

    plan               settings of `Plan` by field, as its file states them among the rest
    stack              "early" where it is pinned to, or was published with, a torch older than 2.11: see `data/kernels`
    activation_scale   live activations of a denoiser family relative to diffusers' forward, by network path
    for_networks       settings that hold where the model has a network of that path
    decode_bytes       live bytes of the decode of a VAE without a network here, by its class [byte per pixel of a clip]
    decode_flops       work of such a decode, by class [FLOP per pixel of the video]
    networks           networks that run otherwise here, by the path they have in diffusers
    timesteps          what the timestep varies over where it differs here, by model
    seconds            what further models of its pipeline take per generation [second]
    beside             bytes of further models the framework keeps on the device throughout [byte]
    frames             where decoded videos are brought to the range of pictures: "device" or "host"
    frames_dtype       dtype of what is made of them there ("int8": bytes); "" that of the decode
    fitted             ids of the measured rows a scale was fitted to (never used to claim accuracy)
    """

    title: str
    version: str
    sources: tuple[str, ...]
    plan: Facts = {}
    stack: str = "late"
    activation_scale: dict[str, float] = {}
    for_networks: dict[str, Facts] = {}
    decode_bytes: dict[str, float] = {}
    decode_flops: dict[str, float] = {}
    networks: dict[str, str] = {}
    timesteps: dict[str, str] = {}
    beside: int = 0
    seconds: float = 0.0
    frames: Literal["device", "host"] = "device"
    frames_dtype: Literal["", "fp32", "int8"] = ""
    fitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def runtime(self) -> Runtime:
        """What a plan carries of it beyond words."""
        return Runtime(**{name: getattr(self, name) for name in Runtime.__struct_fields__})

    def settings(self, model: Model) -> Facts:
        """The plan fields the profile decides for a model."""
        fields = dict(self.plan)
        for part in (model.denoiser, model.vae, *model.text_encoders):
            fields.update(self.for_networks.get(part.network, {}))
        return fields


@cache
def framework(name: str) -> Framework:
    """Raises UnknownName."""
    stated = load.entry(KIND, load.resolve(KIND, name))
    plan = {field: value for field, value in stated.items() if field in SETTINGS}
    others = {field: value for field, value in stated.items() if field not in plan}
    return msgspec.convert({**others, "plan": plan}, Framework)


def names() -> list[str]:
    """All profiles."""
    return load.names(KIND)
