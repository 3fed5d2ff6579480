"""Stable Video Diffusion (SVD, SVD-XT): an image U-Net with a temporal twin beside every spatial block, blended by a
learned weight.

Mirrors diffusers' UNetSpatioTemporalConditionModel. Source: arXiv 2311.15127; diffusers 0.42.1
models/unets/unet_spatio_temporal_condition.py, unet_3d_blocks.py, models/resnet.py,
transformers/transformer_temporal.py.
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import attention, gated_feed_forward, transformer_block
from vidcalc.networks.transformers.embedding import timestep_mlp
from vidcalc.networks.unets.blocks import (
    channels_first,
    copied_where_many,
    features,
    per_level,
    residual_block,
    strided_linear,
)
from vidcalc.networks.unets.trunk import Stage, trunk
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

CLASSES = ("UNetSpatioTemporalConditionModel",)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under diffusers' names. Tuples have one entry per level, from the finest on."""

    in_channels: Number = 8
    out_channels: Number = 4
    down_block_types: tuple[str, ...] = (*("CrossAttnDownBlockSpatioTemporal",) * 3, "DownBlockSpatioTemporal")
    up_block_types: tuple[str, ...] = ("UpBlockSpatioTemporal", *("CrossAttnUpBlockSpatioTemporal",) * 3)
    block_out_channels: tuple[Number, ...] = (320, 640, 1280, 1280)
    addition_time_embed_dim: Number = 256
    projection_class_embeddings_input_dim: Number = 768
    layers_per_block: int | tuple[int, ...] = 2
    cross_attention_dim: int | tuple[int, ...] = 1024
    transformer_layers_per_block: int | tuple[int, ...] = 1
    num_attention_heads: int | tuple[int, ...] = (5, 10, 20, 20)


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level, all frames."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, in_channels, height, width] -> [batch, frames, out_channels, height, width]."""
    images, levels = shape.batch * shape.frames, len(config.block_out_channels)
    text_widths = per_level(config.cross_attention_dim, levels)
    latent = tape.input(shape.batch, shape.frames, config.in_channels, shape.height, shape.width)
    timestep = tape.input(1)
    picture = tape.input(shape.batch, 1, text_widths[0])
    added = tape.input(shape.batch, config.projection_class_embeddings_input_dim // config.addition_time_embed_dim)

    temb, kept = condition(tape, config, shape)
    emb = tape.copy(temb, images, temb.shape[1], name="repeat")
    del temb
    context = tape.copy(picture, images, 1, picture.shape[2], name="repeat")
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    x = tape.convolution(sample, config.block_out_channels[0], (3, 3), "conv_in")
    indicator = tape.empty((shape.batch, shape.frames))

    layers = per_level(config.layers_per_block, levels)
    heads = per_level(config.num_attention_heads, levels)
    depth = per_level(config.transformer_layers_per_block, levels)

    def resnet(x: Tensor, width: Number, i: int) -> Tensor:
        with tape.checkpointed():
            return video_residual_block(tape, x, emb, width, shape, f"resnets.{i}")

    def attend(x: Tensor, level: int, i: int) -> Tensor:
        return video_transformer(tape, x, context, heads[level], depth[level], shape, f"attentions.{i}")

    def stages(side: str, level: int, i: int, width: Number) -> tuple[Stage, ...]:
        types = config.down_block_types if side == "down" else config.up_block_types
        finest_first = level if side == "down" else levels - 1 - level
        first: Stage = lambda x: resnet(x, width, i)  # noqa: E731
        second: Stage = lambda x: attend(x, finest_first, i)  # noqa: E731
        return (first, second) if types[level].startswith("CrossAttn") else (first,)

    def middle(x: Tensor) -> Tensor:
        hidden = video_residual_block(tape, x, emb, config.block_out_channels[-1], shape, "resnets.0")
        hidden = attend(hidden, levels - 1, 0)
        return resnet(hidden, config.block_out_channels[-1], 1)

    out = trunk(tape, x, config.block_out_channels, layers, stages, middle, c_out=config.out_channels)
    del timestep, added, kept, indicator
    return out.view(shape.batch, shape.frames, config.out_channels, shape.height, shape.width)


def condition(tape: Tape, config: Config, shape: Shape) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Timestep and the clip's numbers -> embedding[batch, 4 · width], and what stays alive beside it."""
    width = config.block_out_channels[0]
    numbers = config.projection_class_embeddings_input_dim // config.addition_time_embed_dim
    t_emb = features(tape, shape.batch, width)
    emb = timestep_mlp(tape, t_emb, 4 * width, "time_embedding")
    clip = features(tape, shape.batch * numbers, config.addition_time_embed_dim)
    clip = clip.view(shape.batch, config.projection_class_embeddings_input_dim)
    added = timestep_mlp(tape, clip, 4 * width, "add_embedding")
    return tape.add(emb, added), (t_emb, clip, added)


def video_residual_block(
    tape: Tape,
    x: Tensor,
    temb: Tensor | None,
    c_out: Number,
    shape: Shape,
    name: str,
    *,
    switched: bool = False,
    channels_last: bool = False,
) -> Tensor:
    """A residual block on each image, one over time on its output, and the blend of both. x[batch · frames, c, h,
    w].
    """
    with tape.scope(name):
        spatial = residual_block(tape, x, temb, c_out, "spatial_res_block", channels_last=channels_last)
        images, c, height, width = spatial.shape
        clip = spatial.view(shape.batch, c, shape.frames, height, width)
        temporal = temporal_residual_block(tape, clip, temb, "temporal_res_block")
        out = blend(tape, clip, temporal, images, switched=switched)
        return out.view(images, c, height, width)


def temporal_residual_block(tape: Tape, x: Tensor, temb: Tensor | None, name: str) -> Tensor:
    """norm, SiLU, 3×1×1 convolution, twice, with the timestep in between; x[batch, c, frames, h, w], frames
    outermost in memory.
    """
    batch, c, frames, *_ = x.shape
    with tape.scope(name):
        hidden = tape.group_norm(tape.copy(x, name="contiguous"), 32, "norm1")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c, (3, 1, 1), "conv1")
        if temb is not None:
            shift = tape.act(temb)
            shift = tape.linear(shift, c, "time_emb_proj").view(batch, c, frames, 1, 1)
            hidden = tape.add(hidden, shift)
        hidden = tape.group_norm(hidden, 32, "norm2")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c, (3, 1, 1), "conv2")
        return tape.add(x, hidden, reordered=True)


def blend(tape: Tape, spatial: Tensor, temporal: Tensor, images: Number, *, switched: bool = False) -> Tensor:
    """weight · spatial + (1 − weight) · temporal, the weight learned (one per image in the denoiser, one in the
    decoder).
    """
    tape.parameter("time_mixer.mix_factor", 1)
    weight = tape.empty((1,) if switched else (images,))
    weight.node = tape.differentiable((), (), weight.nbytes, ELEMENT_BYTES[tape.dtype]) if tape.training else -1
    if switched:
        weight = tape.scale(weight)
    left = tape.mul(spatial, weight)
    return tape.add(left, tape.mul(temporal, tape.scale(weight)), reordered=True)


def video_transformer(
    tape: Tape, x: Tensor, context: Tensor, heads: Number, layers: int, shape: Shape, name: str
) -> Tensor:
    """For each layer a transformer block over the places of each image, one over the frames of each place, and their
    blend.
    """
    images, c, height, width = x.shape
    n = height * width
    with tape.scope(name):
        over_time = context.view(shape.batch * n, context.shape[1], context.shape[2])
        over_time = copied_where_many(tape, over_time, shape.batch).view(*over_time.shape)
        hidden = tape.group_norm(x, 32, "norm").view(images, n, c)
        hidden = strided_linear(tape, hidden, c, "proj_in")
        numbers = tape.empty((images,), "int64")
        t_emb = features(tape, images, c)
        emb = positions(tape, t_emb, c)
        for i in range(layers):
            with tape.scope(f"transformer_blocks.{i}"), tape.checkpointed():
                hidden = transformer_block(tape, hidden, context, heads, c)
            mix = tape.add(hidden, emb)
            with tape.scope(f"temporal_transformer_blocks.{i}"):
                mix = temporal_block(tape, mix, over_time, heads, shape)
            hidden = blend(tape, hidden, mix, images)
        hidden = tape.linear(hidden, c, "proj_out")
        hidden = channels_first(tape, hidden, images, c, height, width)
        del numbers
        return tape.add(hidden, x)


def positions(tape: Tape, x: Tensor, c: Number) -> Tensor:
    """Frame numbers' features -> [images, 1, c]: linear to four times the width, SiLU, linear back."""
    with tape.scope("time_pos_embed"):
        hidden = tape.linear(x, 4 * c, "linear_1")
        hidden = tape.act(hidden)
        return tape.linear(hidden, c, "linear_2")


def temporal_block(tape: Tape, x: Tensor, context: Tensor, heads: Number, shape: Shape) -> Tensor:
    """Feed-forward, self-attention over frames, cross-attention, feed-forward. x[batch · frames, n, c]."""
    images, n, c = x.shape
    turned = x.view(shape.batch * n, shape.frames, c)
    residual = copied_where_many(tape, turned, shape.batch)
    hidden = tape.layer_norm(turned, "norm_in")
    hidden = gated_feed_forward(tape, hidden, c, "ff_in")
    hidden = tape.add(hidden, turned)
    normed = tape.layer_norm(hidden, "norm1")
    attended = attention(tape, normed, None, heads, c, "attn1")
    hidden = tape.add(attended, hidden)
    normed = tape.layer_norm(hidden, "norm2")
    attended = attention(tape, normed, context, heads, c, "attn2")
    hidden = tape.add(attended, hidden)
    normed = tape.layer_norm(hidden, "norm3")
    mixed = gated_feed_forward(tape, normed, c, "ff")
    hidden = tape.add(mixed, hidden)
    copied_where_many(tape, hidden, shape.batch)
    del residual
    return hidden.view(images, n, c)
