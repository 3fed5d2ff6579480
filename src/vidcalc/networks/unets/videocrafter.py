"""VideoCrafter2 and DynamiCrafter: ModelScope's U-Net that also hears the frame rate, and (DynamiCrafter) sees image
tokens.

The published UNetModel lays out the same blocks as ModelScope's network; the taped blocks, and the names of their
weights, are those of `unet3d`, with fused attention (the published code uses xFormers). Every frame attends to
its share of `shape.image_tokens`, with keys and values beside the text's.
Source: arXiv 2401.09047, 2310.12190; AILab-CVC/VideoCrafter and Doubiiu/DynamiCrafter:
lvdm/modules/networks/openaimodel3d.py, lvdm/modules/attention.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.unets import unet3d
from vidcalc.networks.unets.blocks import copied_where_many, features
from vidcalc.tape import Tape, Tensor

CLASSES = ("LVDMUNetModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the published code's names."""

    in_channels: Number = 4
    out_channels: Number = 4
    model_channels: Number = 320
    channel_mult: tuple[Number, ...] = (1, 2, 4, 4)
    attention_resolutions: tuple[int, ...] = (4, 2, 1)
    num_res_blocks: int = 2
    num_head_channels: Number = 64
    context_dim: Number = 1024
    fps_cond: bool = False
    fs_condition: bool = False
    image_cross_attention: bool = False
    image_cross_attention_scale_learnable: bool = False


def as_unet3d(config: Config) -> unet3d.Config:
    """The same numbers under ModelScope's names: a level attends where its reduction is among the attention
    resolutions.
    """
    attends = [2**level in config.attention_resolutions for level in range(len(config.channel_mult))]
    return unet3d.Config(
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        block_out_channels=tuple(config.model_channels * m for m in config.channel_mult),
        layers_per_block=config.num_res_blocks,
        cross_attention_dim=config.context_dim,
        attention_head_dim=config.num_head_channels,
        down_block_types=tuple("CrossAttnDownBlock3D" if each else "DownBlock3D" for each in attends),
        up_block_types=tuple("CrossAttnUpBlock3D" if each else "UpBlock3D" for each in reversed(attends)),
    )


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level, all frames."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    same = as_unet3d(config)
    images, width, d = shape.batch * shape.frames, same.block_out_channels[0], config.context_dim
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep, rate = tape.input(shape.batch), tape.input(shape.batch)
    text = tape.input(shape.batch, shape.tokens, d)
    picture = tape.input(shape.batch, shape.image_tokens, d) if config.image_cross_attention else None

    emb = numbers_mlp(tape, shape.batch, width, "time_embed")
    if config.fps_cond or config.fs_condition:
        emb = tape.add(emb, numbers_mlp(tape, shape.batch, width, "fps_embedding"))
    emb = tape.copy(emb, images, 4 * width, name="repeat")
    context = tape.copy(text, images, shape.tokens, d, name="repeat")
    beside = picture.view(images, shape.image_tokens // shape.frames, d) if picture is not None else None
    if config.image_cross_attention_scale_learnable:
        tape.parameter("image_scales", scales(same))
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = copied_where_many(tape, sample, shape.batch)
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    del frames_first
    x = unet3d.first_transformer(tape, same, x, shape)
    out = unet3d.body(tape, same, x, emb, context, shape, beside=beside)
    del timestep, rate
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)


def scales(config: unet3d.Config) -> int:
    """Spatial transformers of the network, each with one learned weight for the image: down, middle and up."""
    levels = sum(kind.startswith("CrossAttn") for kind in config.down_block_types)
    return levels * (2 * config.layers_per_block + 1) + 1


def numbers_mlp(tape: Tape, count: Number, width: Number, name: str) -> Tensor:
    """Sinusoidal features of one number per sample, linear, SiLU, linear -> [count, 4 · width]."""
    with tape.scope(name):
        hidden = tape.linear(features(tape, count, width), 4 * width, "0")
        hidden = tape.act(hidden)
        return tape.linear(hidden, 4 * width, "2")
