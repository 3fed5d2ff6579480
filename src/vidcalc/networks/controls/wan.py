"""ControlNet of Wan: a few narrow Wan blocks over the latent and a control video, each with a projection to the width
of the denoiser, which adds them after every so many of its own blocks.

The additions are counted here, where they are made: once a call. Source: TheDenk/wan2.1-dilated-controlnet@e08125a
wan_controlnet.py, wan_transformer.py; TheDenk/wan2.2-controlnet wan_controlnet.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.controls import pixels
from vidcalc.networks.transformers import wan
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanControlnet",)
NORM_GROUPS = 2  # fixed in the class


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under its class's names; `in_channels` are colours of the control video."""

    in_channels: Number = 3
    vae_channels: Number = 16
    num_layers: int = 20
    downscale_coef: Number = 8
    out_proj_dim: Number = 1536


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def hints(config: Config, shape: Shape) -> Number:
    """Elements that a call hands to the denoiser: [layers, batch, n, width of the denoiser]."""
    return config.num_layers * shape.batch * tokens(config, shape) * config.out_proj_dim


def forward(tape: Tape, config: Config, shape: Shape) -> list[Tensor]:
    """latent[batch, vae_channels, frames, height, width] and pixels -> a hint[batch, n, out_proj_dim] per block."""
    n, batch, grid = tokens(config, shape), shape.batch, (shape.frames, shape.height, shape.width)
    latent = tape.input(batch, config.vae_channels, *grid)
    timestep = tape.input(batch, wan.timesteps(config, shape), dtype="fp32")
    text = tape.input(batch, shape.tokens, config.text_dim)
    picture = wan.image_input(tape, config, shape)
    rotary = wan.rotary_table(tape, config, n)
    count, factor = pixels.frames(shape), config.downscale_coef
    video = tape.input(batch, config.in_channels, count, shape.height * factor, shape.width * factor)
    seen = encoded(tape, config, shape, video)
    joined = tape.cat((latent, seen), batch, config.vae_channels + seen.shape[1], *grid)
    hidden = tape.copy(wan.patch_embedding(tape, config, shape, joined, "patch_embedding"), name="contiguous")
    del joined
    temb, modulation, context, image = wan.condition(tape, config, shape, timestep, text, picture)
    context = wan.joined(tape, context, image)
    given: list[Tensor] = []
    for i in range(config.num_layers):
        with tape.block(f"blocks.{i}"):
            hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
        given.append(tape.linear(hidden, config.out_proj_dim, f"controlnet_blocks.{i}"))
    del temb, seen, video, latent
    return [added(tape, hint) for hint in given]


def added(tape: Tape, hint: Tensor) -> Tensor:
    """A hint, scaled and added to the denoiser's hidden states."""
    tape.add(hint, tape.scale(hint))
    return hint


def encoded(tape: Tape, config: Config, shape: Shape, video: Tensor) -> Tensor:
    """The control video [batch, colours, frames, height, width] of pixels -> [batch, channels, *latent grid]."""
    factor, count, plane = config.downscale_coef, video.shape[2], (shape.height, shape.width)
    first, second, third = pixels.widths(config.in_channels, factor)
    kernel = (3, factor + 1, factor + 1)
    x = tape.convolution(video, first, kernel, "control_encoder.0.0", out=(count, *plane))
    x = tape.group_norm(tape.act(x, "gelu"), NORM_GROUPS, "control_encoder.0.2")
    once = pixels.halved(count)
    x = tape.convolution(x, second, (3, 3, 3), "control_encoder.1.0", out=(once, *plane))
    x = tape.group_norm(tape.act(x, "gelu"), NORM_GROUPS, "control_encoder.1.2")
    x = tape.convolution(x, third, (3, 3, 3), "control_encoder.2.0", out=(pixels.halved(once), *plane))
    return tape.group_norm(tape.act(x, "gelu"), NORM_GROUPS, "control_encoder.2.2")
