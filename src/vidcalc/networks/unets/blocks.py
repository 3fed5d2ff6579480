"""Building blocks that every U-Net here is made of: residual blocks, resampling, transformers over the places of an
image.

Images of a clip are a batch: x[images, channels, height, width] with images = batch · frames. Mirrors which
intermediates eager PyTorch holds. Source: diffusers 0.42.1 models/resnet.py, downsampling.py, upsampling.py,
transformers/transformer_2d.py.
"""

from collections.abc import Callable

from vidcalc.base.number import Number, ceil_div, minimum
from vidcalc.networks.transformers.basic import transformer_block
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.tape import Tape, Tensor


def residual_block(
    tape: Tape,
    x: Tensor,
    temb: Tensor | None,
    c_out: Number,
    name: str,
    groups: Number = 32,
    *,
    channels_last: bool = False,
) -> Tensor:
    """norm, SiLU, 3×3 convolution, twice, with the timestep added in between; a 1×1 shortcut where the width changes.

    channels_last   x lies with its channels innermost in memory: the first norm copies it
    """
    with tape.scope(name):
        hidden = tape.group_norm(tape.copy(x, name="contiguous") if channels_last else x, groups, "norm1")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c_out, (3, 3), "conv1")
        if temb is not None:
            shift = tape.act(temb)
            shift = tape.linear(shift, c_out, "time_emb_proj").view(temb.shape[0], c_out, 1, 1)
            hidden = tape.add(hidden, shift)
        hidden = tape.group_norm(hidden, groups, "norm2")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c_out, (3, 3), "conv2")
        shortcut = x if x.shape[1] == c_out else tape.convolution(x, c_out, (1, 1), "conv_shortcut")
        return tape.scale(tape.add(shortcut, hidden), "output_scale")


def downsample(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """Half the height and width by a 3×3 convolution of stride 2 (odd sizes round up)."""
    *_, height, width = x.shape
    return tape.convolution(x, c_out, (3, 3), name + ".conv", out=(ceil_div(height, 2), ceil_div(width, 2)))


def upsample(tape: Tape, x: Tensor, height: Number, width: Number, name: str) -> Tensor:
    """Nearest neighbours up to height × width, then a 3×3 convolution."""
    images, c, *_ = x.shape
    hidden = tape.copy(x, images, c, height, width, name="upsample")
    return tape.convolution(hidden, c, (3, 3), name + ".conv")


def strided_linear(tape: Tape, x: Tensor, d_out: Number, name: str) -> Tensor:
    """A linear layer on a tensor whose channels are not innermost: copied first, the bias added apart."""
    return tape.scale(tape.linear(tape.copy(x), d_out, name), name + ".bias")


def channels_first(tape: Tape, x: Tensor, *shape: Number) -> Tensor:
    """tokens x[images, n, c] back to maps [images, c, height, width]: a copy."""
    return tape.copy(x, *shape, name="contiguous")


def copied_where_many(tape: Tape, x: Tensor, samples: Number) -> Tensor:
    """The copy that swapping the two outer axes of x costs where there are several samples: of no bytes for one
    sample.
    """
    return tape.copy(x, x.elements * minimum(samples - 1, 1), name="reshape")


def features(tape: Tape, count: Number, channels: Number) -> Tensor:
    """Sinusoidal features of `count` numbers -> [count, channels], in the network's dtype."""
    return tape.cast(sinusoid(tape, count, channels), tape.dtype)


def image_transformer(
    tape: Tape,
    x: Tensor,
    context: Tensor | None,
    heads: Number,
    name: str,
    *,
    layers: Number = 1,
    linear: bool = True,
    groups: Number = 32,
    beside: Tensor | None = None,
    block: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Transformer over the places of each image, with text as context, between two projections.

    linear   the projections are linear layers on tokens, else 1×1 convolutions on maps
    beside   image tokens that cross-attention sees apart from the text
    block    what a layer does to the tokens [images, places, c], where it is not the basic block
    """
    images, c, height, width = x.shape
    with tape.scope(name):
        hidden = into_tokens(tape, x, linear, groups)
        with tape.repeat("transformer_blocks", layers, hidden):
            if block is None:
                hidden = transformer_block(tape, hidden, context, heads, c, beside=beside)
            else:
                hidden = block(hidden)
        if linear:
            out = tape.linear(hidden, c, "proj_out")
            out = channels_first(tape, out, images, c, height, width)
        else:
            out = channels_first(tape, hidden, images, c, height, width)
            out = tape.convolution(out, c, (1, 1), "proj_out")
        return tape.add(out, x)


def into_tokens(tape: Tape, x: Tensor, linear: bool, groups: Number) -> Tensor:
    """norm and projection: maps x[images, c, h, w] -> tokens [images, h · w, c]."""
    images, c, height, width = x.shape
    normed = tape.group_norm(x, groups, "norm")
    if linear:
        return strided_linear(tape, normed.view(images, height * width, c), c, "proj_in")
    return tape.convolution(normed, c, (1, 1), "proj_in").view(images, height * width, c)


def per_level(value: int | list[int] | tuple[int, ...], levels: int) -> tuple[int, ...]:
    """One number for all levels, or one each."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,) * levels
