"""Tiling height and width only, with the whole clip in every tile: how LTX, Mochi and CogVideoX codecs tile.

A framework may cut time as well, for codecs that say how many frames a place of time is.
"""

from collections.abc import Callable

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.tiled import Run, frames_in_tiles, in_tiles
from vidcalc.networks.autoencoders.tiles import cut
from vidcalc.tape import Tape, Tensor


def in_space_tiles(
    tape: Tape,
    run: Run,
    shape: Shape,
    tiling: Tiling,
    pixels: int,
    side: Callable[[Number], Number],
    out: tuple[Number, Number, Number],
    time: int = 0,
) -> Tensor:
    """`run(frames, height, width)` for every tile, blended and joined; one tile where the clip fits into one.

    pixels  pixels per place of the input: the codec's compression for a decoder, 1 for an encoder
    side    length of a side of the result, from the input's
    out     batch, channels and frames of the result
    time    frames of a place of time, of a decoder that starts each tile of time with a single frame; 0 of one that
            cannot cut time
    """
    tall, wide, ends = tiling.height // pixels, tiling.width // pixels, tiling.ends
    tiled = (shape.height > tall) | (shape.width > wide)
    rows = cut(shape.height, tall, tiling.stride_height // pixels, tiled, side, ends)
    columns = cut(shape.width, wide, tiling.stride_width // pixels, tiled, side, ends)
    size = (*out, side(shape.height), side(shape.width))
    if not (time and tiling.frames):
        return frames_in_tiles(tape, run, shape.frames, rows, columns, size, tiling.host)
    # later tiles take the place before them along
    long = tiling.frames // time + 1
    chunks = cut(
        shape.frames, long, tiling.stride_frames // time, shape.frames > long, lambda n: (n - 1) * time + 1, ends
    )
    return in_tiles(tape, run, (chunks, rows, columns), size, tiling.host)
