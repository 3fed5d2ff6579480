"""Wan 2.1 VACE: the Wan video transformer with a control branch of blocks whose hints are added to some layers.

The branch runs first over the control latents; its hints wait in memory until the main blocks take them.
Source: arXiv 2503.07598; diffusers 0.42.1 models/transformers/transformer_wan_vace.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan
from vidcalc.tape import Tape, Tensor

CLASSES = ("WanVACETransformer3DModel",)


class Config(wan.Config, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names."""

    vace_layers: tuple[int, ...] = (0, 5, 10, 15, 20, 25, 30, 35)
    vace_in_channels: Number = 96


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens: latent frames × height × width over the patch."""
    return wan.tokens(config, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent and control[batch, channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    n, width = tokens(config, shape), config.width
    grid = (shape.frames, shape.height, shape.width)
    latent = tape.input(shape.batch, config.in_channels, *grid)
    timestep = tape.input(shape.batch, wan.timesteps(config, shape), dtype="fp32")
    text = tape.input(shape.batch, shape.tokens, config.text_dim)
    control_latent = tape.input(shape.batch, config.vace_in_channels, *grid)
    scales = tape.input(len(config.vace_layers))
    image = wan.image_input(tape, config, shape)

    rotary = wan.rotary_table(tape, config, n)
    hidden = wan.patch_embedding(tape, config, shape, latent, "patch_embedding")
    control = wan.patch_embedding(tape, config, shape, control_latent, "vace_patch_embedding")
    padding = tape.empty((shape.batch, 0, width))  # as long as the video is longer than the control: nothing
    control = tape.cat((control, padding), shape.batch, n, width)

    temb, modulation, context, picture = wan.condition(tape, config, shape, timestep, text, image)
    context = wan.joined(tape, context, picture)

    hints = []
    for i in range(len(config.vace_layers)):
        with tape.block(f"vace_blocks.{i}"):
            hint, control = control_block(tape, config, hidden, context, control, modulation, rotary, shape, i == 0)
        hints.append(hint)

    ends = (*config.vace_layers[1:], config.num_layers)
    for layer, end in zip(config.vace_layers, ends, strict=True):
        with tape.block(f"blocks.{layer}"):
            hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
        taken = hints.pop(0)
        hidden = tape.add(hidden, tape.scale(taken))
        with tape.repeat(f"blocks.{layer + 1}", end - layer - 1, hidden):  # the blocks from here to the next hint
            hidden = wan.block(tape, config, hidden, context, modulation, rotary, shape.image_tokens)
    del scales
    return wan.unpatchify(tape, config, shape, hidden, temb)


def control_block(
    tape: Tape,
    config: Config,
    hidden: Tensor,
    context: Tensor,
    control: Tensor,
    modulation: Tensor,
    rotary: tuple[Tensor, Tensor],
    shape: Shape,
    first: bool,
) -> tuple[Tensor, Tensor]:
    """A Wan block over the control tokens -> its hint and the control tokens; the first starts from the video's."""
    x = control
    if first:
        x = tape.linear(control, config.width, "proj_in")
        x = tape.add(x, hidden)
    x = wan.block(tape, config, x, context, modulation, rotary, shape.image_tokens)
    return tape.linear(x, config.width, "proj_out"), x
