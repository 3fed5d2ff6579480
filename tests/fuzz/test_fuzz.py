"""Whatever is typed and whatever a file holds: an answer, or one line that says what is wrong, within bounds.

Two thousand cases run always, ten times as many under the mark `fuzz`, with another seed each time (FUZZ_SEED sets it).
"""

import os
import secrets
from pathlib import Path

import pytest
from fuzz_cases import done, judged
from fuzz_grammar import commands, lines
from fuzz_seeds import harmed, seeds
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from vidcalc.catalog.load import names

MODELS = ("wan2.1-t2v-1.3b", "ltx-video-2b", "cogvideox-2b", "svd", "sora")  # as they are asked in the short run
FILES = ("made.json", "made.toml", "made.csv", "made.svg", "made.png", "none.txt", ".")
SEARCHING = ("budget", "choose", "fit", "fix", "plan", "scale", "sweep")  # each case may look at hundreds of jobs
SHORT, SEARCHES, HARMED = 110, 14, 30  # cases of a command, of one that searches, of a kind of file
MORE = 10  # times as many under the mark
SEED = int(os.environ.get("FUZZ_SEED", "0")) or secrets.randbits(32)


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written goes where nothing else is; nothing is measured."""
    monkeypatch.chdir(tmp_path_factory.mktemp("fuzz"))
    monkeypatch.setitem(__import__("sys").modules, "torch", None)


def run(strategy: st.SearchStrategy[tuple[str, ...]], cases: int, fresh: bool) -> None:
    """So many cases of a strategy; `fresh`: with this run's seed."""

    @settings(
        max_examples=cases,
        derandomize=not fresh,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def case(typed: tuple[str, ...]) -> None:
        judged(typed, done(typed))

    print("seed", SEED)
    (seed(SEED)(case) if fresh else case)()


def count(command: str) -> int:
    """Cases of a command."""
    return SEARCHES if command in SEARCHING else SHORT


@pytest.mark.long
@pytest.mark.parametrize("command", commands())
def test_whatever_is_typed_is_answered_or_refused(command: str) -> None:
    run(lines(command, MODELS, FILES), count(command), fresh=False)


@pytest.mark.fuzz
@pytest.mark.parametrize("command", commands())
def test_much_more_is_typed(command: str) -> None:
    run(lines(command, tuple(names("models")), FILES), MORE * count(command), fresh=True)


def read(kind: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Command lines that read a harmed file of a kind, which is written when the case is drawn."""
    right = seeds()[kind]

    def written(drawn: tuple[bytes, tuple[str, ...]]) -> tuple[str, ...]:
        Path(right.name).write_bytes(drawn[0])
        return tuple(right.name if word == "@" else word for word in drawn[1])

    return st.tuples(harmed(right.content), st.sampled_from(right.lines)).map(written)


@pytest.mark.parametrize("kind", range(len(seeds())), ids=[each.name for each in seeds()])
def test_whatever_a_file_holds_is_answered_or_refused(kind: int) -> None:
    run(read(kind), HARMED, fresh=False)


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", range(len(seeds())), ids=[each.name for each in seeds()])
def test_files_are_harmed_much_more(kind: int) -> None:
    run(read(kind), MORE * HARMED, fresh=True)


@pytest.mark.parametrize("kind", range(len(seeds())), ids=[each.name for each in seeds()])
def test_a_right_file_is_read(kind: int) -> None:
    right = seeds()[kind]
    Path(right.name).write_bytes(right.content)
    for line in right.lines:
        typed = tuple(right.name if word == "@" else word for word in line)
        judged(typed, done(typed))
