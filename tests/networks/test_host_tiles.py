"""Tiles of an autoencoder that go to host memory: what is on the device is one of them, whatever their number."""

import pytest

from vidcalc.base.number import Number
from vidcalc.networks.autoencoders import wan
from vidcalc.networks.autoencoders.tiled import in_tiles
from vidcalc.networks.autoencoders.tiles import cut
from vidcalc.tape import Tape, Tensor

FRAMES, SIDE, SCALE = 5, 64, 8  # latent places
OUT = (1, 3, FRAMES, SIDE * SCALE, SIDE * SCALE)
VALUE = 2  # bytes


def axes(tiled: bool, chunks: bool) -> tuple[object, object, object]:
    time = cut(FRAMES, 3, 2, chunks, lambda size: size)
    rows = columns = cut(SIDE, 32, 16, tiled, lambda size: size * SCALE)
    return time, rows, columns


def joined(host: str, *, tiled: bool = True, chunks: bool = False) -> tuple[Tape, int, list[tuple[Number, ...]]]:
    """The tape, bytes left after it, and the sizes of tiles that were run."""
    tape, sizes = Tape("bf16"), []

    def run(frames: Number, height: Number, width: Number) -> Tensor:
        sizes.append((frames, height, width))
        return tape.empty((1, 3, frames, height * SCALE, width * SCALE))

    out = in_tiles(tape, run, axes(tiled, chunks), OUT, host)  # type: ignore[arg-type]
    assert out.shape[0] == 1
    left = int(out.nbytes)
    del out
    return tape, left, sizes


def test_on_the_device_all_tiles_wait_and_are_joined_there() -> None:
    tape, left, _ = joined("")
    whole = 3 * FRAMES * (SIDE * SCALE) ** 2 * VALUE
    assert left == whole
    assert tape.peak > 2 * whole


def test_tiles_that_go_to_the_host_leave_one_of_them_on_the_device() -> None:
    tape, left, sizes = joined("tiles")
    assert left == 0
    assert set(sizes) >= {(FRAMES, 32, 32)}
    # the largest tile is all there ever is
    assert tape.peak == 3 * FRAMES * (32 * SCALE) ** 2 * VALUE
    assert tape.live == 0


def test_chunks_that_go_to_the_host_are_joined_on_the_device_one_at_a_time() -> None:
    one, chunk = joined("tiles", chunks=True)[0], joined("chunks", chunks=True)[0]
    device = joined("", chunks=True)[0]
    assert one.peak < chunk.peak < device.peak
    # of three frames each: all tiles of a chunk, then its joined rows and the whole beside them
    assert chunk.peak == pytest.approx(3 / FRAMES * joined("")[0].peak, rel=0.01)
    assert chunk.live == 0


@pytest.mark.parametrize("host", ["", "tiles"])
def test_wans_own_tiles_leave_nothing_on_the_device_that_goes_to_the_host(host: str) -> None:
    tape = Tape("bf16")

    def run(height: Number, width: Number, frames: int, cache: object) -> Tensor:
        made = 1 if frames == 1 and not tape.live else 4
        return tape.empty((1, 3, made, height * SCALE, width * SCALE))

    task = wan.Task(batch=1, channels=3, chunks=3, taken=1, made=4, side=lambda size: size * SCALE, run=run)
    side = wan.Cut(SIDE + 8, 32, 16, True, False)  # the last tiles are smaller
    out, beside = wan.all_tiles(tape, task, side, side, host)
    frames = 1 + 2 * 4
    tile = 3 * frames * (32 * SCALE) ** 2 * VALUE
    if host:
        assert (out.shape[2], out.nbytes, beside) == (0, 0, ())
        # of one tile its pieces, listed, and those joined
        assert tape.peak == 2 * tile
        assert tape.live == 0
    else:
        assert out.shape == (1, 3, frames, (SIDE + 8) * SCALE, (SIDE + 8) * SCALE)
        assert tape.peak > 2 * out.nbytes > 2 * tile
