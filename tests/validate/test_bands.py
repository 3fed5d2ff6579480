"""The bands of predictions come from rows in view, and hold most of the others."""

import pytest

from vidcalc.catalog.load import DATA, entry
from vidcalc.rates.spread import readings, run_spread
from vidcalc.validate import bands, files
from vidcalc.validate.balanced import balanced
from vidcalc.validate.sources import SEEN

FIGURES = ("memory", "training", "time")


@pytest.mark.parametrize("figure", FIGURES)
def test_every_band_holds_the_prediction_and_says_what_it_rests_on(figure):
    table = entry("validation", "bands")[figure]
    assert {"other", "assumed"} <= set(table)
    for name, band in table.items():
        assert band["low"] < band["high"]
        assert name == "assumed" or (band["rows"] > 1 and band["families"] > 1)


@pytest.mark.parametrize("figure", ["memory", "training"])
def test_a_band_of_memory_reaches_as_far_down_as_up_and_holds_sources_that_it_was_made_without(figure):
    band = entry("validation", "bands")[figure]["other"]
    assert band["low"] * band["high"] == pytest.approx(1, abs=2e-3)
    assert band["high"] < 1.4
    assert band["left_out"] >= 0.85


def test_a_part_without_rows_enough_takes_the_band_of_all():
    assert readings("of no counter") == readings("other")
    assert run_spread("of no scope") == run_spread("other")


def test_a_band_is_wider_where_the_program_is_not_known():
    known = bands.held("memory", "reserved", 10)
    guessed = known.unless(known=False, figure="memory")
    assert guessed.low <= known.low < known.likely < known.high <= guessed.high
    assert guessed.high - guessed.low > known.high - known.low
    assert known.unless(known=True, figure="memory") is known


def test_a_range_holds_the_bands_of_all_programs():
    one, other = bands.held("memory", "reserved", 10), bands.held("memory", "reserved", 20)
    both = bands.envelope([one, other])
    assert (both.low, both.likely, both.high) == (one.low, one.likely, other.high)


@pytest.mark.parametrize("figure", ["memory", "time"])
def test_rows_that_no_band_was_made_from_lie_inside_it_as_often_as_claimed(figure):
    found = files.validated(f"{DATA}/measured/inference.csv")
    apart = [
        (result.family, getattr(result, figure))
        for result in found.rows
        if result.view != SEEN and result.counter != "card" and not result.doubtful(figure)
    ]
    told = balanced(apart)
    assert told.rows >= 40
    assert told.held >= 0.80
