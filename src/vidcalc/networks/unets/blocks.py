"""Building blocks that every U-Net here is made of: residual blocks, resampling, attention, feed-forward, image transformers.

Images of a clip are a batch: x[images, channels, height, width] with images = batch · frames. Mirrors which intermediates
eager PyTorch holds. Source: diffusers 0.42.1 models/resnet.py, attention.py, attention_processor.py, transformers/transformer_2d.py.
"""

from typing import Any

from vidcalc.arithmetic import ceil_div, minimum
from vidcalc.networks.transformers.embedding import sinusoid
from vidcalc.tape import Tape, Tensor


def residual_block(
    tape: Tape, x: Tensor, temb: Tensor | None, c_out: Any, name: str, groups: Any = 32, *, channels_last: bool = False
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
            shift = tape.linear(shift, c_out, "time_emb_proj").view(x.shape[0], c_out, 1, 1)
            hidden = tape.add(hidden, shift)
        hidden = tape.group_norm(hidden, groups, "norm2")
        hidden = tape.act(hidden)
        hidden = tape.convolution(hidden, c_out, (3, 3), "conv2")
        shortcut = x if x.shape[1] == c_out else tape.convolution(x, c_out, (1, 1), "conv_shortcut")
        return tape.scale(tape.add(shortcut, hidden), "output_scale")


def downsample(tape: Tape, x: Tensor, c_out: Any, name: str) -> Tensor:
    """Half the height and width by a 3×3 convolution of stride 2 (odd sizes round up)."""
    *_, height, width = x.shape
    return tape.convolution(x, c_out, (3, 3), name + ".conv", out=(ceil_div(height, 2), ceil_div(width, 2)))


def upsample(tape: Tape, x: Tensor, height: Any, width: Any, name: str) -> Tensor:
    """Nearest neighbours up to height × width, then a 3×3 convolution."""
    images, c, *_ = x.shape
    hidden = tape.copy(x, images, c, height, width, name="upsample")
    return tape.convolution(hidden, c, (3, 3), name + ".conv")


def attention(
    tape: Tape, x: Tensor, context: Tensor | None, heads: Any, inner: Any, name: str, *, bias: bool = False
) -> Tensor:
    """Self-attention (context None) or cross-attention; x[b, n, d] -> [b, n, d]. `inner` = heads × head size."""
    batch, n, width = x.shape
    with tape.scope(name):
        source = x if context is None else context
        keys, d_head = source.shape[1], inner // heads
        q = tape.linear(x, inner, "to_q", bias=bias).view(batch, heads, n, d_head)
        k = tape.linear(source, inner, "to_k", bias=bias).view(batch, heads, keys, d_head)
        v = tape.linear(source, inner, "to_v", bias=bias).view(batch, heads, keys, d_head)
        hidden = tape.attention(q, k, v)
        hidden = tape.copy(hidden).view(batch, n, inner)
        hidden = tape.linear(hidden, width, "to_out.0")
        return tape.scale(hidden, "rescale")


def gated_feed_forward(tape: Tape, x: Tensor, width: Any, name: str) -> Tensor:
    """GEGLU of four times the width, then linear: x[..., d] -> [..., width]."""
    inner = 4 * x.shape[-1]
    with tape.scope(name):
        return tape.linear(geglu(tape, x, inner), width, "net.2")


def geglu(tape: Tape, x: Tensor, inner: Any) -> Tensor:
    """Linear to twice `inner`; one half times the GELU of the other."""
    both = tape.linear(x, 2 * inner, "net.0.proj")
    half = both.view(*both.shape[:-1], inner)
    return tape.mul(half, tape.act(half, "gelu"))


def transformer_block(
    tape: Tape, x: Tensor, context: Tensor | None, heads: Any, inner: Any, *, positions: bool = False
) -> Tensor:
    """Self-attention, cross-attention (to x itself where the context is None), feed-forward; a layer norm before each.

    positions   a fixed table of positions is added before each attention
    """
    normed = tape.layer_norm(x, "norm1")
    if positions:
        normed = tape.scale(normed, "positions")
    attended = attention(tape, normed, None, heads, inner, "attn1")
    hidden = tape.add(attended, x)
    normed = tape.layer_norm(hidden, "norm2")
    if positions:
        normed = tape.scale(normed, "positions")
    attended = attention(tape, normed, context, heads, inner, "attn2")
    hidden = tape.add(attended, hidden)
    normed = tape.layer_norm(hidden, "norm3")
    mixed = gated_feed_forward(tape, normed, x.shape[-1], "ff")
    return tape.add(mixed, hidden)


def strided_linear(tape: Tape, x: Tensor, d_out: Any, name: str) -> Tensor:
    """A linear layer on a tensor whose channels are not innermost: copied first, the bias added apart."""
    return tape.scale(tape.linear(tape.copy(x), d_out, name), name + ".bias")


def channels_first(tape: Tape, x: Tensor, *shape: Any) -> Tensor:
    """tokens x[images, n, c] back to maps [images, c, height, width]: a copy."""
    return tape.copy(x, *shape, name="contiguous")


def copied_where_many(tape: Tape, x: Tensor, samples: Any) -> Tensor:
    """The copy that swapping the two outer axes of x costs where there are several samples: of no bytes for one sample."""
    return tape.copy(x, x.elements * minimum(samples - 1, 1), name="reshape")


def features(tape: Tape, count: Any, channels: Any) -> Tensor:
    """Sinusoidal features of `count` numbers -> [count, channels], in the network's dtype."""
    return tape.cast(sinusoid(tape, count, channels), tape.dtype)


def image_transformer(
    tape: Tape,
    x: Tensor,
    context: Tensor | None,
    heads: Any,
    name: str,
    *,
    layers: Any = 1,
    linear: bool = True,
    groups: Any = 32,
) -> Tensor:
    """Transformer over the places of each image, with text as context, between two projections.

    linear   the projections are linear layers on tokens, else 1×1 convolutions on maps
    """
    images, c, height, width = x.shape
    with tape.scope(name):
        hidden = into_tokens(tape, x, linear, groups)
        with tape.repeat("transformer_blocks", layers):
            hidden = transformer_block(tape, hidden, context, heads, c)
        if linear:
            out = tape.linear(hidden, c, "proj_out")
            out = channels_first(tape, out, images, c, height, width)
        else:
            out = channels_first(tape, hidden, images, c, height, width)
            out = tape.convolution(out, c, (1, 1), "proj_out")
        return tape.add(out, x)


def into_tokens(tape: Tape, x: Tensor, linear: bool, groups: Any) -> Tensor:
    """norm and projection: maps x[images, c, h, w] -> tokens [images, h · w, c]."""
    images, c, height, width = x.shape
    normed = tape.group_norm(x, groups, "norm")
    if linear:
        return strided_linear(tape, normed.view(images, height * width, c), c, "proj_in")
    return tape.convolution(normed, c, (1, 1), "proj_in").view(images, height * width, c)


def per_level(value: Any, levels: int) -> tuple[Any, ...]:
    """One number for all levels, or one each."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,) * levels
