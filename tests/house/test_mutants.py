"""The sampler of small changes: each is one change, found where it stands; what never reached a test is not killed."""

import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SOURCE = '''
"""A module."""


def larger(first, second):
    """The larger of two, and one more."""
    if first > second:
        return first + 1
    return max(first, second) + 1
'''


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "vidcalc" / "larger.py"
    path.parent.mkdir()
    path.write_text(SOURCE, encoding="utf-8")
    return path


def function(file):
    made = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), made)
    return made["larger"]


def test_every_change_is_found_and_changes_the_function(scripts, file):
    from mutants import mutants

    found = mutants(file)
    assert len(found) == 7  # the comparison, the branch, two sums, two ones, the maximum
    assert len({str(each) for each in found}) == len({(each.line, each.what) for each in found})
    plain = function(file)
    for each in found:
        changed = each.code(plain.__code__)
        assert (changed.co_code, changed.co_consts, changed.co_names) != (
            plain.__code__.co_code,
            plain.__code__.co_consts,
            plain.__code__.co_names,
        )


@pytest.mark.skipif(sys.platform == "win32", reason="a forked child runs each change")
def test_what_never_reached_a_test_is_not_killed(scripts, file):
    from mutants import mutants
    from mutate import Runner

    one = mutants(file)[0]
    runner = Runner([one], [file], 10, None)
    runner.run = lambda _item: None  # a test that passes
    assert runner.tried(one, [function(file)], ["item"]) == "survived"
    # of another function the changed file has no code
    assert runner.tried(one, [test_every_change_is_found_and_changes_the_function], ["item"]) == "untried"

    def fails(_item):
        runner.failed = True

    runner.run = fails
    assert runner.tried(one, [function(file)], ["item"]) == "killed"
