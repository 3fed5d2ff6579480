"""The package itself: light to import, no name too many, no room that a call hides, `python -m vidcalc`."""

from pathlib import Path

import pytest

import vidcalc

PACKAGE = Path(vidcalc.__file__).parent


def test_importing_it_loads_nothing(spawn):
    code = "import sys; before = set(sys.modules); import vidcalc; print(*set(sys.modules) - before)"
    assert set(spawn("-c", code, PYTHONPATH="src").out.split()) == {"vidcalc"}


def test_a_call_loads_no_numpy_and_nothing_that_draws(spawn):
    code = "import sys, vidcalc; vidcalc.estimate('wan2.1-t2v-14b').to_dict(); print(*sys.modules)"
    loaded = set(spawn("-c", code, PYTHONPATH="src").out.split())
    assert loaded.isdisjoint(("numpy", "PIL", "vidcalc.faces.picture.chart", "vidcalc.faces.terminal.report"))


def test_calls_outlive_the_loading_of_every_room(spawn):
    """A module becomes an attribute of its package: no room may bear the name of a call."""
    code = (
        "import vidcalc; "
        "[getattr(vidcalc, name) for name in vidcalc.__all__]; "
        "vidcalc.estimate('wan2.1-t2v-1.3b').explain('sequence.total'); "
        "vidcalc.train('wan2.1-t2v-1.3b'); vidcalc.train('wan2.1-t2v-1.3b'); "
        "print(all(callable(getattr(vidcalc, name)) for name in vidcalc.__all__ if name != '__version__'))"
    )
    assert spawn("-c", code, PYTHONPATH="src").out == "True\n"
    rooms = {path.stem for path in PACKAGE.iterdir()}
    assert rooms.isdisjoint(vidcalc.__all__)


def test_every_public_name_is_there_and_has_words():
    assert vidcalc.__all__ == sorted(vidcalc.__all__)
    for name in vidcalc.__all__:
        assert name == "__version__" or getattr(vidcalc, name).__doc__, name
    assert set(vidcalc.__all__) <= set(dir(vidcalc))
    with pytest.raises(AttributeError, match="estimat"):
        vidcalc.estimat  # noqa: B018


def test_the_package_runs_as_the_command(spawn):
    done = spawn("-m", "vidcalc", "estimate", "-m", "wan2.1-t2v-1.3b", PYTHONPATH="src", LC_ALL="C.UTF-8")
    assert done.code == 0, done.err
    assert done.out.startswith("Wan2.1-T2V-1.3B")
    assert spawn("-m", "vidcalc", "estimate", PYTHONPATH="src").code == 2
    assert spawn("-m", "vidcalc", "--version", PYTHONPATH="src").out == f"vidcalc {vidcalc.__version__}\n"
