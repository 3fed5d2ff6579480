"""K-VAE of Kandinsky 6's super-resolution: a causal video autoencoder that works through a clip segment by segment.

A segment is 16 frames (the first one more); every causal convolution keeps the frames that the next segment needs, so
that its result is that of the whole clip. The decoder steers its norms with the latent, brought to each grid.
Mirrors diffusers' Kandinsky6SRVAE. Source: diffusers 0.42.1 models/autoencoders/autoencoder_kandinsky6_sr.py.
"""

import msgspec

from vidcalc.base.number import Number, maximum, minimum, where
from vidcalc.describe.shape import Shape
from vidcalc.networks.autoencoders.kandinsky6_sr_blocks import Kept, causal, resnet, rms_norm, smaller, steered, wider
from vidcalc.tape import Tape, Tensor

CLASSES = ("Kandinsky6SRVAE",)
SEGMENT = 16  # frames of a segment, fixed in the class


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
    made = (shape.frames - 1) * config.temporal_compression_ratio + 1
    listed = tape.empty((*lead, made - picture.shape[2], *sides))
    out = tape.cat((listed, picture), *lead, made, *sides)
    del listed, picture, latent
    return out


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> mean and log-variance[batch, 2·z, (frames − 1)/4 + 1, h/16, w/16]."""
    pixels = tape.input(shape.batch, config.in_channels, shape.frames, shape.height, shape.width)
    kept, pieces = Kept(), segments(shape.frames, SEGMENT)
    for first, times, frames, _before in pieces:
        with tape.again(times):
            part = pixels.view(shape.batch, config.in_channels, frames, shape.height, shape.width)
            moments = encoder(tape, config, part, kept.of(first))
    lead, sides = moments.shape[:2], moments.shape[3:]
    made = (shape.frames - 1) // config.temporal_compression_ratio + 1
    listed = tape.empty((*lead, made - moments.shape[2], *sides))
    out = tape.cat((listed, moments), *lead, made, *sides)
    del listed, moments, pixels
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
