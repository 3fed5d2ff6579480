"""Latent upsampler of LTX-Video and LTX-2: doubles the latent between the two stages of a pipeline.

Only networks over clips are mirrored (`dims` 3). Source: diffusers 0.42.1 pipelines/ltx/modeling_latent_upsampler.py,
pipelines/ltx2/latent_upsampler.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.wan_blocks import frames_first
from vidcalc.tape import Tape, Tensor

CLASSES = ("LTXLatentUpsamplerModel",)
NORM_GROUPS = 32
BLUR = 5  # kernel of the filter before a step down
RATIOS = {0.75: (3, 4), 1.5: (3, 2), 2.0: (2, 1), 4.0: (4, 1)}  # scale: up by, then down by


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one upsampler, under diffusers' names; the rational resampler came with LTX-2."""

    in_channels: Number = 128
    mid_channels: Number = 512
    num_blocks_per_stage: Number = 4
    spatial_upsample: bool = True
    temporal_upsample: bool = False
    rational_spatial_scale: float = 2.0
    use_rational_resampler: bool = False


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places that it reads."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, frames, height, width] -> the same, with twice the height and width (or frames)."""
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    hidden = tape.convolution(latent, config.mid_channels, (3, 3, 3), "initial_conv")
    hidden = tape.group_norm(hidden, NORM_GROUPS, "initial_norm")
    hidden = tape.act(hidden)
    with tape.repeat("res_blocks", config.num_blocks_per_stage):
        hidden = residual_block(tape, hidden)
    if config.temporal_upsample:
        hidden = upsample_clip(tape, config, hidden)
    else:
        b, c, t = hidden.shape[:3]
        flat, copied = frames_first(tape, hidden)
        del copied, hidden  # the copy, where there is one, takes the place of what it was made from
        hidden = upsample_frames(tape, config, flat)
        del flat
        hidden = hidden.view(b, c, t, *hidden.shape[2:])
    with tape.repeat("post_upsample_res_blocks", config.num_blocks_per_stage):
        hidden = residual_block(tape, hidden)
    return tape.convolution(hidden, config.in_channels, (3, 3, 3), "final_conv")


def residual_block(tape: Tape, x: Tensor) -> Tensor:
    """Convolution, norm, SiLU, convolution, norm; x is added before the last SiLU."""
    hidden = tape.convolution(x, x.shape[1], (3, 3, 3), "conv1")
    hidden = tape.group_norm(hidden, NORM_GROUPS, "norm1")
    hidden = tape.act(hidden)
    hidden = tape.convolution(hidden, x.shape[1], (3, 3, 3), "conv2")
    hidden = tape.group_norm(hidden, NORM_GROUPS, "norm2")
    return tape.act(tape.add(hidden, x))


def upsample_clip(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Twice the frames (and, with `spatial_upsample`, height and width) from channels; the first frame is dropped."""
    b, c, t, h, w = x.shape
    side = 2 if config.spatial_upsample else 1
    wide = tape.convolution(x, 2 * side**2 * c, (3, 3, 3), "upsampler.0")
    out = tape.copy(wide, b, c, 2 * t, side * h, side * w, name="unfold")
    del wide
    return out.view(b, c, 2 * t - 1, side * h, side * w)


def upsample_frames(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """Height and width of x[b·t, c, h, w] from channels, then blurred and thinned where the scale is a fraction."""
    n, c, h, w = x.shape
    name = "upsampler.conv" if config.use_rational_resampler else "upsampler.0"
    up, down = RATIOS[config.rational_spatial_scale] if config.use_rational_resampler else (2, 1)
    wide = tape.convolution(x, up**2 * c, (3, 3), name)
    out = tape.copy(wide, n, c, up * h, up * w, name="unfold")
    del wide
    if down == 1:
        return out
    places = (up * h - 1) // down + 1, (up * w - 1) // down + 1
    return tape.convolution(out, c, (BLUR, BLUR), "blur", out=places, groups=c, bias=False, fixed=True)
