"""LaVie: Stable Diffusion's U-Net with attention over frames; its base, interpolation and super-resolution models.

The base model's temporal attention has rotary and relative positions; the interpolation model has neither, and its
spatial attention also sees the first frame. Names of weights follow Stable Diffusion's U-Net; attention is fused (the
published code uses xFormers where no relative positions are added).

Super-resolution is Stable Diffusion's upscaler with convolutions and attention over frames all through it: every
transformer begins with a residual block over frames and has an attention over frames; every level is followed by a
block over frames and one over space. Where these stand relative to the resampling of a level is assumed (after it).
Source: arXiv 2309.15103; Vchitect/LaVie: base/models/unet.py, base/models/attention.py,
interpolation/models/attention.py, vsr/models/unet.py, vsr/models/temporal_module.py, vsr/models/attention.py.
"""

from typing import Any

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import attention, gated_feed_forward
from vidcalc.networks.transformers.embedding import timestep_mlp
from vidcalc.networks.unets.blocks import (
    copied_where_many,
    features,
    image_transformer,
    per_level,
    residual_block,
)
from vidcalc.networks.unets.temporal import ROTARY_FREQUENCIES, relative_frame_attention
from vidcalc.networks.unets.trunk import Stage, trunk
from vidcalc.tape import Tape, Tensor

CLASSES = ("LaVieUNet3DConditionModel", "LaVieUNet3DVSRModel")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network, under the published code's names. `attention_head_dim` counts heads."""

    in_channels: Number = 4
    out_channels: Number = 4
    block_out_channels: tuple[Number, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    cross_attention_dim: Number = 768
    attention_head_dim: Number = 8
    norm_num_groups: Number = 32
    use_first_frame: bool = False
    # super-resolution only: which levels attend, which of those to text alone, and how many noise levels it is told
    down_block_types: tuple[str, ...] = ()
    only_cross_attention: tuple[bool, ...] = ()
    num_class_embeds: Any = None


def tokens(config: Config, shape: Shape) -> Number:
    """Latent places of the finest level, all frames."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    if config.num_class_embeds is not None:
        return super_resolution(tape, config, shape)
    images, width, levels = shape.batch * shape.frames, config.block_out_channels[0], len(config.block_out_channels)
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(shape.batch)
    text = tape.input(shape.batch, shape.tokens, config.cross_attention_dim)
    t_emb = features(tape, shape.batch, width)
    emb = timestep_mlp(tape, t_emb, 4 * width, "time_embedding")
    context = tape.copy(text, images, shape.tokens, config.cross_attention_dim, name="repeat")
    if not config.use_first_frame:
        tape.parameter("rotary_emb.freqs", ROTARY_FREQUENCIES)
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = copied_where_many(tape, sample, shape.batch)
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    del frames_first

    def resnet(x: Tensor, width: Number, i: int) -> Tensor:
        with tape.checkpointed():
            return residual_block(tape, x, emb, width, f"resnets.{i}", config.norm_num_groups)

    def attend(x: Tensor, i: int) -> Tensor:
        return image_transformer(
            tape,
            x,
            context,
            config.attention_head_dim,
            f"attentions.{i}",
            linear=False,
            groups=config.norm_num_groups,
            block=lambda hidden: block(tape, config, hidden, context, shape),
        )

    def stages(side: str, level: int, i: int, width: Number) -> tuple[Stage, ...]:
        deepest = levels - 1 if side == "down" else 0  # the deepest level has no transformer
        convolution: Stage = lambda x: resnet(x, width, i)  # noqa: E731
        transformer: Stage = lambda x: attend(x, i)  # noqa: E731
        return (convolution,) if level == deepest else (convolution, transformer)

    def middle(x: Tensor) -> Tensor:
        hidden = resnet(x, x.shape[1], 0)
        hidden = attend(hidden, 0)
        return resnet(hidden, hidden.shape[1], 1)

    layers = per_level(config.layers_per_block, levels)
    out = trunk(tape, x, config.block_out_channels, layers, stages, middle, c_out=config.out_channels)
    del timestep, t_emb
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)


def block(tape: Tape, config: Config, x: Tensor, context: Tensor, shape: Shape) -> Tensor:
    """Attention over places, over text, over frames, feed-forward; x[batch · frames, places, c]."""
    images, places, c = x.shape
    heads = config.attention_head_dim
    normed = tape.layer_norm(x, "norm1")
    attended = (
        first_frame_attention(tape, normed, heads, shape)
        if config.use_first_frame
        else attention(tape, normed, None, heads, c, "attn1")
    )
    hidden = tape.add(attended, x)
    normed = tape.layer_norm(hidden, "norm2")
    attended = attention(tape, normed, context, heads, c, "attn2")
    hidden = tape.add(attended, hidden)
    turned = copied_where_many(tape, hidden, shape.batch)
    normed = tape.layer_norm(hidden.view(shape.batch * places, shape.frames, c), "norm_temp")
    attended = frame_attention(tape, config, normed, heads)
    hidden = tape.add(attended, hidden.view(shape.batch * places, shape.frames, c))
    del turned
    copied_where_many(tape, hidden, shape.batch)
    hidden = hidden.view(images, places, c)
    normed = tape.layer_norm(hidden, "norm3")
    mixed = gated_feed_forward(tape, normed, c, "ff")
    return tape.add(mixed, hidden)


def frame_attention(tape: Tape, config: Config, x: Tensor, heads: Number) -> Tensor:
    """Attention over the frames of each place, in the base model with positions."""
    if config.use_first_frame:
        return attention(tape, x, None, heads, x.shape[-1], "attn_temp")
    return relative_frame_attention(tape, x, heads, "attn_temp")


def first_frame_attention(tape: Tape, x: Tensor, heads: Number, shape: Shape) -> Tensor:
    """Attention over places that sees the first frame's places beside the frame's own: twice the keys."""
    images, places, c = x.shape
    d_head = c // heads
    with tape.scope("attn1"):
        q = tape.linear(x, c, "to_q", bias=False).view(images, heads, places, d_head)
        k = tape.linear(x, c, "to_k", bias=False)
        v = tape.linear(x, c, "to_v", bias=False)
        k = tape.cat((k,), images, 2 * places, c).view(images, heads, 2 * places, d_head)
        v = tape.cat((v,), images, 2 * places, c).view(images, heads, 2 * places, d_head)
        hidden = tape.attention(q, k, v)
        hidden = tape.copy(hidden).view(images, places, c)
        return tape.linear(hidden, c, "to_out.0")


def super_resolution(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent and low-resolution frames[batch, in_channels, frames, height, width] -> latent[batch, out_channels, …]."""
    images, width, levels = shape.batch * shape.frames, config.block_out_channels[0], len(config.block_out_channels)
    latent = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    timestep = tape.input(shape.batch)
    text = tape.input(shape.batch, shape.tokens, config.cross_attention_dim)
    t_emb = features(tape, shape.batch, width)
    emb = timestep_mlp(tape, t_emb, 4 * width, "time_embedding")
    noise = tape.embedding(config.num_class_embeds, 4 * width, (shape.batch,), "class_embedding")
    emb = tape.add(emb, noise)
    context = tape.copy(text, images, shape.tokens, config.cross_attention_dim, name="repeat")
    tape.parameter("rotary_emb.freqs", ROTARY_FREQUENCIES)
    sample = latent.view(images, config.in_channels, shape.height, shape.width)
    frames_first = copied_where_many(tape, sample, shape.batch)
    x = tape.convolution(sample, width, (3, 3), "conv_in")
    del frames_first

    def resnet(x: Tensor, width: Number, i: int) -> Tensor:
        return residual_block(tape, x, emb, width, f"resnets.{i}", config.norm_num_groups)

    def attend(x: Tensor, level: int, i: int) -> Tensor:
        only_text = config.only_cross_attention[level]
        return video_transformer(tape, config, x, context, shape, f"attentions.{i}", only_text=only_text)

    def stages(side: str, level: int, i: int, width: Number) -> tuple[Stage, ...]:
        at = level if side == "down" else levels - 1 - level
        convolution: Stage = lambda x: resnet(x, width, i)  # noqa: E731
        transformer: Stage = lambda x: attend(x, at, i)  # noqa: E731
        attends = config.down_block_types[at].startswith("CrossAttn")
        return (convolution, transformer) if attends else (convolution,)

    def middle(x: Tensor) -> Tensor:
        hidden = resnet(x, x.shape[1], 0)
        hidden = attend(hidden, levels - 1, 0)
        hidden = resnet(hidden, hidden.shape[1], 1)
        return between_levels(tape, hidden, emb, shape, "mid_temporal_block")

    def after(side: str, level: int, x: Tensor) -> Tensor:
        return between_levels(tape, x, emb, shape, f"{side}_temporal_blocks.{level}")

    layers = per_level(config.layers_per_block, levels)
    out = trunk(tape, x, config.block_out_channels, layers, stages, middle, c_out=config.out_channels, after=after)
    del timestep, t_emb, noise
    return out.view(shape.batch, config.out_channels, shape.frames, shape.height, shape.width)


def between_levels(tape: Tape, x: Tensor, emb: Tensor, shape: Shape, name: str) -> Tensor:
    """A residual block over frames, one over space, and a 1×1 convolution added to the input."""
    with tape.scope(name):
        hidden = frame_block(tape, x, emb, shape, 5, "resblocks_3d_t")
        hidden = residual_block(tape, hidden, emb, hidden.shape[1], "resblocks_3d_s")
        hidden = tape.convolution(hidden, hidden.shape[1], (1, 1), "shift_conv")
        return tape.add(x, hidden)


def frame_block(tape: Tape, x: Tensor, emb: Tensor | None, shape: Shape, taps: int, name: str) -> Tensor:
    """Residual block over frames: norm, SiLU, convolution over `taps` frames, again over 3; x[b · frames, c, h, w]."""
    images, c, height, width = x.shape
    clip = x.view(shape.batch, c, shape.frames, height, width)
    with tape.scope(name):
        hidden = tape.group_norm(tape.copy(clip, name="contiguous"), 32, "norm1")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c, (taps, 1, 1), "conv1")
        if emb is not None:
            shift = tape.linear(tape.act(emb), c, "time_emb_proj").view(shape.batch, c, 1, 1, 1)
            hidden = tape.add(hidden, shift)
        hidden = tape.group_norm(hidden, 32, "norm2")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c, (3, 1, 1), "conv2")
        return tape.add(clip, hidden).view(images, c, height, width)


def video_transformer(
    tape: Tape, config: Config, x: Tensor, context: Tensor, shape: Shape, name: str, *, only_text: bool
) -> Tensor:
    """A residual block over frames, then a transformer over places, text and frames."""
    with tape.scope(name):
        hidden = frame_block(tape, x, None, shape, 3, "resblock_temporal")

    def layer(tokens: Tensor) -> Tensor:
        return upscaler_block(tape, config, tokens, context, shape, only_text=only_text)

    return image_transformer(tape, hidden, context, config.attention_head_dim, name, block=layer)


def upscaler_block(tape: Tape, config: Config, x: Tensor, context: Tensor, shape: Shape, *, only_text: bool) -> Tensor:
    """Attention over places (or text alone), over text, over frames, feed-forward; x[batch · frames, places, c]."""
    images, places, c = x.shape
    heads = config.attention_head_dim
    normed = tape.layer_norm(x, "norm1")
    attended = attention(tape, normed, context if only_text else None, heads, c, "attn1")
    hidden = tape.add(attended, x)
    normed = tape.layer_norm(hidden, "norm2")
    attended = attention(tape, normed, context, heads, c, "attn2")
    hidden = tape.add(attended, hidden)
    swapped = copied_where_many(tape, hidden, shape.batch)
    by_place = hidden.view(shape.batch * places, shape.frames, c)
    normed = tape.layer_norm(by_place, "norm_temporal")
    attended = relative_frame_attention(tape, normed, heads, "attn_temporal")
    hidden = tape.add(attended, by_place)
    del swapped, by_place
    copied_where_many(tape, hidden, shape.batch)
    hidden = hidden.view(images, places, c)
    normed = tape.layer_norm(hidden, "norm3")
    mixed = gated_feed_forward(tape, normed, c, "ff")
    return tape.add(mixed, hidden)
