"""RIFE: a frame between two others, from flows that convolutional blocks refine at ever finer grids.

Each block sees both frames warped by the flow so far, features of theirs, the time asked for and the mask; it works at
a quarter of its own grid and brings the change of flow and mask back to the frame's. Frames are filled up to multiples
of 64. Source: arXiv 2011.06294; architecture 4.7 as Fannovel16/ComfyUI-Frame-Interpolation vfi_models/rife/rife_arch.py
has it (weights rife47, rife49), without ensembling.
"""

import msgspec

from vidcalc.base.number import Number, round_up
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("IFNet",)
FILLED = 64  # pixels, to whose multiples frames are filled up
COLOURS, FLOW, MASK, TIME = 3, 4, 1, 1  # channels of a frame, of both flows, of the mask, of the time
MADE = 24  # channels of a block's result before its pixels are shuffled out of them
BLOCKS = 8  # residual convolutions of a block, fixed in the class


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network.

    widths, scales  of its blocks: channels, and how much coarser than the frame each sees it
    features  channels of what is encoded of each frame;  encoder_width  channels on the way there
    """

    widths: tuple[int, ...] = (192, 128, 96, 64)
    scales: tuple[int, ...] = (8, 4, 2, 1)
    features: Number = 4
    encoder_width: Number = 16


def tokens(config: Config, shape: Shape) -> Number:
    """Pixels of the frames that a call takes."""
    return shape.frames * shape.height * shape.width


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """Two frames[batch, 3, height, width] -> the frame between them."""
    batch, height, width = shape.batch, round_up(shape.height, FILLED), round_up(shape.width, FILLED)
    given = [tape.input(batch, COLOURS, shape.height, shape.width) for _ in range(2)]
    first, second = (tape.copy(frame, batch, COLOURS, height, width, name="pad") for frame in given)
    both = tape.cat((first, second), batch, 2 * COLOURS, height, width)
    time = tape.empty((batch, TIME, height, width))
    seen = [encoded(tape, config, frame, i) for i, frame in enumerate((first, second))]
    warped, flow, mask = [first, second], None, None
    kept: list[Tensor] = []  # what every block has made stays until the frame is there
    for i, (channels, scale) in enumerate(zip(config.widths, config.scales, strict=True)):
        features = seen if flow is None else [warp(tape, each) for each in seen]
        parts = (*warped, *features, time) if mask is None else (*warped, *features, time, mask)
        count = sum(part.shape[1] for part in parts)
        joined = tape.cat(parts, batch, count, height, width)
        del features, parts
        with tape.scope(f"block{i}"), tape.checkpointed():
            change, mask = block(tape, joined, flow, channels, scale)
        del joined
        flow = change if flow is None else tape.add(flow, change)
        warped = [warp(tape, frame) for frame in (first, second)]
        kept += [flow, mask, *warped]
    weight = tape.act(mask, "sigmoid") if mask is not None else time
    out = tape.add(tape.mul(warped[0], weight), tape.mul(warped[1], weight))
    del seen, change, kept, both, given
    return out


def encoded(tape: Tape, config: Config, frame: Tensor, place: int) -> Tensor:
    """Features of a frame at its own grid; both frames pass the same weights."""
    height, width = frame.shape[2:]
    x = tape.convolution(frame, config.encoder_width, (3, 3), "encode.0", out=(height // 2, width // 2))
    return tape.transposed_convolution(x, config.features, (4, 4), "encode.1", out=(height, width))


def warp(tape: Tape, x: Tensor) -> Tensor:
    """x read at the places that a flow points to."""
    return tape.pointwise("grid_sample", (x,))


def resized(tape: Tape, x: Tensor, height: Number, width: Number) -> Tensor:
    """x at another grid."""
    return tape.pointwise("interpolate", (x,), (*x.shape[:2], height, width))


def block(tape: Tape, x: Tensor, flow: Tensor | None, channels: int, scale: int) -> tuple[Tensor, Tensor]:
    """What a block changes of flow and mask, at the grid of the frame."""
    batch, count, height, width = x.shape
    grid = (height // scale, width // scale)
    seen = resized(tape, x, *grid)
    if flow is not None:
        smaller = tape.scale(resized(tape, flow, *grid))
        seen = tape.cat((seen, smaller), batch, count + FLOW, *grid)
        del smaller
    half, quarter = (grid[0] // 2, grid[1] // 2), (grid[0] // 4, grid[1] // 4)
    hidden = tape.act(tape.convolution(seen, channels // 2, (3, 3), "conv0.0", out=half), "leaky_relu")
    hidden = tape.act(tape.convolution(hidden, channels, (3, 3), "conv0.1", out=quarter), "leaky_relu")
    with tape.repeat("convblock", BLOCKS, hidden):
        tape.parameter("beta", channels)
        made = tape.scale(tape.convolution(hidden, channels, (3, 3), "conv"), "beta")
        hidden = tape.act(tape.add(made, hidden), "leaky_relu")
        del made
    last = tape.transposed_convolution(hidden, MADE, (4, 4), "lastconv", out=half)
    shuffled = tape.copy(last, batch, MADE // 4, *grid, name="pixel_shuffle")
    del last, hidden, seen
    whole = resized(tape, shuffled, height, width)
    return tape.scale(whole.view(batch, FLOW, height, width)), whole.view(batch, MASK, height, width)
