"""Step-Video VAE: clips of 17 frames coded apart, channels innermost in memory, a shortcut round the last 2x2x2 step.

The norms see each frame by itself and turn channels-last memory around by a copy; convolutions take large tensors in
four pieces. A clip shorter than 17 frames is the last one.
Source: arXiv 2502.10248; stepfun-ai/Step-Video-T2V stepvideo/vae/vae.py (version 2), read November 2026.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum, where
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kl_blocks import posterior
from vidcalc.tape import Tape, Tensor

CLASSES = ("StepVideoAutoencoderKL",)
LARGE = 2**30  # elements of an input or output from which a convolution is done in PIECES along time
PIECES = 4
GROUPS = 32


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under the names of the published code; `inner` channels stand next to the latent."""

    in_channels: Number = 3
    out_channels: Number = 3
    z_channels: Number = 16
    ch: Number = 128
    ch_mult: tuple[Number, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    stem: Number = 32
    temporal_levels: tuple[int, ...] = (2, 3)
    frame_len: int = 17
    latent_len: int = 3

    @property
    def widths(self) -> tuple[Number, ...]:
        """Channels of each level, from the pixels inwards."""
        return tuple(self.ch * factor for factor in self.ch_mult)

    @property
    def inner(self) -> Number:
        """Channels between the last 2x2x2 step and the latent."""
        return 4 * self.z_channels * 2**3

    @property
    def time(self) -> int:
        """Frames under one latent frame after the first."""
        return int(2 * 2 ** len(self.temporal_levels))

    @property
    def space(self) -> int:
        """Pixels of a side under one latent place."""
        return int(2 * 2 ** (len(self.ch_mult) - 1))


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, frames, z, height, width] -> pixels[batch, 17 for every 3 latents, 3, 16·height, 16·width]."""
    b, h, w = shape.batch, shape.height, shape.width
    latent = tape.input(b, config.z_channels, shape.frames, h, w)
    side, last = config.space, 2 ** len(config.temporal_levels)  # frames made for the first latent frame, one is kept
    full = shape.frames // config.latent_len
    rest = shape.frames - full * config.latent_len
    places = (side * h, side * w)
    for size, times, before in clips(config.latent_len, full, rest):
        with tape.again(times):
            done = tape.pieces((b, config.out_channels, made(config, before, last), *places))
            pixels = decoder(tape, config, latent.view(b, config.z_channels, size, h, w))
            del done, pixels
    pieces = tape.empty((b, config.out_channels, made(config, full * config.latent_len, last), *places))
    ends = tape.empty((b, config.out_channels, maximum(config.time * (rest - 1) + last, 0), *places))
    frames = full * config.frame_len + maximum(config.time * (rest - 1) + 1, 0)
    joined = tape.cat((pieces, ends), b, config.out_channels, frames, *places)
    seams = maximum(full + minimum(rest, 1) - 1, 0)  # mixed across the seam of two clips
    one, other = (tape.empty((b, config.out_channels, seams, *places)) for _ in range(2))
    mixed = tape.add(one, other)
    del one, other, mixed, pieces, ends
    return joined


def made(config: Config, latents: Number, last: int) -> Number:
    """Frames in memory for so many latent frames in full clips: what is cut off in front stays."""
    return latents // config.latent_len * (config.time * (config.latent_len - 1) + last)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, frames, 3, height, width] -> moments[batch, 3 for every 17 frames, 2·z, height/16, width/16]."""
    b, z = shape.batch, 2 * config.z_channels
    pixels = tape.input(b, config.in_channels, shape.frames, shape.height, shape.width)
    places = (shape.height // config.space, shape.width // config.space)
    full = shape.frames // config.frame_len
    rest = shape.frames - full * config.frame_len
    for size, times, before in clips(config.frame_len, full, rest):
        with tape.again(times):
            done = tape.pieces((b, z, before // config.frame_len * config.latent_len, *places))
            latent = encoder(tape, config, pixels.view(b, config.in_channels, size, shape.height, shape.width))
            del done, latent
    total = full * config.latent_len + minimum(rest, 1) * ((rest - 1) // config.time + 1)
    pieces = tape.empty((b, z, total, *places))
    joined = tape.cat((pieces,), b, z, total, *places)
    out = posterior(tape, joined)
    del pieces
    return out


def clips(size: Number, full: Number, rest: Number) -> tuple[tuple[Number, Number, Number], ...]:
    """(length, how many, length of all before the last of them) of the full clips and of what is left over."""
    return (size, full, maximum(full - 1, 0) * size), (maximum(rest, 1), minimum(rest, 1), full * size)


def decoder(tape: Tape, config: Config, z: Tensor) -> Tensor:
    """One clip of latents -> one clip of pixels, the frames before the first still in front."""
    widths = config.widths
    with tape.scope("decoder"):
        hidden = padded_conv(tape, z, config.inner, 3, "conv_in.conv")
        shortcut = repeat_channels(tape, z, config.inner, 1)
        tape.traffic("add", 3 * hidden.nbytes)
        shortcut = repeat_channels(tape, hidden, widths[-1], 2)
        wide = padded_conv(tape, hidden, widths[-1] * 8, 3, "conv_unpatchify.conv.conv")
        del hidden
        hidden = tape.copy(wide, name="unfold")
        del wide
        tape.traffic("add", 3 * hidden.nbytes)
        b, _, t, h, w = z.shape
        hidden = tape.copy(hidden, b, widths[-1], 2 * t - 1, 2 * h, 2 * w, name="channels_last")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_1")
        hidden = attention_block(tape, hidden, "mid.attn_1")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_2")
        for level in reversed(range(len(widths))):
            for i in range(config.num_res_blocks + 1):
                hidden = residual_block(tape, hidden, widths[level], f"up.{level}.block.{i}")
            if level in config.temporal_levels:
                hidden = upsample_all(tape, hidden, f"up.{level}.upsample")
                hidden = tape.copy(hidden, name="channels_last")
            elif level:
                hidden = upsample_space(tape, hidden, f"up.{level}.upsample")
        hidden = padded_norm(tape, hidden, "norm_out")
        out = after_norm_conv(tape, hidden, config.out_channels, "conv_out.conv")
        del shortcut
        return out


def encoder(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One clip of pixels -> one clip of moments."""
    widths, last = config.widths, len(config.widths) - 1
    with tape.scope("encoder"):
        pixels = tape.copy(x, name="contiguous")
        hidden = padded_conv(tape, pixels, config.stem, 3, "conv_in.conv")
        hidden = tape.copy(hidden, name="channels_last")
        for level, width in enumerate(widths):
            for i in range(config.num_res_blocks):
                hidden = residual_block(tape, hidden, width, f"down.{level}.block.{i}")
            if level == last:
                continue
            if level + 1 in config.temporal_levels:
                hidden = downsample_all(tape, hidden, f"down.{level}.downsample")
            else:
                hidden = downsample_space(tape, hidden, f"down.{level}.downsample")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_1")
        hidden = attention_block(tape, hidden, "mid.attn_1")
        hidden = residual_block(tape, hidden, widths[-1], "mid.block_2")
        hidden = frame_norm(tape, hidden, "norm_out", silu=True)
        hidden = tape.copy(hidden, name="contiguous")
        return head(tape, config, hidden, pixels)


def head(tape: Tape, config: Config, x: Tensor, pixels: Tensor) -> Tensor:
    """The last 2x2x2 step and the convolution to the moments, each beside an average of channels."""
    b, _, t, h, w = x.shape
    grid = (t // 2 + 1, h // 2, w // 2)
    shortcut = average_channels(tape, x, config.inner, 2)
    folded = padded_conv(tape, x, config.inner // 8, 3, "conv_patchify.conv.conv")
    padded = tape.copy(folded, b, config.inner // 8, 2 * grid[0], h, w, name="pad")
    del folded
    hidden = tape.copy(padded, b, config.inner, *grid, name="fold")
    del padded
    tape.traffic("add", 3 * hidden.nbytes)
    shortcut = average_channels(tape, hidden, 2 * config.z_channels, 1)
    out = padded_conv(tape, tape.copy(hidden, name="contiguous"), 2 * config.z_channels, 3, "conv_out.conv")
    tape.traffic("add", 3 * out.nbytes)
    del shortcut, pixels
    return out


def frame_norm(tape: Tape, x: Tensor, name: str, *, silu: bool) -> Tensor:
    """Group norm of every frame by itself, on a copy with channels first; the result stays channels first."""
    b, c, t, h, w = x.shape
    turned = tape.copy(x, b * t, c, h, w, name="contiguous")
    out = tape.group_norm(turned, GROUPS, name)
    del turned
    if silu:
        out = tape.act(out)
    return out.view(b, c, t, h, w)


def padded_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Norm and SiLU, written behind two empty frames: what the next convolution looks back at."""
    b, c, t, h, w = x.shape
    out = tape.empty((b, c, t + 2, h, w), x.dtype)
    normed = frame_norm(tape, x, name, silu=True)
    tape.traffic("behind", 2 * normed.nbytes)
    return out


def in_pieces(before: Tensor, places: tuple[Number, ...], c_out: Number) -> Number:
    """1 where a convolution is so large that it is done in pieces, else 0."""
    size = before.shape[0] * places[0] * places[1] * places[2]
    return where(maximum(before.elements, size * c_out) >= LARGE, 1, 0)


def convolve(tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, out: tuple[Number, ...]) -> Tensor:
    """A convolution of what is padded already -> [b, c_out, *out]; in pieces, one piece is alive beside the result."""
    y = tape.convolution(x, c_out, (kernel, kernel, kernel), name, out=out)
    tape.transient(in_pieces(x, out, c_out) * y.nbytes // PIECES)
    return y


def convolve_onto(tape: Tape, x: Tensor, residual: Tensor, kernel: int, name: str) -> None:
    """The memory and work of a convolution that `residual` is added to: in pieces it is written over `residual`.

    The result, of residual's shape, is what the caller allocates once x is gone.
    """
    _, c_out, t, h, w = residual.shape
    pieces = in_pieces(x, (t, h, w), c_out)
    size = t // PIECES
    sides = (kernel, kernel, kernel)
    with tape.again(pieces * (PIECES - 1)):
        piece = tape.convolution(x, c_out, sides, name, out=(maximum(size, 1), h, w))
        del piece
    tape.convolution(x, c_out, sides, name, out=(t - pieces * (PIECES - 1) * size, h, w))


def after_norm_conv(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """A 3x3x3 convolution of what `padded_norm` made, padded in space by the convolution itself."""
    _, _, t, h, w = x.shape
    return convolve(tape, x, c_out, 3, name, (t - 2, h, w))


def padded_conv(
    tape: Tape, x: Tensor, c_out: Number, kernel: int, name: str, steps: tuple[int, int] = (1, 1)
) -> Tensor:
    """x padded in front in time and around in space (a copy), then convolved; steps in time, and in space."""
    b, c, t, h, w = x.shape
    more, (time, space) = kernel - 1, steps
    padded = tape.copy(x, b, c, t + more, h + more, w + more, name="pad")
    out = ((t - 1) // time + 1, h // space, w // space)
    return convolve(tape, padded, c_out, kernel, name, out)


def residual_block(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """norm, SiLU, convolution, twice; a 1x1x1 shortcut where the width changes."""
    b, _, t, h, w = x.shape
    with tape.scope(name):
        hidden = padded_norm(tape, x, "norm1")
        hidden = after_norm_conv(tape, hidden, c_out, "conv1.conv")
        shortcut = x if x.shape[1] == c_out else padded_conv(tape, x, c_out, 1, "nin_shortcut.conv")
        hidden = padded_norm(tape, hidden, "norm2")
        convolve_onto(tape, hidden, shortcut, 3, "conv2.conv")
        del hidden
        return tape.empty((b, c_out, t, h, w), x.dtype)


def attention_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Causal attention over every place of every frame, added to its input."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        normed = frame_norm(tape, x, "norm", silu=False)
        q, k, v = (padded_conv(tape, normed, c, 1, part + ".conv").view(b, 1, t * h * w, c) for part in "qkv")
        attended = tape.attention(q, k, v, masked="causal").view(b, c, t, h, w)
        del normed, q, k, v
        padded = tape.copy(attended, name="pad")
        convolve_onto(tape, padded, x, 1, "proj_out.conv")
        del attended, padded
        return tape.empty(x.shape, x.dtype)


def upsample_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Nearest neighbours to twice the height and width, then a 3x3 convolution of every frame."""
    b, c, t, h, w = x.shape
    enlarged = tape.copy(x, b * t, c, 2 * h, 2 * w, name="upsample")
    return tape.convolution(enlarged, c, (3, 3), name + ".conv").view(b, c, t, 2 * h, 2 * w)


def upsample_all(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Twice the frames, height and width, an eighth of the channels at a time, then two convolutions beside it."""
    b, c, t, h, w = x.shape
    parts = tape.copy(x, b, c, 2 * t, 2 * h, 2 * w, name="upsample")
    enlarged = tape.cat((parts,), *parts.shape)
    del parts
    with tape.scope(name + ".conv3d"):
        hidden = padded_conv(tape, enlarged, c, 3, "conv1.conv")
        hidden = frame_norm(tape, hidden, "norm1", silu=True)
        hidden = padded_conv(tape, hidden, c, 3, "conv2.conv")
        hidden = frame_norm(tape, hidden, "norm2", silu=False)
        tape.traffic("add", 8 * hidden.nbytes, 3)  # input, SiLU and input again, in place
        return hidden


def downsample_space(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the height and width: padded right and below (a copy), then a 3x3 convolution of stride 2."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b * t, c, h + 1, w + 1, name="pad")
    return tape.convolution(padded, c, (3, 3), name + ".conv", out=(h // 2, w // 2)).view(b, c, t, h // 2, w // 2)


def downsample_all(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Half the frames, height and width by a convolution of stride 2."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b, c, t + 2, h + 2, w + 2, name="pad")
    out = ((t - 1) // 2 + 1, h // 2, w // 2)
    return tape.convolution(padded, c, (3, 3, 3), name + ".conv.conv", out=out)


def repeat_channels(tape: Tape, x: Tensor, c_out: Number, factor: int) -> Tensor:
    """Channels repeated and unfolded into places; the frames in front that nothing stands for stay in memory."""
    b, _, t, h, w = x.shape
    wide = tape.copy(x, b, c_out * factor**3, t, h, w, name="repeat")
    return wide if factor == 1 else tape.copy(wide, name="unfold")


def average_channels(tape: Tape, x: Tensor, c_out: Number, factor: int) -> Tensor:
    """Places folded into channels, then averaged over groups of channels: the shortcut of a step down."""
    b, c, t, h, w = x.shape
    padded = tape.copy(x, b, c, t + factor - 1, h, w, name="pad")
    folded = padded if factor == 1 else tape.copy(padded, name="fold")
    del padded
    return tape.pointwise("mean", (folded,), (b, c_out, (t - 1) // factor + 1, h // factor, w // factor))
