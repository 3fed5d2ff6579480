"""Building blocks of the image VAEs of the latent diffusion family: encoder, middle with attention, upward levels,
chunks of images.

Images of a clip are a batch: x[images, channels, height, width]. Mirrors diffusers' Encoder, UNetMidBlock2D and
UpDecoderBlock2D. Source: arXiv 2112.10752; diffusers 0.42.1 models/autoencoders/vae.py, unets/unet_2d_blocks.py.
"""

from collections.abc import Callable

from vidcalc.base.number import Number, maximum, minimum
from vidcalc.networks.unets.blocks import residual_block
from vidcalc.tape import Tape, Tensor


def encoder(
    tape: Tape,
    x: Tensor,
    widths: tuple[Number, ...],
    layers: int,
    c_out: Number,
    groups: Number = 32,
    *,
    attention: bool = True,
) -> Tensor:
    """pixels[images, 3, h, w] -> mean and log-variance[images, 2 · c_out, h / 2^(levels − 1), w / 2^(levels − 1)]."""
    with tape.scope("encoder"):
        hidden = tape.convolution(x, widths[0], (3, 3), "conv_in")
        for level, width in enumerate(widths):
            with tape.scope(f"down_blocks.{level}"):
                hidden = down_level(tape, hidden, width, layers, groups, last=level == len(widths) - 1)
        hidden = middle(tape, hidden, groups, attention=attention)
        hidden = tape.group_norm(tape.copy(hidden, name="contiguous") if attention else hidden, groups, "conv_norm_out")
        hidden = tape.act(hidden)
        return tape.convolution(hidden, 2 * c_out, (3, 3), "conv_out")


def down_level(tape: Tape, x: Tensor, width: Number, layers: int, groups: Number, *, last: bool) -> Tensor:
    """Residual blocks, then half the height and width by a convolution padded on two sides (the pad is a copy)."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, None, width, f"resnets.{i}", groups)
    return hidden if last else shrink(tape, hidden)


def shrink(tape: Tape, x: Tensor) -> Tensor:
    """Pad right and below, 3×3 convolution of stride 2."""
    images, c, height, width = x.shape
    padded = tape.copy(x, images, c, height + 1, width + 1, name="pad")
    return tape.convolution(padded, c, (3, 3), "downsamplers.0.conv", out=(height // 2, width // 2))


def middle(tape: Tape, x: Tensor, groups: Number, *, attention: bool = True) -> Tensor:
    """Residual block, attention over places, residual block."""
    width = x.shape[1]
    with tape.scope("mid_block"):
        hidden = residual_block(tape, x, None, width, "resnets.0", groups)
        if attention:
            hidden = place_attention(tape, hidden, groups, "attentions.0")
        return residual_block(tape, hidden, None, width, "resnets.1", groups, channels_last=attention)


def place_attention(tape: Tape, x: Tensor, groups: Number, name: str) -> Tensor:
    """Single-head attention over the places of each image, added to its input; the result has its channels
    innermost.
    """
    images, c, height, width = x.shape
    n = height * width
    with tape.scope(name):
        normed = tape.group_norm(x.view(images, c, n), groups, "group_norm").view(images, n, c)
        q = turned_linear(tape, normed, "to_q").view(images, 1, n, c)
        k = turned_linear(tape, normed, "to_k").view(images, 1, n, c)
        v = turned_linear(tape, normed, "to_v").view(images, 1, n, c)
        hidden = tape.attention(q, k, v)
        hidden = tape.linear(hidden.view(images, n, c), c, "to_out.0")
        hidden = tape.add(hidden.view(*x.shape), x)
        return tape.scale(hidden, "rescale")


def turned_linear(tape: Tape, x: Tensor, name: str) -> Tensor:
    """A linear layer on x[images, n, c] whose channels are outermost in memory: copied where there are several
    images, bias apart.
    """
    images, _, c = x.shape
    copied = tape.copy(x, x.elements * minimum(images - 1, 1), name="reshape")
    product = tape.linear(x, c, name)
    del copied
    return tape.scale(product, name + ".bias")


def up_level(
    tape: Tape, x: Tensor, width: Number, layers: int, groups: Number, *, last: bool, channels_last: bool = False
) -> Tensor:
    """Residual blocks, then twice the height and width."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, None, width, f"resnets.{i}", groups, channels_last=channels_last)
    return hidden if last else enlarge(tape, hidden)


def enlarge(tape: Tape, x: Tensor) -> Tensor:
    """Nearest neighbours to twice the height and width, then a 3×3 convolution."""
    images, c, height, width = x.shape
    hidden = tape.copy(x, images, c, 2 * height, 2 * width, name="upsample")
    return tape.convolution(hidden, c, (3, 3), "upsamplers.0.conv")


def posterior(tape: Tape, moments: Tensor) -> Tensor:
    """Mean, log-variance, standard deviation and variance of the latent, as the distribution's constructor makes
    them.
    """
    images, c, *places = moments.shape
    half = moments.view(images, c // 2, *places)
    log_variance = tape.scale(half, "clamp")
    deviation = tape.act(tape.scale(log_variance), "exp")
    variance = tape.act(log_variance, "exp")
    del deviation, variance
    return moments


def in_chunks(
    tape: Tape, latent: Tensor, chunk: Number, pixels: tuple[Number, ...], decode: Callable[[Tensor], Tensor]
) -> Tensor:
    """Decode latent[images, c, h, w] `chunk` images at a time; what is done waits, and is laid side by side at the
    end.
    """
    total, c, height, width = latent.shape
    full = total // chunk
    rest = total - full * chunk
    for images, times, before in (
        (chunk, full, maximum(full - 1, 0) * chunk),
        (maximum(rest, 1), minimum(rest, 1), full * chunk),
    ):
        with tape.again(times):
            done = tape.pieces((before, *pixels))
            decode(latent.view(images, c, height, width))
            del done
    parts = tape.pieces((total, *pixels))
    return tape.cat((parts,), total, *pixels)
