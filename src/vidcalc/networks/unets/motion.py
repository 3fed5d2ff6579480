"""AnimateDiff: the image U-Net of Stable Diffusion 1.5 or SDXL with a motion module, a transformer over frames, after
every layer.

Mirrors diffusers' UNetMotionModel. Source: arXiv 2307.04725; diffusers 0.42.1 models/unets/unet_motion_model.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.unets.blocks import copied_where_many, image_transformer, per_level, residual_block
from vidcalc.networks.unets.temporal import temporal_transformer
from vidcalc.networks.unets.trunk import Stage, Stages, trunk
from vidcalc.networks.unets.unet2d import condition
from vidcalc.tape import Tape, Tensor

CLASSES = ("UNetMotionModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names. Tuples have one entry per level, from the finest on."""

    in_channels: Number = 4
    out_channels: Number = 4
    down_block_types: tuple[str, ...] = (*("CrossAttnDownBlockMotion",) * 3, "DownBlockMotion")
    up_block_types: tuple[str, ...] = ("UpBlockMotion", *("CrossAttnUpBlockMotion",) * 3)
    block_out_channels: tuple[Number, ...] = (320, 640, 1280, 1280)
    layers_per_block: int | tuple[int, ...] = 2
    norm_num_groups: Number = 32
    cross_attention_dim: Number = 1280
    transformer_layers_per_block: int | tuple[int, ...] = 1
    temporal_transformer_layers_per_block: int | tuple[int, ...] = 1
    use_linear_projection: bool = False
    num_attention_heads: int | tuple[int, ...] = 8
    motion_num_attention_heads: int | tuple[int, ...] = 8
    use_motion_mid_block: bool = True
    addition_embed_type: str | None = None
    addition_time_embed_dim: Number | None = None
    projection_class_embeddings_input_dim: Number | None = None


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level, all frames."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width].

    The pipeline hands over the text once per frame: [batch · frames, tokens, d_text].
    """
    images, width = shape.batch * shape.frames, config.block_out_channels[0]
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(1)
    text = tape.input(images, shape.tokens, config.cross_attention_dim)
    emb, kept = condition(tape, config, shape.batch, hold_sizes=True)
    emb = tape.copy(emb, images, 4 * width, name="repeat")
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = copied_where_many(tape, sample, shape.batch)
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    del frames_first
    out = body(tape, config, x, emb, text, shape)
    del timestep, kept
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)


def body(
    tape: Tape,
    config: Config,
    maps: Tensor,
    emb: Tensor,
    text: Tensor,
    shape: Shape,
) -> Tensor:
    """The U on maps[batch · frames, width, h, w] from the first convolution."""
    stages, middle = parts(tape, config, emb, text, shape)
    widths, groups = config.block_out_channels, config.norm_num_groups
    layers = per_level(config.layers_per_block, len(widths))
    return trunk(tape, maps, widths, layers, stages, middle, c_out=config.out_channels, groups=groups)


def parts(
    tape: Tape, config: Config, emb: Tensor, text: Tensor, shape: Shape, *, twice: bool = True
) -> tuple[Stages, Stage]:
    """What the layers of a level do, and the middle; frames attend to each other once or twice in a motion module."""
    levels, groups, deepest = len(config.block_out_channels), config.norm_num_groups, config.block_out_channels[-1]
    heads = per_level(config.num_attention_heads, levels)
    motion_heads = per_level(config.motion_num_attention_heads, levels)
    depth = per_level(config.transformer_layers_per_block, levels)
    motion_depth = per_level(config.temporal_transformer_layers_per_block, levels)
    linear = config.use_linear_projection

    def resnet(x: Tensor, width: Number, i: int) -> Tensor:
        with tape.checkpointed():
            return residual_block(tape, x, emb, width, f"resnets.{i}", groups)

    def attend(x: Tensor, level: int, i: int) -> Tensor:
        name = f"attentions.{i}"
        return image_transformer(tape, x, text, heads[level], name, layers=depth[level], linear=linear, groups=groups)

    def move(x: Tensor, level: int, i: int, layers: Number) -> Tensor:
        name = f"motion_modules.{i}"
        return temporal_transformer(
            tape,
            x,
            shape.batch,
            motion_heads[level],
            x.shape[1],
            name,
            groups,
            layers=layers,
            positions=True,
            blocks=False,
            twice=twice,
        )

    def stages(side: str, level: int, i: int, width: Number) -> tuple[Stage, ...]:
        types = config.down_block_types if side == "down" else config.up_block_types
        at = level if side == "down" else levels - 1 - level
        first: Stage = lambda x: resnet(x, width, i)  # noqa: E731
        second: Stage = lambda x: attend(x, at, i)  # noqa: E731
        last: Stage = lambda x: move(x, at, i, motion_depth[at])  # noqa: E731
        return (first, second, last) if types[level].startswith("CrossAttn") else (first, last)

    def middle(x: Tensor) -> Tensor:
        hidden = residual_block(tape, x, emb, deepest, "resnets.0", groups)  # never checkpointed
        hidden = attend(hidden, levels - 1, 0)
        if config.use_motion_mid_block:
            with tape.checkpointed():
                hidden = move(hidden, levels - 1, 0, 1)
        return resnet(hidden, deepest, 1)

    return stages, middle
