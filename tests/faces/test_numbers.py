"""The one formatter: SI base units as people read them."""

import pytest

from vidcalc.faces.terminal import numbers


@pytest.mark.parametrize(
    ("formatter", "value", "text"),
    [
        (numbers.data, 0, "0 B"),
        (numbers.data, 512, "512 B"),
        (numbers.data, 2**30, "1.00 GiB"),
        (numbers.data, 85 * 2**30, "85.0 GiB"),
        (numbers.data, 656.4 * 2**30, "656 GiB"),
        (numbers.data, 3 * 2**40, "3.00 TiB"),
        (numbers.flop, 1_678_370_283_192_320, "1.68 PFLOP"),
        (numbers.flop, 999, "999 FLOP"),
        (numbers.flop, 2.5e24, "2.50 YFLOP"),
        (numbers.count, 14_288_491_584, "14.3B"),
        (numbers.count, 83_000_000, "83.0M"),
        (numbers.count, 12, "12"),
        (numbers.duration, 0, "0 s"),
        (numbers.duration, 0.0000123, "12.3 µs"),
        (numbers.duration, 0.0598, "59.8 ms"),
        (numbers.duration, 1.234, "1.23 s"),
        (numbers.duration, 59.96, "1 min 0 s"),
        (numbers.duration, 905, "15 min 5 s"),
        (numbers.duration, 3599.9, "1 h 0 min"),
        (numbers.duration, 33331, "9 h 16 min"),
        (numbers.duration, 416_003, "4.81 d"),
        (numbers.money, 0.4769, "$0.477"),
        (numbers.money, 17.5649, "$17.56"),
        (numbers.money, 12345.6, "$12,346"),
        (numbers.energy, 416_285, "116 Wh"),
        (numbers.energy, 15_332_383, "4.26 kWh"),
        (numbers.share, 0.532, "53 %"),
        (numbers.share, 0.0361, "3.6 %"),
        (numbers.share, 1, "100 %"),
        (numbers.times, 3.636, "3.6×"),
        (numbers.times, 11.02, "11×"),
        (numbers.whole, 75600, "75,600"),
        (numbers.whole, 16.0, "16"),
        (numbers.whole, 29.97, "29.97"),
    ],
)
def test_numbers_read_well(formatter, value, text):
    assert formatter(value) == text


def test_a_number_never_rounds_up_into_the_next_unit():
    assert numbers.data(2**30 - 1) == "1.00 GiB"
    assert numbers.flop(999_999) == "1.00 MFLOP"
    assert numbers.count(999_999_999) == "1.00B"
