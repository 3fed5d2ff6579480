"""What is kept with an object: the same answer for the same words, of few jobs, and of arrays none."""

import numpy as np

from vidcalc.base.memo import LATELY, lately


class Noun:
    """Something that results are kept with."""


def counted(keeps=lambda _result: True):
    """A function that keeps what it gives, and the words it was really called with."""
    calls = []

    @lately(keeps)
    def double(_noun, word):
        calls.append(word)
        return word * 2

    return double, calls


def test_words_are_asked_once():
    double, calls = counted()
    noun = Noun()
    assert [double(noun, word) for word in (3, 4, 3, 4)] == [6, 8, 6, 8]
    assert calls == [3, 4]


def test_an_array_is_no_key_even_where_nothing_is_kept_yet():
    double, calls = counted()
    noun = Noun()
    for _ in range(2):
        assert double(noun, np.array([1, 2])).tolist() == [2, 4]
    assert double(noun, 5) == 10
    assert double(noun, (np.array([1]),)) == 2 * (np.array([1]),)
    assert len(calls) == 4


def test_what_was_not_asked_for_the_longest_goes_first():
    double, calls = counted()
    noun = Noun()
    for word in range(LATELY):
        double(noun, word)
    double(noun, 0)  # asked for again: 1 is the oldest now
    double(noun, LATELY)
    calls.clear()
    double(noun, 0)
    double(noun, 1)
    assert calls == [1]


def test_what_is_not_worth_it_is_not_kept():
    double, calls = counted(lambda result: result < 5)
    noun = Noun()
    for word in (2, 3, 2, 3):
        double(noun, word)
    assert calls == [2, 3, 3]
