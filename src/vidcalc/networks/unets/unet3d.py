"""ModelScope text-to-video and ZeroScope: an image U-Net with a convolution and a transformer over frames after every
spatial one.

Mirrors diffusers' UNet3DConditionModel. Source: arXiv 2308.06571; diffusers 0.42.1 models/unets/unet_3d_condition.py,
unet_3d_blocks.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import timestep_mlp
from vidcalc.networks.unets.blocks import copied_where_many, features, image_transformer, residual_block
from vidcalc.networks.unets.temporal import temporal_convolutions, temporal_transformer
from vidcalc.networks.unets.trunk import Stage, trunk
from vidcalc.tape import Tape, Tensor

CLASSES = ("UNet3DConditionModel",)
HEADS_IN = 8  # of the transformer over frames that comes first, fixed in the published code


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names. `attention_head_dim` is the size of a head here."""

    in_channels: Number = 4
    out_channels: Number = 4
    down_block_types: tuple[str, ...] = (*("CrossAttnDownBlock3D",) * 3, "DownBlock3D")
    up_block_types: tuple[str, ...] = ("UpBlock3D", *("CrossAttnUpBlock3D",) * 3)
    block_out_channels: tuple[Number, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    norm_num_groups: Number = 32
    cross_attention_dim: Number = 1024
    attention_head_dim: Number = 64


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level, all frames."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    images, width = shape.batch * shape.frames, config.block_out_channels[0]
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(1)
    text = tape.input(shape.batch, shape.tokens, config.cross_attention_dim)

    t_emb = features(tape, shape.batch, width)
    emb = timestep_mlp(tape, t_emb, 4 * width, "time_embedding")
    emb = tape.copy(emb, images, 4 * width, name="repeat")
    context = tape.copy(text, images, shape.tokens, config.cross_attention_dim, name="repeat")
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = copied_where_many(tape, sample, shape.batch)
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    del frames_first
    x = first_transformer(tape, config, x, shape)
    out = body(tape, config, x, emb, context, shape)
    del timestep, t_emb
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)


def first_transformer(tape: Tape, config: Config, x: Tensor, shape: Shape) -> Tensor:
    """A transformer over frames before the first level."""
    inner = HEADS_IN * config.attention_head_dim
    return temporal_transformer(tape, x, shape.batch, HEADS_IN, inner, "transformer_in", config.norm_num_groups)


def body(
    tape: Tape,
    config: Config,
    maps: Tensor,
    emb: Tensor,
    context: Tensor,
    shape: Shape,
    *,
    beside: Tensor | None = None,
) -> Tensor:
    """The U on maps[batch · frames, width, h, w], an embedding and a context per image (and image tokens beside it).

    diffusers' class has no gradient checkpointing of its own; who adds it takes these blocks one by one.
    """
    groups, d_head = config.norm_num_groups, config.attention_head_dim
    deepest = config.block_out_channels[-1]

    def resnet(x: Tensor, width: Number, i: int) -> Tensor:
        with tape.checkpointed():
            return residual_block(tape, x, emb, width, f"resnets.{i}", groups)

    def convolve(x: Tensor, i: int) -> Tensor:
        with tape.checkpointed():
            return temporal_convolutions(tape, x, shape.batch, f"temp_convs.{i}", groups)

    def attend(x: Tensor, width: Number, i: int) -> Tensor:
        heads = width // d_head
        return image_transformer(tape, x, context, heads, f"attentions.{i}", groups=groups, beside=beside)

    def attend_time(x: Tensor, width: Number, i: int) -> Tensor:
        return temporal_transformer(tape, x, shape.batch, width // d_head, width, f"temp_attentions.{i}", groups)

    def stages(side: str, level: int, i: int, width: Number) -> tuple[Stage, ...]:
        types = config.down_block_types if side == "down" else config.up_block_types
        convolutions: tuple[Stage, ...] = (lambda x: resnet(x, width, i), lambda x: convolve(x, i))
        transformers: tuple[Stage, ...] = (lambda x: attend(x, width, i), lambda x: attend_time(x, width, i))
        return convolutions + transformers if types[level].startswith("CrossAttn") else convolutions

    def middle(x: Tensor) -> Tensor:
        hidden = resnet(x, deepest, 0)
        hidden = convolve(hidden, 0)
        hidden = attend(hidden, deepest, 0)
        hidden = attend_time(hidden, deepest, 0)
        hidden = resnet(hidden, deepest, 1)
        return convolve(hidden, 1)

    layers = (config.layers_per_block,) * len(config.block_out_channels)
    return trunk(
        tape, maps, config.block_out_channels, layers, stages, middle, c_out=config.out_channels, groups=groups
    )
