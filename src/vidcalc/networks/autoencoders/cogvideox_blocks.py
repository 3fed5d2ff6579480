"""Building blocks of the CogVideoX causal video VAE: cached convolutions, latent-conditioned norms, resampling.

Mirrors diffusers' modules, including which copies eager PyTorch makes.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_cogvideox.py, models/upsampling.py, models/downsampling.py.
"""

from vidcalc.base.number import Number, ceil_div, maximum, minimum, product, where
from vidcalc.networks.autoencoders.wan_blocks import frames_first
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

LARGEST_CONVOLUTION = 2**30  # input elements; above it diffusers cuts a convolution in parts along time


class ConvolutionCache:
    """What every convolution keeps of its input for the next batch of frames.

    A new set is filled while the old one is still alive; the old one goes when the batch is done.
    """

    def __init__(self) -> None:
        self.old: list[Tensor] = []
        self.new: list[Tensor] = []

    def store(self, tensor: Tensor) -> None:
        """Keep this for the next batch."""
        self.new.append(tensor)

    def turn(self) -> None:
        """The batch is done: the new set replaces the old one."""
        self.old, self.new = self.new, []


def safe_conv(
    tape: Tape, x: Tensor, c_out: Number, kernel: tuple[int, int, int], name: str, out: tuple[Number, ...] | None = None
) -> Tensor:
    """A convolution over x[b, c, t, h, w] that needs no padding in time, in parts along time where x is very large.

    `out` is the output's frames, height and width (by default x's, but for the kernel's frames). Every part but the
    first is copied together with the frames before it, and the outputs are joined: both are alive at once.
    Source: diffusers 0.42.1 autoencoder_kl_cogvideox.py (CogVideoXSafeConv3d).
    """
    b, c, t, h, w = x.shape
    kt = kernel[0]
    split = where(x.elements > LARGEST_CONVOLUTION, 1, 0)
    part = ceil_div(t, x.elements // LARGEST_CONVOLUTION * split + 1)
    parts = ceil_div(t, part)
    copied = (t - part + (kt - 1) * (parts - 1)) * split * minimum(kt - 1, 1)
    inputs = tape.cut(tape.empty((b, c, copied, h, w), x.dtype), maximum(parts - 1, 1))
    frames, *places = (t - kt + 1, h, w) if out is None else out
    outputs = tape.cut(tape.empty((b, c_out, frames * split, *places), x.dtype), parts)
    size = ELEMENT_BYTES[x.dtype]
    tape.traffic(name + ".parts", 2 * inputs.nbytes, parts - 1, way="single", each=2 * size)
    tape.traffic(name + ".joined", 2 * outputs.nbytes, parts)
    # each part has a workspace of its own, before the outputs are joined
    weight = c_out * c * product(kernel) * minimum(product(kernel) - 1, 1) * split
    tape.turned(x, (b, c_out, frames, *places), weight, parts)
    return tape.convolution(x, c_out, kernel, name, out=(frames, *places), turned=1 - split)


def causal_conv(tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, cache: ConvolutionCache) -> Tensor:
    """x[b, c, t, h, w] joined with the frames kept from the batch before (or its first frame repeated), convolved.

    The last kernel − 1 frames are kept; with a kernel of one that expression means all of them.
    """
    b, c, t, h, w = x.shape
    joined, kept = x, t
    if kernel > 1:
        joined = tape.copy(x, b, c, t + kernel - 1, h, w, name="cat")
        kept = kernel - 1
    cache.store(tape.copy(joined, b, c, kept, h, w, name="cache"))
    with tape.scope(name):
        return safe_conv(tape, joined, c_out, (kernel, kernel, kernel), "conv")


def odd_and_more(t: Number) -> Number:
    """1 where t is odd and above one: then the first frame is treated apart from the rest."""
    return (t % 2) * minimum(t - 1, 1)


def spatial_norm(tape: Tape, x: Tensor, latent: Tensor, groups: Number, name: str, cache: ConvolutionCache) -> Tensor:
    """group_norm(x) · conv(latent) + conv(latent), the latent enlarged to x's size (nearest)."""
    b, c, t, h, w = x.shape
    z = latent.shape[1]
    apart = odd_and_more(t)
    with tape.scope(name):
        first = tape.empty((b, z, apart, h, w), x.dtype)
        rest = tape.empty((b, z, apart * (t - 1), h, w), x.dtype)
        enlarged = tape.copy(latent, b, z, t, h, w, name="upsample")
        scale = causal_conv(tape, enlarged, c, 1, "conv_y", cache)
        shift = causal_conv(tape, enlarged, c, 1, "conv_b", cache)
        normed = tape.group_norm(x, groups, "norm_layer")
        out = tape.add(tape.mul(normed, scale), shift)
        del first, rest
        return out


def norm(tape: Tape, x: Tensor, latent: Tensor | None, groups: Number, name: str, cache: ConvolutionCache) -> Tensor:
    """Conditioned on the latent in the decoder, a plain group norm in the encoder."""
    if latent is None:
        return tape.group_norm(x, groups, name)
    return spatial_norm(tape, x, latent, groups, name, cache)


def residual_block(
    tape: Tape, x: Tensor, c_out: Number, latent: Tensor | None, groups: Number, name: str, cache: ConvolutionCache
) -> Tensor:
    """norm, SiLU, causal convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        hidden = norm(tape, x, latent, groups, "norm1", cache)
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv1", cache)
        hidden = norm(tape, hidden, latent, groups, "norm2", cache)
        hidden = tape.act(hidden)
        hidden = causal_conv(tape, hidden, c_out, 3, "conv2", cache)
        shortcut = x if x.shape[1] == c_out else safe_conv(tape, x, c_out, (1, 1, 1), "conv_shortcut")
        return tape.add(hidden, shortcut)


def residual_blocks(
    tape: Tape,
    x: Tensor,
    c_out: Number,
    latent: Tensor | None,
    groups: Number,
    count: int,
    cache: ConvolutionCache,
) -> Tensor:
    """`count` residual blocks; the first one changes the width."""
    hidden = x
    for i in range(count):
        hidden = residual_block(tape, hidden, c_out, latent, groups, f"resnets.{i}", cache)
    return hidden


def upsample(tape: Tape, x: Tensor, compress_time: bool, name: str) -> Tensor:
    """Twice the height and width, and the frames too (all but an odd first one) with `compress_time`."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        frames = 2 * t - t % 2 if compress_time else t
        apart = odd_and_more(t) * compress_time
        first = tape.empty((b, c, apart, 2 * h, 2 * w), x.dtype)
        rest = tape.empty((b, c, apart * (frames - 1), 2 * h, 2 * w), x.dtype)
        if compress_time:
            enlarged = tape.copy(x, b, c, frames, 2 * h, 2 * w, name="upsample")
            flat, copied = frames_first(tape, enlarged)
            del copied, enlarged  # the copy takes the place of what it was made from
        else:
            narrow, copied = frames_first(tape, x)
            flat = tape.copy(narrow, b * t, c, 2 * h, 2 * w, name="upsample")
            del narrow, copied
        out = tape.convolution(flat, c, (3, 3), "conv")
        del first, rest
        return out.view(b, c, frames, 2 * h, 2 * w)


def downsample(tape: Tape, x: Tensor, compress_time: bool, name: str) -> Tensor:
    """Half the height and width, and the frames too (all but an odd first one) with `compress_time`."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        frames = ceil_div(t, 2) if compress_time else t
        temporaries, shorter = shorten(tape, x) if compress_time else ((), (x,))
        padded = tape.copy(shorter[0], b, c, frames, h + 1, w + 1, name="pad")
        del shorter
        flat, copied = frames_first(tape, padded)
        del padded, copied
        out = tape.convolution(flat, c, (3, 3), "conv", out=(h // 2, w // 2))
        del temporaries
        return out.view(b, c, frames, h // 2, w // 2)


def shorten(tape: Tape, x: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Means of pairs of frames, an odd first frame kept as it is -> (what stays alive to the end, the result).

    Computed on a copy with time innermost. With an odd first frame the result is a third tensor, and the copy and
    the means stay alive until the convolution has run; without one the means are the result.
    """
    b, c, t, h, w = x.shape
    odd, places = t % 2, b * h * w
    copied = tape.copy(x, places, c, t * (1 - odd), name="time last")
    odd_copy = tape.copy(x, places, c, t * odd, name="time last")
    means = tape.copy(x, places, c, t // 2 * (1 - odd), name="mean")
    odd_means = tape.copy(x, places, c, t // 2 * odd, name="mean")
    del copied
    joined = tape.copy(x, places, c, ceil_div(t, 2) * odd, name="cat")
    return (odd_copy, odd_means), (means, joined)
