"""How a framework runs a pipeline otherwise than diffusers does, settled into a plan once: facts, no look-ups."""

from typing import Literal

import msgspec


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """What a framework profile says beyond the words of a plan; the defaults change nothing.

    title, version, sources  of the framework
    stack              "early" where it is pinned to, or was published with, a torch older than 2.11
    networks           networks that run otherwise here, by the path they have in diffusers
    timesteps          what the timestep varies over where it differs here, by model
    activation_scale   live activations of a network relative to diffusers' forward, by its path
    decode_bytes       live bytes of the decode of a VAE without a network here, by class [byte per pixel of a clip]
    decode_flops       work of such a decode, by class [FLOP per pixel of the video]
    beside             bytes of further models that are on the device throughout [byte]
    seconds            what further models take per generation [second]
    frames             where decoded videos are brought to the range of pictures: "device" or "host"
    frames_dtype       dtype of what is made of them there; "" that of the decode
    """

    title: str = ""
    version: str = ""
    sources: tuple[str, ...] = ()
    stack: str = "late"
    networks: dict[str, str] = {}
    timesteps: dict[str, str] = {}
    activation_scale: dict[str, float] = {}
    decode_bytes: dict[str, float] = {}
    decode_flops: dict[str, float] = {}
    beside: int = 0
    seconds: float = 0.0
    frames: Literal["device", "host"] = "device"
    frames_dtype: Literal["", "fp32", "int8"] = ""
