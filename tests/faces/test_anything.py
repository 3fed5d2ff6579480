"""Whatever is typed: an answer or one clear line, never a traceback."""

import contextlib
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vidcalc.faces.cli import run, vidcalc

FLAGS = st.sampled_from(
    [
        *("-p", "-m", "-r", "-f", "--seconds", "--fps", "-s", "-b", "--guidance", "--text-tokens", "--latent-channels"),
        *("--patch-size", "--vae-params", "--arch", "--precision", "--attention", "--gpu", "--gpus", "--recipe"),
        *("--optimizer", "--checkpointing", "--train-steps", "--lang"),
    ]
)
NUMBERS = st.one_of(st.integers(), st.floats()).map(str)
VALUES = st.one_of(st.text(max_size=30), NUMBERS, st.tuples(NUMBERS, NUMBERS).map("x".join), st.just("9" * 6000))


def typed(*arguments):
    """(exit code, standard output, standard error) of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(vidcalc, "vidcalc", arguments)
    return code, out.getvalue(), err.getvalue()


@given(flag=FLAGS, value=VALUES)
@example(flag="-r", value="4e9x4e9")
@example(flag="-f", value="1e309")
@example(flag="--params", value="\x00")
def test_any_value_of_any_flag_is_answered_or_refused_in_one_line(flag, value):
    base = {"-p": "600M", "-r": "256x256", "-f": "8"}
    arguments = ["estimate", *[piece for pair in {**base, flag: value}.items() for piece in pair]]
    code, out, err = typed(*arguments)
    assert code in (0, 2)
    assert (err.count("\n"), bool(out)) == ((0, True) if code == 0 else (1, False))


@given(arguments=st.lists(st.one_of(FLAGS, st.text(max_size=10)), max_size=5))
def test_any_command_line_with_json_is_an_object(arguments):
    code, out, _ = typed("estimate", "--json", "-m", "wan2.1-t2v-1.3b", *arguments)
    if "--help" not in arguments:
        assert ("error" in json.loads(out)) == (code == 2)


@pytest.mark.long
@given(sides=st.tuples(st.integers(16, 100_000), st.integers(16, 100_000)), frames=st.integers(1, 10**7))
def test_the_largest_sizes_are_answered(sides, frames):
    code, out, err = typed("estimate", "-p", "100T", "-r", f"{sides[0]}x{sides[1]}", "-f", str(frames), "--json")
    assert code == 0, err
    assert json.loads(out)["compute"]["flops_per_video"] > 0
