"""TAEHV, the tiny autoencoder for the latents of several video models: plain 2D convolutions, and blocks that see the
frame before.

It codes frame by frame, depth first: a latent frame goes all the way to its pixels before the next one starts, so that
of the work one frame of each level is alive, of each block's memory one frame, and of the video all that is made.
maps[batch, channels, height, width] of one frame. Activations are in place.
Source: madebyollin/taehv@115aaa7 taehv.py (parallel=False, as ComfyUI and LightX2V call it).
"""

import msgspec

from vidcalc.base.number import Number, ceil_div, product
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("TAEHV",)
WIDTHS = (256, 128, 64)  # of the decoder's levels, the coarsest first
NARROW = 64  # channels of the encoder, and of the decoder's last maps
COLOURS = 3
BLOCKS = 3  # of each level, that see the frame before
SPACE = 8  # pixels per latent place and patch, each way


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one autoencoder, under the class's names; tuples have one entry per level.

    patch_size  pixels each way that are folded into channels
    """

    latent_channels: Number = 16
    patch_size: Number = 1
    encoder_time_downscale: tuple[bool, ...] = (True, True, False)
    decoder_time_upscale: tuple[bool, ...] = (False, True, True)


def decode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, z, frames, h, w] -> pixels[batch, 3, t · frames − t + 1, s · h, s · w]: the first are left out."""
    strides = [1 + grows for grows in config.decoder_time_upscale]
    patch, times = config.patch_size, product(tuple(strides))
    latent = tape.input(shape.batch, config.latent_channels, shape.frames, shape.height, shape.width)
    folded = COLOURS * patch**2, SPACE * shape.height, SPACE * shape.width
    # frame by frame, in a list: while the last latent frame grows for the first time, one of its own is there
    made = tape.pieces((shape.batch, times * (shape.frames - 1) + 1, *folded))
    memories = [
        tape.empty((shape.batch, width, 2**level * shape.height, 2**level * shape.width))
        for level, width in enumerate(WIDTHS)
        for _ in range(BLOCKS)
    ]
    with tape.scope("decoder"), tape.again(shape.frames, blocks=False):
        frame = latent.view(shape.batch, config.latent_channels, shape.height, shape.width)
        hidden = tape.scale(tape.act(tape.scale(frame), "tanh"))
        hidden = tape.convolution(hidden, WIDTHS[0], (3, 3), "1")
        relu(tape, hidden)
        passed = [hidden]
        del frame, hidden
        up_levels(tape, config, passed, memories, strides)
    rest = tape.pieces((shape.batch, times - 1, *folded))
    video = tape.cat((made, rest), shape.batch, times * shape.frames, *folded)
    del made, rest
    if patch != 1:
        video = tape.copy(video, shape.batch, times * shape.frames, COLOURS, patch * folded[1], patch * folded[2])
    tape.traffic("clamp", 2 * video.nbytes)
    del memories
    return video


def up_levels(
    tape: Tape, config: Config, passed: list[Tensor], memories: list[Tensor], strides: list[int], level: int = 0
) -> None:
    """A frame from a level on: blocks, twice the size, frames that it grows into, each of which goes on.

    passed  the frame, which nobody else holds
    """
    width, first = WIDTHS[level], 3 + 6 * level
    hidden = passed.pop()
    for i in range(BLOCKS):
        hidden = memory_block(tape, hidden, memories[BLOCKS * level + i], str(first + i))
    batch, _, height, high_width = hidden.shape
    hidden = tape.copy(hidden, batch, width, 2 * height, 2 * high_width, name="upsample")
    grown = tape.convolution(hidden, width * strides[level], (1, 1), f"{first + 4}.conv", bias=False)
    del hidden
    last = level == len(WIDTHS) - 1
    after = NARROW if last else WIDTHS[level + 1]
    with tape.again(strides[level], blocks=False):
        one = grown.view(batch, width, 2 * height, 2 * high_width)
        if not config.decoder_time_upscale[level]:
            del grown  # nothing waits beside it
        following = tape.convolution(one, after, (3, 3), str(first + 5), bias=False)
        del one
        if last:
            relu(tape, following)
            tape.convolution(following, COLOURS * config.patch_size**2, (3, 3), str(first + 7))
            del following
        else:
            passed.append(following)
            del following
            up_levels(tape, config, passed, memories, strides, level + 1)


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """pixels[batch, 3, frames, height, width] -> latent[batch, z, ⌈frames / t⌉, h, w]; the last frame is repeated."""
    strides = [1 + pools for pools in config.encoder_time_downscale]
    patch, times = config.patch_size, product(tuple(strides))
    frames = ceil_div(shape.frames, times)
    folded = COLOURS * patch**2, shape.height // patch, shape.width // patch
    given = tape.input(shape.batch, shape.frames, COLOURS, shape.height, shape.width)
    pixels = given if patch == 1 else tape.copy(given, shape.batch, shape.frames, *folded, name="unshuffle")
    # the last frame, again and again
    more = tape.copy(pixels, shape.batch, times * frames - shape.frames, *folded, name="repeat")
    padded = tape.cat((pixels, more), shape.batch, times * frames, *folded)
    del pixels
    made = tape.pieces((shape.batch, frames, config.latent_channels, folded[1] // SPACE, folded[2] // SPACE))
    memories = [
        tape.empty((shape.batch, NARROW, folded[1] // 2 ** (level + 1), folded[2] // 2 ** (level + 1)))
        for level in range(len(strides))
        for _ in range(BLOCKS)
    ]
    with tape.scope("encoder"), tape.again(frames, blocks=False):
        hidden = down_levels(tape, padded, memories, strides, len(strides) - 1)
        tape.convolution(hidden, config.latent_channels, (3, 3), "17")
        del hidden
    latent = tape.cat((made,), *made.shape)
    del given, more, made, padded, memories
    return latent


def down_levels(tape: Tape, pixels: Tensor, memories: list[Tensor], strides: list[int], level: int) -> Tensor:
    """One frame behind a level: as many of the level before as it pools, half the size, blocks."""
    first, stride = 2 + 5 * level, strides[level]
    batch, _, channels, height, width = pixels.shape
    places = height // 2**level, width // 2**level
    waiting = tape.empty((batch, (stride - 1) * NARROW, *places))  # frames that wait for the last of them
    with tape.again(stride, blocks=False):
        if level:
            hidden = down_levels(tape, pixels, memories, strides, level - 1)
        else:
            frame = pixels.view(batch, channels, height, width)
            hidden = tape.convolution(frame, NARROW, (3, 3), "0")
            del frame
            relu(tape, hidden)
    joined = tape.cat((waiting, hidden), batch, stride * NARROW, *places)
    del waiting, hidden
    pooled = tape.convolution(joined, NARROW, (1, 1), f"{first}.conv", bias=False)
    del joined
    halved = tape.convolution(pooled, NARROW, (3, 3), str(first + 1), out=(places[0] // 2, places[1] // 2), bias=False)
    del pooled
    for i in range(BLOCKS):
        halved = memory_block(tape, halved, memories[BLOCKS * level + i], str(first + 2 + i))
    return halved


def memory_block(tape: Tape, x: Tensor, past: Tensor, name: str) -> Tensor:
    """Three convolutions of a frame and the one before it, added to the frame: of one width."""
    batch, width, *places = x.shape
    with tape.scope(name):
        joined = tape.cat((x, past), batch, 2 * width, *places)
        hidden = tape.convolution(joined, width, (3, 3), "conv.0")
        relu(tape, hidden)
        hidden = tape.convolution(hidden, width, (3, 3), "conv.2")
        relu(tape, hidden)
        hidden = tape.convolution(hidden, width, (3, 3), "conv.4")
        del joined
        out = tape.add(hidden, x)
        del hidden
        relu(tape, out)
        return out


def relu(tape: Tape, x: Tensor) -> None:
    """In place: read and written once."""
    tape.traffic("relu", 2 * x.nbytes)
