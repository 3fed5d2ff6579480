"""`--where`: what a condition says of rows, of one as of many, with units as people write them."""

import numpy as np
import pytest

from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.sweeping.condition import read


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a < 2 or b == 'x' and a > 2", [True, False, True]),
        ("not a < 2 and b != 'x'", [False, True, False]),
        ("not (a < 2 or a == 3)", [False, True, False]),
        ("a in (1, 3) and b in ('x', 'z')", [True, False, True]),
        ("a * 2 + 1 >= 7 - 2 / 1", [False, True, True]),
        ("-a < -1.5e0", [False, True, True]),
        ("size >= 2KiB", [False, True, True]),
        ("size == 1_024", [True, False, False]),
        ("time < 1min", [True, False, False]),
        ("time < 1Min and size in (1KB, 1 KiB, 2kib)", [True, False, False]),
        ("time <= 60 seconds or time > 1h30m", [True, True, False]),
        ("time == 0h1m1s", [False, False, True]),
        ("a <= 300% and a > 100 % and not a > 2", [False, True, False]),
        ("a / 0 > 1", [True, True, True]),
    ],
)
def test_conditions(text, wanted):
    block = {
        "a": np.array([1.0, 2.0, 3.0]),
        "b": np.array(["x", "y", "x"]),
        "size": np.array([1024.0, 2048.0, 4096.0]),
        "time": np.array([59.0, 60.0, 61.0]),
    }
    assert read(text, block, {"b"}).of(block).tolist() == wanted


def test_one_row_is_asked_as_many_are():
    for text, met in (("1 / a > 5", True), ("0 / a > 5", False), ("1 / 0 < 5 or a == 0", True)):
        for zero in (0, 0.0, np.float64(0), np.zeros(3)):
            assert np.all(read(text, ("a",)).of({"a": zero}) == met)


def test_a_condition_that_nobody_writes_is_refused():
    for text in ("(" * 5000, "-" * 5000 + "a < 1", "not " * 2000 + "a < 1", "a < 1" * 5000):
        with pytest.raises(Refused):
            read(text, ("a",))
