"""K-VAE of Kandinsky 6's super-resolution: a causal video autoencoder that works through a clip segment by segment.

A segment is 16 frames (the first one more); every causal convolution keeps the frames that the next segment needs, so
that its result is that of the whole clip. The decoder steers its norms with the latent, brought to each grid.
Mirrors diffusers' Kandinsky6SRVAE. Source: diffusers 0.42.1 models/autoencoders/autoencoder_kandinsky6_sr.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum, where
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("Kandinsky6SRVAE",)
SEGMENT = 16  # frames of a segment, fixed in the class
SPLIT = 32  # channels that the latent is brought to a grid with at a time, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one VAE, under diffusers' names."""

    in_channels: Number = 3
    out_channels: Number = 3
    latent_channels: Number = 64
    encoder_block_out_channels: tuple[int, ...] = (16, 128, 256, 512, 1024)
    decoder_block_out_channels: tuple[int, ...] = (16, 256, 512, 1024, 2048)
    layers_per_block: int = 2
    temporal_compression_ratio: int = 4
    temporal_compression_start_level: int = 1

    @property
    def halvings(self) -> int:
        """Levels that compress time."""
        return self.temporal_compression_ratio.bit_length() - 1


class Kept:
    """Frames that convolutions have kept for the next segment, by the convolution's name; `going` is 0 for none."""

    def __init__(self, going: Number = 1) -> None:
        self.frames: dict[str, Tensor] = {}
        self.first = True
        self.going = going

    def of(self, first: bool) -> "Kept":
        """The same for a segment, the first or a later one."""
        self.first = first
        return self


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, channels, frames, height, width] -> pixels[batch, 3, 4·(frames − 1) + 1, 16·height, 16·width]."""
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    one = SEGMENT // config.temporal_compression_ratio
    kept, pieces = Kept(), segments(shape.frames, one)
    lead = (shape.batch, config.out_channels)
    sides = tuple(side * 2 ** (len(config.decoder_block_out_channels) - 1) for side in (shape.height, shape.width))
    for first, times, frames, before in pieces:
        with tape.again(times):
            # pictures of earlier segments wait in a list
            waiting = tape.empty((*lead, before * config.temporal_compression_ratio, *sides))
            part = latent.view(shape.batch, config.latent_channels, frames, shape.height, shape.width)
            picture = decoder(tape, config, part, kept.of(first))
            del waiting
    return joined(tape, picture, (shape.frames - 1) * config.temporal_compression_ratio + 1)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/16, w/16]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    kept, pieces = Kept(), segments(shape.frames, SEGMENT)
    for first, times, frames, _before in pieces:
        with tape.again(times):
            part = pixels.view(shape.batch, config.in_channels, frames, shape.height, shape.width)
            moments = encoder(tape, config, part, kept.of(first))
    return joined(tape, moments, (shape.frames - 1) // config.temporal_compression_ratio + 1)


def joined(tape: Tape, last: Tensor, frames: Number) -> Tensor:
    """All segments in one tensor of so many frames."""
    batch, channels, own, *sides = last.shape
    listed = tape.empty((batch, channels, frames - own, *sides))
    out = tape.cat((listed, last), batch, channels, frames, *sides)
    del listed
    return out


def segments(frames: Number, one: int) -> list[tuple[bool, Number, Number, Number]]:
    """(whether it is the first, how often, its frames, frames before it): the first, those of full length, the rest.

    Of a clip shorter than a segment the first is all there is.
    """
    after = frames - 1
    full, rest = after // one, after % one
    several = minimum(full, 1)
    first = where(full > 0, one, rest) + 1
    return [
        (True, 1, first, 0),
        (False, maximum(full - 1, 0), one, maximum(full - 1, 0) * one),
        (False, several * minimum(rest, 1), maximum(rest, 1), full * one),
    ]


def decoder(tape: Tape, config: Config, latent: Tensor, kept: Kept) -> Tensor:
    """One segment of the latent -> its pictures."""
    widths, zq = config.decoder_block_out_channels, latent
    levels = len(widths)
    end = levels - config.temporal_compression_start_level
    with tape.scope("decoder"):
        hidden = causal(tape, latent, widths[-1], (3, 3, 3), "conv_in", kept)
        for name in ("mid.block_1", "mid.block_2"):
            hidden = resnet(tape, hidden, widths[-1], name, kept, zq)
        for level in reversed(range(levels)):
            for i in range(config.layers_per_block + 1):
                hidden = resnet(tape, hidden, widths[level], f"up.{level}.block.{i}", kept, zq)
            if level:
                timed = end > level >= end - config.halvings
                hidden = wider(tape, hidden, f"up.{level}.upsample", kept, timed)
        hidden = steered(tape, hidden, zq, "norm_out", kept)
        hidden = tape.act(hidden)
        return causal(tape, hidden, config.out_channels, (3, 3, 3), "conv_out", kept)


def encoder(tape: Tape, config: Config, pixels: Tensor, kept: Kept) -> Tensor:
    """One segment of pictures -> moments of its latent."""
    widths = config.encoder_block_out_channels
    start = config.temporal_compression_start_level
    with tape.scope("encoder"):
        hidden = causal(tape, pixels, widths[0], (3, 3, 3), "conv_in", kept)
        for level, width in enumerate(widths):
            for i in range(config.layers_per_block):
                hidden = resnet(tape, hidden, width, f"down.{level}.block.{i}", kept)
            if level < len(widths) - 1:
                timed = start <= level < start + config.halvings
                hidden = smaller(tape, hidden, f"down.{level}.downsample", kept, timed)
        for name in ("mid.block_1", "mid.block_2"):
            hidden = resnet(tape, hidden, widths[-1], name, kept)
        hidden = tape.act(rms_norm(tape, hidden, "norm_out"))
        return causal(tape, hidden, 2 * config.latent_channels, (3, 3, 3), "conv_out", kept)


def causal(
    tape: Tape, x: Tensor, c_out: Number, kernel: tuple[int, int, int], name: str, kept: Kept, stride: int = 1
) -> Tensor:
    """A convolution over x[batch, c, frames, height, width] and the frames before it.

    What overlaps these is convolved first, on its own; both results are copied into one output.
    """
    batch, channels, frames, height, width = x.shape
    time, tall, wide = kernel
    sides = (height, width)
    padded = tape.copy(x, batch, channels, frames, height + tall - 1, width + wide - 1, name="pad")
    made = frames if stride == 1 else (frames + 1) // 2
    out = tape.empty((batch, c_out, made, *sides), x.dtype)
    # frames of the result that reach before the segment: a stride leaves none after the first
    lead = minimum(time - 1 if stride == 1 else int(kept.first), made)
    if time > 1:
        begun = tape.cat((padded,), batch, channels, 2 * lead, *padded.shape[3:])
        tape.convolution(begun, c_out, kernel, name + ".conv", out=(lead, *sides))
    rest = maximum(made - lead, 0)
    made_alone = tape.convolution(padded, c_out, kernel, name + ".conv", out=(rest, *sides))
    tape.traffic("placed", 2 * made_alone.nbytes)
    del made_alone
    if stride == 1 and time > 1:
        kept.frames[tape.prefix + name] = tape.copy(padded.view(batch, channels, time - 1, *padded.shape[3:]))
    return out


def plain(tape: Tape, x: Tensor, c_out: Number, kernel: tuple[int, int, int], name: str, halves: int = 1) -> Tensor:
    """A convolution of each frame by itself, whose sides it may halve."""
    _, _, frames, height, width = x.shape
    return tape.convolution(x, c_out, kernel, name, out=(frames, height // halves, width // halves))


def rms_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """x over its root mean square along the channels, in float32, then scaled, with one weight a channel."""
    wide = tape.cast(x, "fp32")
    normed = tape.pointwise("normalize", (wide,))
    del wide
    narrow = tape.cast(normed, x.dtype)
    del normed
    scaled = tape.scale(narrow)
    del narrow
    tape.parameter(name + ".gamma", x.shape[1])
    return tape.scale(scaled, name)


def steered(tape: Tape, x: Tensor, zq: Tensor, name: str, kept: Kept) -> Tensor:
    """norm(x) · conv(latent) + conv(latent), the latent brought to the grid of x first."""
    batch, channels = zq.shape[:2]
    grid = x.shape[2:]
    frames = grid[0] - 1 if kept.first else grid[0]
    parts = tuple(tape.empty((batch, SPLIT, frames, *grid[1:]), x.dtype) for _ in range(int(channels) // SPLIT))
    seen = rest = tape.cat(parts, batch, channels, frames, *grid[1:])
    del parts
    if kept.first:  # its first frame is brought there by itself, and both stay until the norm is done
        seen = tape.cat((rest,), batch, channels, *grid)
    normed = rms_norm(tape, x, name + ".norm_layer")
    scaled = tape.mul(normed, plain(tape, seen, x.shape[1], (1, 1, 1), name + ".conv_y"))
    del normed
    out = tape.add(scaled, plain(tape, seen, x.shape[1], (1, 1, 1), name + ".conv_b"))
    del rest
    return out


def resnet(tape: Tape, x: Tensor, c_out: Number, name: str, kept: Kept, zq: Tensor | None = None) -> Tensor:
    """Norm, SiLU and a causal convolution, twice, beside a way around them."""
    with tape.scope(name):
        hidden = rms_norm(tape, x, "norm1") if zq is None else steered(tape, x, zq, "norm1", kept)
        hidden = causal(tape, tape.act(hidden), c_out, (3, 3, 3), "conv1", kept)
        hidden = rms_norm(tape, hidden, "norm2") if zq is None else steered(tape, hidden, zq, "norm2", kept)
        hidden = causal(tape, tape.act(hidden), c_out, (3, 3, 3), "conv2", kept)
        around = x if x.shape[1] == c_out else plain(tape, x, c_out, (1, 1, 1), "nin_shortcut")
        return tape.add(around, hidden)


def smaller(tape: Tape, x: Tensor, name: str, kept: Kept, timed: bool) -> Tensor:
    """Half the sides and twice the channels, by a convolution and the mean of what folds together; then half the frames
    the same way."""
    batch, channels, frames, height, width = x.shape
    wide, sides = 2 * channels, (height // 2, width // 2)
    with tape.scope(name):
        flat = tape.copy(x, name="permute")
        folded = tape.copy(flat, name="unshuffle")
        del flat
        mean = tape.pointwise("mean", (folded,), (batch, wide, frames, *sides))
        del folded
        hidden = tape.add(plain(tape, x, wide, (1, 3, 3), "spatial_conv", 2), mean)
        if not timed:
            return plain(tape, hidden, wide, (1, 1, 1), "linear")
        made = (frames + 1) // 2
        sequence = tape.copy(hidden, name="permute")
        pooled = tape.pointwise("avg_pool", (sequence,), (batch, wide, made, *sides))
        convolved = causal(tape, hidden, wide, (2, 1, 1), "temporal_conv.0", kept)
        convolved = causal(tape, convolved, wide, (2, 1, 1), "temporal_conv.1", kept, 2)
        out = plain(tape, tape.add(convolved, pooled), wide, (1, 1, 1), "linear")
        del sequence, mean
        return out


def wider(tape: Tape, x: Tensor, name: str, kept: Kept, timed: bool) -> Tensor:
    """Twice the frames, each repeated, then twice the sides; a convolution is added to both."""
    batch, channels, frames, height, width = x.shape
    with tape.scope(name):
        hidden, repeated = x, x
        if timed:
            whole = tape.copy(x, batch, channels, 2 * frames, height, width, name="repeat")
            count = 2 * frames - 1 if kept.first else 2 * frames
            repeated = whole.view(batch, channels, count, height, width)
            convolved = causal(tape, repeated, channels, (3, 1, 1), "temporal_conv", kept)
            hidden = tape.add(convolved, repeated)
        larger = tape.copy(hidden, batch, channels, hidden.shape[2], 2 * height, 2 * width, name="interpolate")
        del hidden
        summed = tape.add(larger, plain(tape, larger, channels, (1, 3, 3), "spatial_conv"))
        del larger
        out = plain(tape, summed, channels, (1, 1, 1), "linear")
        del repeated
        return out
