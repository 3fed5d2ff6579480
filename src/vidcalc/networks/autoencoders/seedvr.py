"""SeedVR's causal video VAE: Stable Diffusion 3's, inflated over time, with time brought up and down by convolutions.

A clip passes in slices of four frames (the first one more), each convolution keeping the frames that the next slice
needs. Convolutions whose input is larger than half a gibibyte work on pieces of it, whose results are joined.
Source: arXiv 2501.01320; ByteDance-Seed/SeedVR models/video_vae_v3/modules/attn_video_vae.py, causal_inflation_lib.py,
configs_3b/main.yaml (slicing, memory_limit).
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, maximum, minimum
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kandinsky6_sr import Kept, joined, segments
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor

CLASSES = ("VideoAutoencoderKLWrapper",)
SLICE = 4  # frames: slicing_sample_min_size
LIMIT = 1 << 29  # bytes: conv_max_mem


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under its class's names.

    whole  whether the first convolution of a residual block sees three frames ("full"), or its own frame ("half")
    """

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 16
    block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    layers_per_block: int = 2
    norm_num_groups: Number = 32
    temporal_scale_num: int = 2
    whole: bool = True

    @property
    def steps(self) -> int:
        """How often sides are halved."""
        return len(self.block_out_channels) - 1


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 8·height, 8·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    sides = (shape.height * 2**config.steps, shape.width * 2**config.steps)
    ratio = 2**config.temporal_scale_num
    one, lead = SLICE // ratio, (shape.batch, config.out_channels)
    kept = Kept(minimum((shape.frames - 1) // (one + 1), 1))
    for first, times, frames, before in segments(shape.frames, one):
        with tape.again(times):
            waiting = tape.empty((*lead, before * ratio, *sides))  # earlier slices, in a list
            part = latent.view(shape.batch, config.latent_channels, frames, shape.height, shape.width)
            picture = decoder(tape, config, part, kept.of(first))
            del waiting
    return joined(tape, picture, (shape.frames - 1) * ratio + 1)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/8, w/8]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    kept = Kept(minimum((shape.frames - 1) // (SLICE + 1), 1))
    for first, times, frames, _before in segments(shape.frames, SLICE):
        with tape.again(times):
            part = pixels.view(shape.batch, config.in_channels, frames, shape.height, shape.width)
            moments = encoder(tape, config, part, kept.of(first))
    return joined(tape, moments, (shape.frames - 1) // 2**config.temporal_scale_num + 1)


def decoder(tape: Tape, config: Config, latent: Tensor, kept: Kept) -> Tensor:
    """One slice of the latent -> its pictures."""
    widths = tuple(reversed(config.block_out_channels))
    with tape.scope("decoder"):
        hidden = causal(tape, latent, widths[0], (3, 3, 3), "conv_in", kept)
        hidden = middle(tape, config, hidden, kept)
        for level, width in enumerate(widths):
            entered = hidden  # who calls a block holds its input until it is done
            for i in range(config.layers_per_block + 1):
                hidden = resnet(tape, config, hidden, width, f"up_blocks.{level}.resnets.{i}", kept)
            if level < config.steps:
                timed = level < config.temporal_scale_num
                hidden = wider(tape, hidden, f"up_blocks.{level}.upsamplers.0", kept, timed)
            del entered
        hidden = tape.act(normed(tape, config, hidden, "conv_norm_out"))
        return causal(tape, hidden, config.out_channels, (3, 3, 3), "conv_out", kept)


def encoder(tape: Tape, config: Config, pixels: Tensor, kept: Kept) -> Tensor:
    """One slice of pictures -> moments of its latent."""
    widths = config.block_out_channels
    with tape.scope("encoder"):
        hidden = causal(tape, pixels, widths[0], (3, 3, 3), "conv_in", kept)
        for level, width in enumerate(widths):
            entered = hidden
            for i in range(config.layers_per_block):
                hidden = resnet(tape, config, hidden, width, f"down_blocks.{level}.resnets.{i}", kept)
            if level < config.steps:
                time = 3 if level >= config.steps - config.temporal_scale_num else 1
                name = f"down_blocks.{level}.downsamplers.0.conv"
                padded = tape.copy(hidden, *hidden.shape[:3], hidden.shape[3] + 1, hidden.shape[4] + 1, name="pad")
                hidden = causal(tape, padded, width, (time, 3, 3), name, kept, 2)
                del padded
            del entered
        hidden = middle(tape, config, hidden, kept)
        hidden = tape.act(normed(tape, config, hidden, "conv_norm_out"))
        return causal(tape, hidden, 2 * config.latent_channels, (3, 3, 3), "conv_out", kept)


def causal(
    tape: Tape, x: Tensor, c_out: Number, kernel: tuple[int, int, int], name: str, kept: Kept, stride: int = 1
) -> Tensor:
    """A convolution over x[batch, c, frames, height, width] and the frames before it, in pieces where x is large.

    stride  2: half the sides, and half the frames where the kernel sees several
    """
    batch, channels, frames, height, width = x.shape
    time, tall, _wide = kernel
    halves = stride if time > 1 else 1
    before = time - 1 if kept.first else time - halves
    count = ((frames + 1) // halves if halves > 1 else frames) if time > 1 else frames
    sides = (height // stride, width // stride)
    whole = batch * channels * (frames + before) * (height + tall - 1) * (width + tall - 1)
    parts = ceil_div(whole, LIMIT // ELEMENT_BYTES[x.dtype])
    several: Number = minimum(parts - 1, 1)
    # what comes before is joined to it and its borders are filled up: of all, or of a piece at a time
    earlier = tape.empty((batch, channels, before, height, width), x.dtype)
    if time > halves:  # what the next slice needs is set aside first
        kept.frames[tape.prefix + name] = tape.copy(x.view(batch * kept.going, channels, time - halves, height, width))
    rows = height - (parts - 1) * (height // parts)  # of the last piece, which is the largest
    shared = several * maximum(tall - stride, 0)  # rows of the piece before, which is kept for them
    per_row = batch * channels * (frames + before)
    joint = per_row * rows * width * minimum(before, 1)
    pieces = tape.empty((2 * several * joint,), x.dtype)
    done = tape.empty((several * batch * c_out * count, sides[0] - sides[0] // parts, sides[1]), x.dtype)
    unfilled = tape.empty(
        (joint + several * minimum(shared, 1) * (per_row * (rows + shared) * width - joint),), x.dtype
    )
    filled = tape.empty((per_row * (rows + shared + tall - 1) * (width + tall - 1),), x.dtype)
    tape.traffic("filled", 2 * parts * (unfilled.nbytes + filled.nbytes), 2 * parts)
    del done, unfilled
    out = tape.convolution(x, c_out, kernel, name, out=(count, *sides), turned=0)
    tape.turned(x, out.shape, c_out * channels * time * tall * tall, parts)
    del filled, pieces
    last = tape.empty((several * joint,), x.dtype)
    results = tape.empty((several, *out.shape), x.dtype)  # pieces, until they are joined
    tape.traffic("joined", 2 * results.nbytes)
    del results, last, earlier
    return out


def normed(tape: Tape, config: Config, x: Tensor, name: str) -> Tensor:
    """Group norm of every frame by itself; the frames are brought into the batch and back."""
    batch, channels, frames, height, width = x.shape
    rows = tape.copy(x, batch * frames, channels, height, width, name="rearrange")
    return tape.group_norm(rows, config.norm_num_groups, name).view(*x.shape)


def resnet(tape: Tape, config: Config, x: Tensor, c_out: Number, name: str, kept: Kept) -> Tensor:
    """Norm, SiLU and a convolution, twice, beside a way around them."""
    with tape.scope(name):
        hidden = tape.act(normed(tape, config, x, "norm1"))
        hidden = causal(tape, hidden, c_out, (3 if config.whole else 1, 3, 3), "conv1", kept)
        hidden = tape.act(normed(tape, config, hidden, "norm2"))
        hidden = causal(tape, hidden, c_out, (3, 3, 3), "conv2", kept)
        around = x if x.shape[1] == c_out else causal(tape, x, c_out, (1, 1, 1), "conv_shortcut", kept)
        return tape.scale(tape.add(around, hidden))


def middle(tape: Tape, config: Config, x: Tensor, kept: Kept) -> Tensor:
    """Two residual blocks with attention within each frame between them."""
    width = x.shape[1]
    hidden = resnet(tape, config, x, width, "mid_block.resnets.0", kept)
    hidden = attention(tape, config, hidden)
    return resnet(tape, config, hidden, width, "mid_block.resnets.1", kept)


def attention(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """One head over the places of each frame, added to them."""
    batch, width, frames, height, side = x.shape
    rows, n = batch * frames, height * side
    with tape.scope("mid_block.attentions.0"):
        flat = tape.copy(x, rows, width, height, side, name="rearrange")
        hidden = tape.group_norm(flat, config.norm_num_groups, "group_norm").view(rows, n, width)
        q, k, v = (tape.linear(hidden, width, name).view(rows, 1, n, width) for name in ("to_q", "to_k", "to_v"))
        out = tape.linear(tape.attention(q, k, v).view(rows, n, width), width, "to_out.0")
        del q, k, v, hidden
        return tape.scale(tape.add(out.view(*flat.shape), flat)).view(*x.shape)


def wider(tape: Tape, x: Tensor, name: str, kept: Kept, timed: bool) -> Tensor:
    """Twice the sides, and twice the frames, from channels; then a convolution."""
    batch, channels, frames, height, width = x.shape
    times = 2 if timed else 1
    with tape.scope(name):
        spread = tape.convolution(x, 4 * times * channels, (1, 1, 1), "upscale_conv", turned=0)
        hidden = tape.copy(spread, batch, channels, times * frames, 2 * height, 2 * width, name="rearrange")
        del spread
        if timed and kept.first:  # the first frame stays one
            hidden = tape.cat((hidden,), batch, channels, 2 * frames - 1, 2 * height, 2 * width)
        return causal(tape, hidden, channels, (3, 3, 3), "conv", kept)
