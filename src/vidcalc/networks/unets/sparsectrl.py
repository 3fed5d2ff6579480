"""AnimateDiff with SparseCtrl: a control network with motion modules that is given a few frames of the clip.

Like a ControlNet it is the way down and the middle of its U-Net; it reads the given frames (in latents, or in pixels)
beside a mask that says which they are.
Source: arXiv 2311.16933; diffusers 0.42.1 models/controlnets/controlnet_sparsectrl.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.unets import controlnet, motion
from vidcalc.networks.unets.controlnet import Hints, steered, way_down
from vidcalc.networks.unets.unet2d import condition
from vidcalc.tape import Tape, Tensor

CLASSES = ("UNetMotionModel+SparseControlNetModel",)


class Control(motion.Config, frozen=True, kw_only=True):
    """The numbers of the control network, under diffusers' names."""

    cross_attention_dim: Number = 768
    use_motion_mid_block: bool = False
    conditioning_channels: Number = 4
    concat_conditioning_mask: bool = True
    use_simplified_condition_embedding: bool = True
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
    side = 1 if c.use_simplified_condition_embedding else controlnet.PIXELS
    given = tape.input(shape.batch, c.conditioning_channels, shape.frames, side * shape.height, side * shape.width)
    mask = tape.input(shape.batch, 1, shape.frames, side * shape.height, side * shape.width)
    with tape.scope("control"):
        hints = controlled(tape, c, shape, latent, text, given)
    with tape.scope("network"):
        out = steered(tape, config.network, shape, latent, text, hints)
    del timestep, mask
    return out


def controlled(tape: Tape, config: Control, shape: Shape, latent: Tensor, text: Tensor, given: Tensor) -> Hints:
    """The control network on a clip: its maps, and that of the middle."""
    images, width = shape.batch * shape.frames, config.block_out_channels[0]
    emb, kept = condition(tape, config, shape.batch)
    emb = tape.copy(emb, images, 4 * width, name="repeat")
    sample = tape.copy(latent, images, latent.shape[1], shape.height, shape.width, name="frames_first")
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    joined = given
    channels = config.conditioning_channels + config.concat_conditioning_mask
    if config.concat_conditioning_mask:
        joined = tape.cat((given,), shape.batch, channels, *given.shape[2:])
    flat = tape.copy(joined, images, channels, *given.shape[3:], name="frames_first")
    del joined
    if config.use_simplified_condition_embedding:
        shown = tape.convolution(flat, width, (3, 3), "controlnet_cond_embedding")
    else:
        sizes = config.conditioning_embedding_out_channels
        numbers = controlnet.Control(
            conditioning_embedding_out_channels=sizes, block_out_channels=config.block_out_channels
        )
        shown = controlnet.embedded(tape, numbers, flat)
    del flat
    x = tape.add(x, shown)
    stages, middle = motion.parts(tape, config, emb, text, shape, twice=False)
    hints = way_down(tape, config, x, stages, middle)
    del kept, shown, sample
    return hints
