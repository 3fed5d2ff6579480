"""Latent upsampler of LTX-2: that of LTX-Video, wider, with a resampler for fractional scales.

Source: diffusers 0.42.1 pipelines/ltx2/latent_upsampler.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders import ltx_upsampler
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTX2LatentUpsamplerModel",)


class Config(ltx_upsampler.Config, frozen=True, kw_only=True):
    """The numbers of one upsampler, under diffusers' names."""

    mid_channels: Number = 1024
    use_rational_resampler: bool = True


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places that it reads."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, frames, height, width] -> the same, with larger height and width (or twice the frames)."""
    return ltx_upsampler.forward(tape, config, shape)
