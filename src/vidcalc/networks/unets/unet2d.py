"""The image U-Net of Stable Diffusion 1.5 and SDXL: residual blocks and transformers with text as context.

Mirrors diffusers' UNet2DConditionModel. Source: arXiv 2112.10752, 2307.01952; diffusers 0.42.1
models/unets/unet_2d_condition.py, unet_2d_blocks.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.embedding import sinusoid, timestep_mlp
from vidcalc.networks.unets.blocks import features, image_transformer, per_level, residual_block
from vidcalc.networks.unets.trunk import Stage, Stages, trunk
from vidcalc.tape import Tape, Tensor

CLASSES = ("UNet2DConditionModel",)
SIZES = 6  # numbers SDXL is told: original size, crop corner, target size


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names. `attention_head_dim` counts heads, as it does there."""

    in_channels: Number = 4
    out_channels: Number = 4
    down_block_types: tuple[str, ...] = (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D")
    up_block_types: tuple[str, ...] = ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3)
    block_out_channels: tuple[Number, ...] = (320, 640, 1280, 1280)
    layers_per_block: int | tuple[int, ...] = 2
    norm_num_groups: Number = 32
    cross_attention_dim: Number = 1280
    transformer_layers_per_block: int | tuple[int, ...] = 1
    attention_head_dim: int | tuple[int, ...] = 8
    num_attention_heads: Any = None
    use_linear_projection: bool = False
    addition_embed_type: str | None = None
    addition_time_embed_dim: Any = None
    projection_class_embeddings_input_dim: Any = None

    @property
    def heads(self) -> tuple[int, ...]:
        """Attention heads of each level, from the finest on."""
        return per_level(self.num_attention_heads or self.attention_head_dim, len(self.block_out_channels))


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch · frames, in_channels, height, width] -> [batch · frames, out_channels, height, width]."""
    images = shape.batch * shape.frames
    latent = tape.input(images, config.in_channels, shape.height, shape.width)
    timestep = tape.input(1)
    text = tape.input(images, shape.tokens, config.cross_attention_dim)
    emb, kept = condition(tape, config, images)
    x = tape.convolution(latent, config.block_out_channels[0], (3, 3), "conv_in")
    stages, middle = parts(tape, config, emb, text)
    layers = per_level(config.layers_per_block, len(config.block_out_channels))
    out = trunk(
        tape,
        x,
        config.block_out_channels,
        layers,
        stages,
        middle,
        c_out=config.out_channels,
        groups=config.norm_num_groups,
    )
    del timestep, kept
    return out


def parts(tape: Tape, config: Config, emb: Tensor, text: Tensor) -> tuple[Stages, Stage]:
    """What the layers of a level do, and the middle."""
    levels, deepest = len(config.block_out_channels), config.block_out_channels[-1]
    depth = per_level(config.transformer_layers_per_block, levels)

    def resnet(x: Tensor, width: Number, i: int) -> Tensor:
        with tape.checkpointed():
            return residual_block(tape, x, emb, width, f"resnets.{i}", config.norm_num_groups)

    def attend(x: Tensor, level: int, i: int) -> Tensor:
        return image_transformer(
            tape,
            x,
            text,
            config.heads[level],
            f"attentions.{i}",
            layers=depth[level],
            linear=config.use_linear_projection,
            groups=config.norm_num_groups,
        )

    def stages(side: str, level: int, i: int, width: Number) -> tuple[Stage, ...]:
        types = config.down_block_types if side == "down" else config.up_block_types
        finest_first = level if side == "down" else levels - 1 - level
        first: Stage = lambda x: resnet(x, width, i)  # noqa: E731
        second: Stage = lambda x: attend(x, finest_first, i)  # noqa: E731
        return (first, second) if types[level].startswith("CrossAttn") else (first,)

    def middle(x: Tensor) -> Tensor:
        hidden = residual_block(tape, x, emb, deepest, "resnets.0", config.norm_num_groups)  # never checkpointed
        hidden = attend(hidden, levels - 1, 0)
        return resnet(hidden, deepest, 1)

    return stages, middle


def condition(
    tape: Tape, config: Any, samples: Number, *, hold_sizes: bool = False
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Timestep (SDXL: and pooled text and sizes) -> embedding[samples, 4 · width], and what stays alive beside it.

    hold_sizes   the embedded sizes stay alive too, as AnimateDiff's forward holds them
    """
    width = config.block_out_channels[0]
    t_emb = features(tape, samples, width)
    emb = timestep_mlp(tape, t_emb, 4 * width, "time_embedding")
    if config.addition_embed_type != "text_time":
        return emb, (t_emb,)
    numbers = tape.empty((samples, SIZES))
    added, *inputs = text_and_sizes(tape, config, samples)
    kept = (t_emb, numbers, added, *(inputs if hold_sizes else ()))
    del inputs
    return tape.add(emb, added), kept


def text_and_sizes(tape: Tape, config: Any, samples: Number) -> tuple[Tensor, Tensor, Tensor]:
    """The pooled text vector beside the features of six sizes -> [samples, 4 · width]; and both inputs of that."""
    joined_width = config.projection_class_embeddings_input_dim
    sizes = sinusoid(tape, samples * SIZES, config.addition_time_embed_dim)
    joined = tape.cast(tape.cat((sizes,), samples, joined_width), tape.dtype)
    return timestep_mlp(tape, joined, 4 * config.block_out_channels[0], "add_embedding"), sizes, joined
