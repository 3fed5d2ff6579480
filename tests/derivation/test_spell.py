"""Expressions as they are written: symbols and digits, in brackets where they would fall apart."""

import math

import pytest

from vidcalc.base.guest import Guest, given, named, symbol
from vidcalc.base.number import (
    as_count,
    ceil_div,
    is_array,
    largest,
    log2,
    maximum,
    minimum,
    round_up,
    unchanged,
    where,
    whole_blocks,
)
from vidcalc.derivation.spell import spell

a, b, c = symbol("a", 7), symbol("b", 3), symbol("c", 1000)


def called(guest, below):
    return guest.label.name if guest.label else ""


@pytest.mark.parametrize(
    ("guest", "text", "digits", "value"),
    [
        ((a + b) * c, "(a + b)·c", "(7 + 3)·1,000", 10_000),
        (a - (b - 1), "a − (b − 1)", "7 − (3 − 1)", 5),
        (2 * a**2, "2·a^2", "2·7^2", 98),
        (c / (a * b), "c / (a·b)", "1,000 / (7·3)", 1000 / 21),
        ((a + 1) // b, "⌊(a + 1) / b⌋", "⌊(7 + 1) / 3⌋", 2),
        (ceil_div(a, b), "⌈a / b⌉", "⌈7 / 3⌉", 3),
        (ceil_div(10, b), "⌈10 / b⌉", "⌈10 / 3⌉", 4),
        (round_up(a, b), "⌈a / b⌉·b", "⌈7 / 3⌉·3", 9),
        (whole_blocks(a, 4), "⌈a / 4⌉·4", "⌈7 / 4⌉·4", 8),
        (maximum(a, b), "max(a, b)", "max(7, 3)", 7),
        (minimum(a, 3), "min(a, 3)", "min(7, 3)", 3),
        (largest([a, b, c]), "max(0, a, b, c)", "max(0, 7, 3, 1,000)", 1000),
        (where(a > b, a, b), "a", "7", 7),
        (log2(a), "log2(a)", "log2(7)", math.log2(7)),
        (1 - a, "1 − a", "1 − 7", -6),
        (-a, "−a", "−7", -7),
        (a % b, "a mod b", "7 mod 3", 1),
        (sum([a, b]), "a + b", "7 + 3", 10),
        (1 * a + 0, "a", "7", 7),
        (as_count(a / 1 // 2), "⌊a / 2⌋", "⌊7 / 2⌋", 3),
    ],
)
def test_guests_remember_and_bracket_what_would_fall_apart(guest, text, digits, value):
    writing = spell(guest, called)
    assert (writing.text, writing.digits, guest.value) == (text, digits, value)


def test_guests_pass_for_their_values():
    assert a == 7
    assert hash(a) == hash(7)
    assert {a: "seven"}[7] == "seven"
    assert a > b
    assert not is_array(a)
    assert unchanged(symbol("one", 1), 1)
    assert f"{c:,}" == "1,000"
    assert int(a) == round(a) == 7
    assert type(where(a == 7, 1, 2)) is int
    assert a * 0 == 0
    assert not isinstance(a * 0, Guest)


def test_names_are_for_guests_alone():
    assert named("rate", 5) == 5
    assert not isinstance(named("rate", 5), Guest)
    assert not isinstance(given("rate", 5, 1, "a table"), Guest)
    beside = given("rate", 5, a, "a table")
    assert isinstance(beside, Guest)
    assert beside.label.source == "a table"
    assert spell(named("work", a * b) / beside, called).text == "work / rate"
