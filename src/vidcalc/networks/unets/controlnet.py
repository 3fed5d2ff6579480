"""AnimateDiff with a ControlNet: at each step the control network runs first and its maps join the U-Net's.

A ControlNet is the way down and the middle of the image U-Net, with an embedding of the control image and a 1 × 1
convolution behind every map; frames are a batch.
Source: arXiv 2302.05543; diffusers 0.42.1 models/controlnets/controlnet.py, models/unets/unet_motion_model.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.unets import motion, unet2d
from vidcalc.networks.unets.blocks import copied_where_many, per_level
from vidcalc.networks.unets.trunk import Stage, Stages, contracted, expanded
from vidcalc.tape import Tape, Tensor

CLASSES = ("UNetMotionModel+ControlNetModel",)
PIXELS = 8  # of the control image per latent place, along a side
COLOURS = 3

Hints = tuple[list[Tensor], Tensor]


class Control(unet2d.Config, frozen=True, kw_only=True):
    """The numbers of the control network, under diffusers' names."""

    conditioning_channels: Number = COLOURS
    conditioning_embedding_out_channels: tuple[Number, ...] = (16, 32, 96, 256)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Both networks."""

    network: motion.Config = motion.Config()
    control: Control = Control()


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level, all frames."""
    return motion.tokens(config.network, shape)


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    c, images = config.control, shape.batch * shape.frames
    latent = tape.input(shape.batch, config.network.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(1)
    text = tape.input(images, shape.tokens, config.network.cross_attention_dim)
    control = tape.input(images, c.conditioning_channels, PIXELS * shape.height, PIXELS * shape.width)
    flat = tape.copy(latent, images, config.network.in_channels, shape.height, shape.width, name="transpose")
    with tape.scope("control"):
        hints = controlled(tape, c, flat, text, control)
    with tape.scope("network"):
        out = steered(tape, config.network, shape, latent, text, hints)
    del timestep, flat
    return out


def controlled(tape: Tape, config: Control, latent: Tensor, text: Tensor, control: Tensor) -> Hints:
    """The control network on images[images, in_channels, height, width]: its maps, and that of the middle."""
    emb, kept = unet2d.condition(tape, config, latent.shape[0])
    x = tape.convolution(latent, config.block_out_channels[0], (3, 3), "conv_in")
    x = tape.add(x, embedded(tape, config, control))
    stages, middle = unet2d.parts(tape, config, emb, text)
    hints = way_down(tape, config, x, stages, middle)
    del kept
    return hints


def way_down(tape: Tape, config: Control | motion.Config, x: Tensor, stages: Stages, middle: Stage) -> Hints:
    """Down and through the middle, each map through a convolution and times a number."""
    widths = config.block_out_channels
    hidden, skips = contracted(tape, x, widths, per_level(config.layers_per_block, len(widths)), stages)
    with tape.scope("mid_block"):
        hidden = middle(hidden)
    maps = [
        tape.convolution(skip, skip.shape[1], (1, 1), f"controlnet_down_blocks.{i}") for i, skip in enumerate(skips)
    ]
    del skips
    deepest = tape.convolution(hidden, hidden.shape[1], (1, 1), "controlnet_mid_block")
    scaled = [tape.scale(each) for each in maps]
    del maps
    return scaled, tape.scale(deepest)


def embedded(tape: Tape, config: Control, control: Tensor) -> Tensor:
    """Control images in pixels -> maps of the latent's size: convolutions, every other one halving."""
    first, *wider = config.conditioning_embedding_out_channels
    with tape.scope("controlnet_cond_embedding"):
        hidden = tape.convolution(control, first, (3, 3), "conv_in")
        hidden = tape.act(hidden)
        for i, width in enumerate(wider):
            hidden = tape.convolution(hidden, hidden.shape[1], (3, 3), f"blocks.{2 * i}")
            hidden = tape.act(hidden)
            half = hidden.shape[2] // 2, hidden.shape[3] // 2
            hidden = tape.convolution(hidden, width, (3, 3), f"blocks.{2 * i + 1}", out=half)
            hidden = tape.act(hidden)
        return tape.convolution(hidden, config.block_out_channels[0], (3, 3), "conv_out")


def steered(tape: Tape, config: motion.Config, shape: Shape, latent: Tensor, text: Tensor, hints: Hints) -> Tensor:
    """AnimateDiff's U-Net with the control network's maps."""
    images, width = shape.batch * shape.frames, config.block_out_channels[0]
    emb, kept = unet2d.condition(tape, config, shape.batch, hold_sizes=True)
    emb = tape.copy(emb, images, 4 * width, name="repeat")
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = copied_where_many(tape, sample, shape.batch)
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    del frames_first
    stages, middle = motion.parts(tape, config, emb, text, shape)
    widths, groups = config.block_out_channels, config.norm_num_groups
    layers = per_level(config.layers_per_block, len(widths))
    hidden, left = contracted(tape, x, widths, layers, stages)
    del x
    skips = [tape.add(skip, hint) for skip, hint in zip(left, hints[0], strict=True)]
    del left
    with tape.scope("mid_block"):
        hidden = middle(hidden)
    hidden = tape.add(hidden, hints[1])
    joined = list(skips)  # all of them stay to the end
    skips.append(hidden)
    del hidden
    out = expanded(tape, skips, widths, layers, stages, c_out=config.out_channels, groups=groups)
    del kept, joined
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)
