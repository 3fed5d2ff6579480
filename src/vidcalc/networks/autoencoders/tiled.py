"""Running a video autoencoder tile by tile: time outermost, then rows, then columns, blended and joined at the end.

All tiles of a chunk of frames are kept until the chunk is joined, and all chunks until time is joined; or tiles,
or joined chunks, go to host memory as they are made (`host`), and none is left on the device.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_hunyuan_video.py (tiled_decode, _temporal_tiled_decode).
"""

from collections.abc import Callable

from vidcalc.base.number import Number
from vidcalc.networks.autoencoders.tiles import Cut
from vidcalc.tape import Tape, Tensor

Run = Callable[[Number, Number, Number], Tensor]


def in_tiles(tape: Tape, run: Run, cuts: tuple[Cut, Cut, Cut], out: tuple[Number, ...], host: str = "") -> Tensor:
    """`run(frames, height, width)` for every tile of the cuts of time, rows and columns -> a tensor of shape `out`."""
    time, rows, columns = cuts
    batch, channels, _, height, width = out
    if host:
        for chunk in time.tiles:
            with tape.again(chunk.count):
                chunk_out = (batch, channels, chunk.out, height, width)
                piece = frames_in_tiles(tape, run, chunk.size, rows, columns, chunk_out, host)
                del piece
        return away(tape, out)
    for chunk in time.tiles:
        with tape.again(chunk.count):
            before = tape.pieces((batch, channels, chunk.before, height, width))
            chunk_out = (batch, channels, chunk.out, height, width)
            piece = frames_in_tiles(tape, run, chunk.size, rows, columns, chunk_out)
            del before, piece
    pieces = tape.pieces((batch, channels, time.total, height, width))
    joined = tape.empty((*out[:2], time.several * out[2], height, width))
    tape.traffic("join", pieces.nbytes * time.several + joined.nbytes)
    del pieces, joined
    return tape.empty(out)


def away(tape: Tape, out: tuple[Number, ...]) -> Tensor:
    """What is on the device of a tensor that is joined in host memory."""
    batch, channels, _, height, width = out
    return tape.pieces((batch, channels, 0, height, width))


def frames_in_tiles(
    tape: Tape, run: Run, frames: Number, rows: Cut, columns: Cut, out: tuple[Number, ...], host: str = ""
) -> Tensor:
    """One chunk of frames, its rows and columns in tiles."""
    batch, channels, length, height, width = out
    if host == "tiles":
        for row in rows.tiles:
            for column in columns.tiles:
                with tape.again(row.count * column.count):
                    run(frames, row.size, column.size)
        return away(tape, out)
    lead = (batch, channels, length)
    for row in rows.tiles:
        for column in columns.tiles:
            with tape.again(row.count * column.count):
                before = tape.pieces((*lead, row.before * columns.total + row.out * column.before))
                piece = run(frames, row.size, column.size)
                del before, piece
    # 1 where rows or columns are cut: a single tile is neither blended nor joined
    several = 1 - (1 - rows.several) * (1 - columns.several)
    pieces = tape.pieces((*lead, rows.total * columns.total))
    joined_rows = tape.empty((*lead, several * height, width))
    joined = tape.empty((*lead, several * height, width))
    tape.traffic("blend", pieces.nbytes * several + 2 * joined.nbytes, 2)
    del pieces, joined_rows, joined
    return tape.empty(out)
