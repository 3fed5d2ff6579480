"""Rows that are kept: what a stream of blocks leaves is what all rows at once would, however it is cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcalc.search.sweeps.block import Block, Words, joined
from vidcalc.search.sweeps.keep import Front, Key, Top

rows = st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, 3.5, float("nan")])] * 3), min_size=1, max_size=60)
cuts = st.lists(st.integers(0, 60), max_size=4)
NAMES = ("cost", "seconds", "device")


def blocks(values, places):
    """The rows in blocks cut at those places."""
    table = np.array(values, dtype=float).reshape(-1, len(NAMES))
    ends = sorted({0, len(table), *(min(place, len(table)) for place in places)})
    for low, high in pairwise(ends):
        columns = {name: table[low:high, at].copy() for at, name in enumerate(NAMES)}
        yield Block(columns, np.arange(low, high))


def kept(keeper, values, places):
    """The places of the rows that a keeper keeps."""
    for block in blocks(values, places):
        keeper.add(block)
    return [int(place) for block in keeper.done() for place in block.places]


@settings(max_examples=200, deadline=None)
@given(rows, cuts, st.integers(1, 10), st.booleans())
def test_the_first_of_an_order(values, places, count, falling):
    sign = -1 if falling else 1
    order = sorted(range(len(values)), key=lambda at: (values[at][1] != values[at][1], sign * values[at][1], at))
    assert kept(Top(Key("seconds", falling), count), values, places) == order[:count]


@settings(max_examples=200, deadline=None)
@given(rows, cuts, st.sampled_from([2, 3]))
def test_a_front_is_what_no_row_beats(values, places, keys):
    def beats(one, other):
        """Whether a row is as good everywhere, and better or before."""
        a, b = values[one][:keys], values[other][:keys]
        return all(x <= y for x, y in zip(a, b, strict=True)) and (a != b or one < other)

    known = [at for at, row in enumerate(values) if all(value == value for value in row[:keys])]
    wanted = {at for at in known if not any(beats(other, at) for other in known if other != at)}
    found = kept(Front(tuple(Key(name) for name in NAMES[:keys])), values, places)
    assert set(found) == wanted and len(found) == len(wanted)


def test_a_stream_holds_few_rows():
    keeper = Top(Key("seconds"), 10)
    random = np.random.default_rng(0)
    for start in range(0, 4_000_000, 40_000):
        keeper.add(Block({"seconds": random.random(40_000)}, np.arange(start, start + 40_000)))
        assert keeper.waiting <= 65_536 + 40_000 + 20
    assert sum(block.rows for block in keeper.done()) == 10


def test_words_are_joined_by_what_they_say():
    one = Block({"gpu": "h100", "verdict": Words(np.array([0, 1]), ("fits", "tight"))}, np.array([0, 1]))
    other = Block({"gpu": "l40s", "verdict": Words(np.array([0]), ("tight",))}, np.array([2]))
    both = joined([one, other])
    assert both.column("gpu").tolist() == ["h100", "h100", "l40s"]
    assert both.column("verdict").tolist() == ["fits", "tight", "tight"]
    assert (both.columns["verdict"] == "tight").tolist() == [False, True, True]


def test_words_are_in_no_order():
    with pytest.raises(TypeError):
        Top(Key("gpu"), 1).key.of(Block({"gpu": "h100"}, np.arange(2)))
