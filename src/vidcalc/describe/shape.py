"""The sizes a network runs at: what a caller hands to a network's forward, beside its configuration."""

import msgspec

from vidcalc.base.number import Number


class Shape(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Sizes of one call of a network. Any number may be an int or a float64 array.

    batch                  samples in the call (guidance that doubles the batch already included)
    frames, height, width  of the latent grid for a denoiser or a decoder, of the pixels for a VAE encoder
    tokens                 text tokens: the context of a denoiser, the length of a text encoder's input
    image_tokens           tokens of an image encoder that join the context
    timestep               "sample": one timestep per sample; "token": one per token (Wan 2.2 TI2V);
                           "frame": one per latent frame (diffusion forcing)
    extra                  sizes only one family knows (audio tokens, history frames …), by name
    """

    batch: Number = 1
    frames: Number = 1
    height: Number = 1
    width: Number = 1
    tokens: Number = 0
    image_tokens: Number = 0
    timestep: str = "sample"
    extra: dict[str, Number] = {}


class Tiling(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How a VAE cuts its work into overlapping tiles, in pixels and frames (diffusers' enable_tiling).

    height, width                tile size
    stride_height, stride_width  distance from one tile to the next; what is left of a tile is overlap
    frames, stride_frames        the same over time, where the VAE tiles time (0: it does not)
    ends                         whether no tile starts once one has reached the edge
    host                         what goes to host memory as soon as it is made and is joined there: "tiles", "chunks"
                                 (all tiles of some frames, joined on the device), or "" for none
    """

    height: int
    width: int
    stride_height: int
    stride_width: int
    frames: int = 0
    stride_frames: int = 0
    ends: bool = False
    host: str = ""
