"""From pixels to latents to tokens, and which sizes a model accepts: pure functions, for ints and float64 arrays alike.

What a codec or a model does is said by words and numbers of its data file (`Vae`, `Constraints`), so that a new rule
of an old kind needs no code.
"""

from typing import TypeAlias

import msgspec

from vidcalc.base.guest import given
from vidcalc.base.number import Condition, Number, ceil_div, maximum, minimum, round_up, where
from vidcalc.describe.model import Constraints, Model, Vae

MODEL = "model"  # source of what a model's file says
Grid: TypeAlias = tuple[Number, Number, Number, Number]


class Issue(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A size that a model does not accept.

    field         "width", "height" or "frames"
    value         what was asked for
    rule          "size_multiple", "frames_step", "min_frames", "max_frames"
    lower, upper  nearest accepted values: not above, and not below `value`; equal to each other at a bound
    """

    field: str
    value: Number
    rule: str
    lower: Number
    upper: Number


def latent_frames(vae: Vae, frames: Number) -> Number:
    """Latent frames the codec makes of `frames` pixel frames."""
    if vae.clips == "apart":  # what is left over after the last full clip is coded as a shorter one
        full = frames // vae.clip_frames
        return full * _latents(vae, vae.clip_frames) + _latents(vae, frames - full * vae.clip_frames)
    if vae.clips == "overlapping":  # each clip begins with the last frame of the one before
        return (frames - 1) // (vae.clip_frames - 1) * _latents(vae, vae.clip_frames)
    return _latents(vae, frames)


def _latents(vae: Vae, frames: Number) -> Number:
    """Latent frames of one clip; none of an empty one."""
    factor = given("temporal_compression", vae.temporal_compression, frames, MODEL)
    if vae.causal:
        return (frames - 1) // factor + 1
    return ceil_div(frames, factor)


def latent_size(vae: Vae, pixels: Number) -> Number:
    """Latent places along a side of `pixels`."""
    factor = given("spatial_compression", vae.spatial_compression, pixels, MODEL)
    if vae.rounding == "up":
        return ceil_div(pixels, factor)
    return pixels // factor


def latent_grid(model: Model, width: Number, height: Number, frames: Number) -> Grid:
    """(channels, frames, height, width) of the latent that the VAE makes and decodes; width and height in pixels."""
    vae = model.vae
    channels = given("latent_channels", vae.latent_channels, frames, MODEL)
    return channels, latent_frames(vae, frames), latent_size(vae, height), latent_size(vae, width)


def denoiser_grid(model: Model, width: Number, height: Number, frames: Number) -> Grid:
    """The latent as the denoiser gets it: axes that the model pads are filled up to its patch.

    An upsampler reads a smaller one than it gives.
    """
    channels, *sizes = latent_grid(model, width, height, frames)
    axes = zip(("frames", "height", "width"), sizes, model.denoiser.patch, strict=True)
    padded = [round_up(size, patch) if axis in model.constraints.pads else size for axis, size, patch in axes]
    grows = model.denoiser.grows
    return channels, padded[0], padded[1] // grows, padded[2] // grows


def video_tokens(model: Model, width: Number, height: Number, frames: Number) -> Number:
    """Tokens of the video that the denoiser sees; for a U-Net the places of its finest level."""
    _, *sizes = denoiser_grid(model, width, height, frames)
    t, h, w = (size // patch for size, patch in zip(sizes, model.denoiser.patch, strict=True))
    return t * h * w


def legal(model: Model, width: Number, height: Number, frames: Number) -> list[Issue]:
    """What the model does not accept, empty when all is well; of arrays, what it does not accept of every element."""
    asked = {"width": width, "height": height, "frames": frames}
    issues = []
    for field, value in asked.items():
        lower, upper = neighbours(model.constraints, field, value)
        if _any(lower != value):
            rule = _rule(model.constraints, field, value)
            issues.append(Issue(field=field, value=value, rule=rule, lower=lower, upper=upper))
    return issues


def snap(model: Model, width: Number, height: Number, frames: Number) -> tuple[Number, Number, Number]:
    """The nearest (width, height, frames) the model accepts; of two equally near the larger."""
    asked = {"width": width, "height": height, "frames": frames}
    out = []
    for field, value in asked.items():
        lower, upper = neighbours(model.constraints, field, value)
        out.append(where(upper - value <= value - lower, upper, lower))
    return out[0], out[1], out[2]


def neighbours(constraints: Constraints, field: str, value: Number) -> tuple[Number, Number]:
    """The accepted values around `value`: the largest not above it and the smallest not below it, inside the bounds."""
    step, offset, low, high = ladder(constraints, field)
    k = (value - offset) // step
    lower, upper = k * step + offset, ceil_div(value - offset, step) * step + offset
    lower, upper = maximum(lower, low), maximum(upper, low)
    return (lower, upper) if high is None else (minimum(lower, high), minimum(upper, high))


def ladder(constraints: Constraints, field: str) -> tuple[int, int, int, int | None]:
    """(step, offset, smallest, largest) of a field's accepted values; the bounds are on the ladder."""
    if field == "frames":
        step, offset = constraints.frames_step, constraints.frames_offset
        low = maximum(ceil_div(maximum(constraints.min_frames, 1) - offset, step), 0) * step + offset
        high = constraints.max_frames
        return step, offset, low, None if high is None else (high - offset) // step * step + offset
    return constraints.size_multiple, 0, constraints.size_multiple, None


def _rule(constraints: Constraints, field: str, value: Number) -> str:
    """Which rule the value breaks first: a bound, else the step between accepted values."""
    if field != "frames":
        return "size_multiple"
    _, _, low, high = ladder(constraints, field)
    if _any(value < low):
        return "min_frames"
    if high is not None and _any(value > high):
        return "max_frames"
    return "frames_step"


def _any(condition: Condition) -> bool:
    return condition if isinstance(condition, bool) else bool(condition.any())
