"""ControlNet of CogVideoX: its first blocks over the latent and a control video; what each gives is added after the
block of the same number of the denoiser.

The additions are counted here, where they are made: once a call. Source: TheDenk/cogvideox-controlnet@e21a4a3
cogvideo_controlnet.py, cogvideo_transformer.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.controls import pixels
from vidcalc.networks.controls.wan import added
from vidcalc.networks.transformers import cogvideox
from vidcalc.tape import Tape, Tensor

CLASSES = ("CogVideoXControlnet",)


class Config(cogvideox.Config, frozen=True, kw_only=True):
    """The numbers of one network, under its class's names; `in_channels` are colours of the control video.

    rotates  whether the pipeline hands it the denoiser's rotary tables
    """

    in_channels: Number = 3
    vae_channels: Number = 16
    num_layers: int = 8
    downscale_coef: Number = 8
    out_proj_dim: Number | None = None
    rotates: bool = False

    @property
    def hint_width(self) -> Number:
        """Width of what it hands on."""
        return self.out_proj_dim or self.width


class Joined(cogvideox.Config, frozen=True, kw_only=True):
    """The numbers that the patch embedding sees: the latent with the control beside it."""


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return cogvideox.tokens(config, shape)


def hints(config: Config, shape: Shape) -> Number:
    """Elements that a call hands to the denoiser: [layers, batch, n, width of the denoiser]."""
    return config.num_layers * shape.batch * tokens(config, shape) * config.hint_width


def forward(tape: Tape, config: Config, shape: Shape) -> list[Tensor]:
    """latent[batch, frames, vae_channels, height, width] and pixels -> a hint[batch, n, width] per block."""
    n, batch, width = tokens(config, shape), shape.batch, config.width
    latent = tape.input(batch, shape.frames, config.vae_channels, shape.height, shape.width)
    text = tape.input(batch, shape.tokens, config.text_embed_dim)
    timestep = tape.input(batch, dtype="int64")
    count, factor = pixels.frames(shape), config.downscale_coef
    video = tape.input(batch * count, config.in_channels, shape.height * factor, shape.width * factor)
    seen = pixels.folded(tape, video, batch, config.in_channels, factor, "controlnet_encode")
    both = config.vae_channels + seen.shape[1]
    joined = tape.cat((latent, seen), batch, shape.frames, both, shape.height, shape.width)
    temb, features = cogvideox.conditioned(tape, config, batch)
    embedded = cogvideox.patch_embed(tape, widened(config, both), shape, text, joined)
    context, hidden = embedded.view(batch, shape.tokens, width), embedded.view(batch, n, width)
    del embedded
    rotary = cogvideox.rotary_table(tape, config, n) if config.rotates else None
    given: list[Tensor] = []
    for i in range(config.num_layers):
        with tape.block(f"transformer_blocks.{i}"):
            hidden, context = cogvideox.block(tape, config, hidden, context, temb, rotary)
        projected = hidden
        if config.out_proj_dim is not None:
            projected = tape.linear(hidden, config.out_proj_dim, f"out_projectors.{i}")
        given.append(projected)
        del projected
    del timestep, features, seen, joined, video, latent
    return [added(tape, hint) for hint in given]


def widened(config: Config, channels: Number) -> Joined:
    """The configuration with as many channels as latent and control have together."""
    numbers = {name: getattr(config, name) for name in Joined.__struct_fields__}
    return Joined(**{**numbers, "in_channels": channels})
