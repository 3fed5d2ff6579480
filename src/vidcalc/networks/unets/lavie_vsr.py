"""LaVie's video super-resolution: Stable Diffusion's upscaler U-Net with convolutions and attention over frames all
through it.

Every transformer begins with a residual block over frames and has an attention over frames; every level is followed by
a block over frames and one over space. Where these stand relative to the resampling of a level is assumed (after it).
Names of weights follow Stable Diffusion's U-Net; attention is fused.
Source: arXiv 2309.15103; Vchitect/LaVie: vsr/models/unet.py, vsr/models/temporal_module.py, vsr/models/attention.py.
"""

from typing import Any

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.basic import attention, gated_feed_forward
from vidcalc.networks.transformers.embedding import timestep_mlp
from vidcalc.networks.unets.blocks import copied_where_many, features, image_transformer, per_level, residual_block
from vidcalc.networks.unets.temporal import ROTARY_FREQUENCIES, relative_frame_attention
from vidcalc.networks.unets.trunk import Stage, trunk
from vidcalc.tape import Tape, Tensor


def super_resolution(tape: Tape, config: Any, shape: Shape) -> Tensor:
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

    def resnet(x: Tensor, width: Any, i: int) -> Tensor:
        return residual_block(tape, x, emb, width, f"resnets.{i}", config.norm_num_groups)

    def attend(x: Tensor, level: int, i: int) -> Tensor:
        only_text = config.only_cross_attention[level]
        return video_transformer(tape, config, x, context, shape, f"attentions.{i}", only_text=only_text)

    def stages(side: str, level: int, i: int, width: Any) -> tuple[Stage, ...]:
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
    """A residual block over frames: norm, SiLU, convolution over `taps` frames, the same over 3. x[batch · frames,
    c, h, w].
    """
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
    tape: Tape, config: Any, x: Tensor, context: Tensor, shape: Shape, name: str, *, only_text: bool
) -> Tensor:
    """A residual block over frames, then a transformer over places, text and frames."""
    with tape.scope(name):
        hidden = frame_block(tape, x, None, shape, 3, "resblock_temporal")

    def layer(tokens: Tensor) -> Tensor:
        return block(tape, config, tokens, context, shape, only_text=only_text)

    return image_transformer(tape, hidden, context, config.attention_head_dim, name, block=layer)


def block(tape: Tape, config: Any, x: Tensor, context: Tensor, shape: Shape, *, only_text: bool) -> Tensor:
    """Attention over places (or over text alone), over text, over frames, feed-forward. x[batch · frames, places,
    c].
    """
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
