"""Tiling height and width only, with the whole clip in every tile: how LTX, Mochi and CogVideoX codecs tile."""

from collections.abc import Callable

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.networks.autoencoders.tiled import Run, frames_in_tiles
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
) -> Tensor:
    """`run(frames, height, width)` for every tile, blended and joined; one tile where the clip fits into one.

    pixels  pixels per place of the input: the codec's compression for a decoder, 1 for an encoder
    side    length of a side of the result, from the input's
    out     batch, channels and frames of the result
    """
    tall, wide = tiling.height // pixels, tiling.width // pixels
    tiled = (shape.height > tall) | (shape.width > wide)
    rows = cut(shape.height, tall, tiling.stride_height // pixels, tiled, side)
    columns = cut(shape.width, wide, tiling.stride_width // pixels, tiled, side)
    return frames_in_tiles(tape, run, shape.frames, rows, columns, (*out, side(shape.height), side(shape.width)))
