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
    casting            "layerwise" where formats are stored by diffusers' layerwise casting, else as files have them
    activation_scale   live activations of a denoiser family relative to diffusers' forward, by network path
    for_networks       settings that hold where the model has a network of that path
    for_models         settings that hold for a model
    decode_bytes       live bytes of the decode of a VAE without a network here, by its class [byte per pixel of a clip]
    decode_flops       work of such a decode, by class [FLOP per pixel of the video]
    like               profile whose settings hold where this one says nothing
    networks           networks that run otherwise here, by the path they have in diffusers
    configs            numbers of a network that differ here, by its path in diffusers
    left_out           ids of components that it does not load
    timesteps          what the timestep varies over where it differs here, by model
    staying .. estimate_by_width  see `vidcalc.describe.runtime`
    seconds            what further models of its pipeline take per generation [second]
    beside             bytes of further models the framework keeps on the device throughout [byte]
    decoders           "one": a rank decodes alone unless the plan says more, or "sequence": all that share the tokens
    kept               whether pinned copies of offloaded weights stay in host memory, so that nothing goes back
    frames_dtype       dtype of what is made of them there ("int8": bytes); "" that of the decode
    fitted             ids of the measured rows a scale was fitted to (never used to claim accuracy)
    """

    title: str
    version: str
    sources: tuple[str, ...]
    plan: Facts = {}
    stack: str = "late"
    casting: str = "files"
    activation_scale: dict[str, float] = {}
    for_networks: dict[str, Facts] = {}
    for_models: dict[str, Facts] = {}
    decode_bytes: dict[str, float] = {}
    decode_flops: dict[str, float] = {}
    networks: dict[str, str] = {}
    configs: dict[str, dict[str, int]] = {}
    left_out: tuple[str, ...] = ()
    timesteps: dict[str, str] = {}
    staying: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    frames_on: str = "device"
    section: dict[str, int] = {}
    rolling: dict[str, int] = {}
    headroom: int = 0
    set_aside: int = 0
    budget: str = "work"
    all_from: float = 0
    by_card: dict[str, tuple[tuple[float, str], ...]] = {}
    estimate: dict[str, float] = {}
    estimate_by_width: dict[str, float] = {}
    beside: int = 0
    seconds: float = 0.0
    decoders: str = "one"
    kept: bool = False
    frames_dtype: Literal["", "fp32", "int8"] = ""
    fitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    like: str = ""

    @property
    def runtime(self) -> Runtime:
        """What a plan carries of it beyond words."""
        return Runtime(**{name: getattr(self, name) for name in Runtime.__struct_fields__ if hasattr(self, name)})

    def settings(self, model: Model) -> Facts:
        """The plan fields the profile decides for a model."""
        fields = dict(self.plan)
        for part in (model.denoiser, model.vae, *model.text_encoders):
            fields.update(self.for_networks.get(part.network, {}))
        return fields | self.for_models.get(model.name, {})


@cache
def framework(name: str) -> Framework:
    """Raises UnknownName."""
    stated = inherited(load.resolve(KIND, name))
    plan = {field: value for field, value in stated.items() if field in SETTINGS}
    others = {field: value for field, value in stated.items() if field not in plan}
    return msgspec.convert({**others, "plan": plan}, Framework)


def inherited(name: str) -> Facts:
    """A profile's facts over those of the one it is like: tables by their keys, all else as a whole."""
    own = load.entry(KIND, name)
    base = inherited(str(own["like"])) if "like" in own else {}
    tables = {key: {**base.get(key, {}), **value} for key, value in own.items() if isinstance(value, dict)}
    return {**base, **own, **tables}


def names() -> list[str]:
    """All profiles."""
    return load.names(KIND)
