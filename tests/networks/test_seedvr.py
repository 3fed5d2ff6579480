"""SeedVR2's weights beside its published files, its windows, and what attention in windows costs."""

import pytest
from golden_cases import flops

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import seedvr
from vidcalc.tape import Tape

BIG = {"vid_dim": 3072, "heads": 24, "num_layers": 36, "mm_layers": 36, "mlp_type": "normal"}
HD = Shape(frames=31, height=90, width=160, tokens=58)


def taped(shape: Shape = HD, **changes: object) -> Tape:
    tape = Tape("bf16")
    seedvr.forward(tape, seedvr.Config(**changes), shape)  # type: ignore[arg-type]
    return tape


@pytest.mark.parametrize(("changes", "size"), [({}, 6.783e9), (BIG, 16.479e9)])
def test_two_bytes_a_weight_are_the_published_file(changes: dict[str, object], size: float) -> None:
    assert 2 * taped(**changes).parameter_count == pytest.approx(size, rel=1e-3)


def test_windows_at_720p() -> None:
    assert seedvr.grid(seedvr.Config(), HD) == (31, 45, 80)
    # 31 frames in windows of 8, 45 rows in windows of 15, 80 columns in windows of 27
    assert seedvr.windows(seedvr.Config(), HD) == 4 * 3 * 3


def test_a_longer_video_costs_by_its_windows_not_by_its_square() -> None:
    """Windows of 30 frames' share at most: work grows with length, text's share of it with the windows."""
    short, long = taped(HD), taped(Shape(frames=61, height=90, width=160, tokens=58))
    assert flops(long) / flops(short) == pytest.approx(61 / 31, rel=0.03)
