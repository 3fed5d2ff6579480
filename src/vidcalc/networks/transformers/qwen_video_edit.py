"""Qwen-Video-Edit: Qwen-Image-Edit's transformer on latents of Wan 2.1's autoencoder, as many pictures as frames.

The clip that is edited stands behind the one that is made, through one projection of its own in front, a convolution,
and one behind; the image model's own two are loaded with it and not run. Frames are tiles of one large picture, which
is a matter of positions alone.
Source: arXiv 2608.14790; yunpeng1998/Qwen-Video-Edit@fd48931 model.py, projections.py. The rest as in `qwenimage.py`.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import qwenimage
from vidcalc.networks.transformers.flux import PACKED
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call it QwenImageDiT with a WanToQwenProjection and a QwenToWanProjection
CLIPS = 2  # what is made, and what it is made from


class Config(qwenimage.Config, frozen=True, kw_only=True):
    """The numbers of the transformer, under diffusers' names.

    latent_channels  of the video's autoencoder
    """

    latent_channels: Number = 16


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of what is made: latent frames × height × width over the patch."""
    return shape.frames * qwenimage.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> the same shape."""
    batch, n, width, channels = shape.batch, tokens(config, shape), config.width, config.latent_channels
    grid = shape.frames, shape.height, shape.width
    latent, source = tape.input(batch, channels, *grid), tape.input(batch, channels, *grid)
    text = tape.input(batch, shape.tokens, config.joint_attention_dim)
    timestep = tape.input(batch)
    beside = embedded(tape, config, shape, latent), embedded(tape, config, shape, source)
    out = qwenimage.blocks(tape, config, tape.cat(beside, batch, CLIPS * n, width), text)
    del timestep, beside
    tape.parameter("img_in", (config.in_channels + 1) * width)
    tape.parameter("proj_out", (width + 1) * config.patch_size * config.patch_size * config.out_channels)
    kept = tape.copy(out, batch, n, width, name="slice")
    del out
    shown = tape.linear(kept, channels * PACKED * PACKED, "out_proj")
    return tape.copy(shown, name="unpatchify").view(batch, channels, *grid)


def embedded(tape: Tape, config: Config, shape: Shape, latent: Tensor) -> Tensor:
    """latent -> tokens[batch, n, width] by a strided convolution, laid out row by row."""
    out = (shape.frames, shape.height // PACKED, shape.width // PACKED)
    patches = tape.convolution(latent, config.width, (1, PACKED, PACKED), "in_proj", out=out)
    return patches.view(shape.batch, tokens(config, shape), config.width)
