"""Both doors of the command line say the same: the light copy of the code, and the code itself."""

import contextlib
import io
import random
import shlex
from pathlib import Path

import pytest

from vidcalc.faces.cli import run, vidcalc
from vidcalc.faces.light import door
from vidcalc.faces.light.world import World

ROOT = Path(__file__).resolve().parents[3]
LINES = (ROOT / "tests/snapshots/requests.txt").read_text(encoding="utf-8").splitlines()
REQUESTS = [shlex.split(line) for line in LINES if line and line[0] != "#"]
SHORT = [words for words in REQUESTS if words[0] in door.SHORT and door.plain(words)]
BY_FILES = ("--from", "--lora", "--gpu-file", "--calibration")  # read by modules that a light run may lack
ODD = ("", "-1", "0", "1e309", "abc", "4090", "720p", "auto", "9" * 50, "가", "x=1")
PARTS, FIRST = 16, 3  # the first of them always, the others where there is time
IN_PARTS = [*range(FIRST), *(pytest.param(part, marks=pytest.mark.long) for part in range(FIRST, PARTS))]


def light(words):
    """What the light copy says of a command line; None where it leaves it to the full one."""
    if not door.plain(words):
        return None
    world = World(door.built, door.home)
    try:
        door.ask(world, words)
    except Exception:
        return None
    return "".join(world.said)


def full(words):
    """(exit code, standard output) of the full command line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(vidcalc, "vidcalc", words)
    return code, out.getvalue()


def same(words):
    """Whether a command line was answered by the light copy, word for word as by the code itself."""
    said = light(words)
    if said is None:
        return False
    assert (0, said) == full(words), words
    return True


@pytest.mark.parametrize("part", IN_PARTS)
def test_recorded_requests_are_answered_alike(part, copy, monkeypatch):
    monkeypatch.chdir(ROOT)
    asked = [[*words, "--json"][: len(words) + number % 2] for number, words in enumerate(SHORT)][part :: 3 * PARTS]
    left = [words for words in asked if not same(words)]
    assert asked
    assert [words for words in left if not set(words) & set(BY_FILES)] == []


@pytest.mark.parametrize("seed", IN_PARTS)
def test_any_mixture_of_flags_is_answered_alike_or_left_to_the_full_command_line(seed, copy, monkeypatch):
    monkeypatch.chdir(ROOT)
    chance = random.Random(seed)
    pairs = [pair for words in SHORT if words[0] == "estimate" for pair in paired(words[1:])]
    others = [pair for pair in pairs if pair[0] != "-m"]
    answered = 0
    for _ in range(6):
        model = chance.choice([pair for pair in pairs if pair[0] == "-m"])
        mixed = [each if chance.random() < 0.95 else (each[0], chance.choice(ODD)) for each in chance.sample(others, 3)]
        given = [word for pair in (model, *mixed) for word in pair if word is not None]
        answered += same(["estimate", *given, *chance.choice([(), ("--json",), ("--lang", "ko")])])
    assert answered or seed  # most mixtures are refused by both; of the first, some are not


def paired(words):
    """A command line's flags with their values, None where a flag has none."""
    found = []
    for word in words:
        if word[:1] == "-" and not word[1:2].isdigit():
            found.append((word, None))
        elif found:
            found[-1] = (found[-1][0], word)
    return found


@pytest.mark.parametrize(
    "words",
    [
        *(("--help",), ("--version",), ("models",), ("models", "--json"), ("gpus",), ("gpus", "--json")),
        *(
            ("gpus", "--filter", "hopper", "--sort", "price"),
            ("gpus", "--min-memory=48GiB"),
            ("models", "--lang", "ko"),
        ),
        *(
            (name, "--help")
            for name in sorted(path.stem for path in (ROOT / "src/vidcalc/faces/commands").glob("[a-z]*.py"))
        ),
        *(
            ("--lang", "ko", "--help"),
            ("estimate", "--help", "--lang", "ko"),
            ("train", "-mwan2.1-t2v-1.3b", "--gpus=8"),
        ),
    ],
    ids=" ".join,
)
def test_lists_and_pages_are_answered_lightly_and_alike(words, copy):
    assert same(words)


@pytest.mark.parametrize(
    "words",
    [
        *(
            (),
            ("estimate",),
            ("nothing",),
            ("estimate", "-m"),
            ("estimate", "-m", "wan9"),
            ("estimate", "--nothing", "1"),
        ),
        *(("estimate", "-m", "wan2.1-t2v-14b", "stray"), ("models", "--json=1"), ("gpus", "--sort", "colour")),
        *(("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "nothing"), ("estimate", "-m", "wan2.1-t2v-14b", "-f", "-1")),
        ("explain", "compute.flops_per_step", "-m", "wan2.1-t2v-14b"),
    ],
    ids=" ".join,
)
def test_refusals_and_rare_commands_are_left_to_the_full_command_line(words, copy, capsys):
    assert not door.answered(words)
    assert capsys.readouterr() == ("", "")


def test_a_source_of_another_time_or_size_is_not_answered_by_its_copy(copy, monkeypatch):
    from vidcalc.faces.light import index

    assert light(("models",))
    for other in (-1, 1):  # put back from elsewhere with the time it had there, or edited since
        monkeypatch.setitem(index.TIMES, "vidcalc.catalog.models", index.TIMES["vidcalc.catalog.models"] + other)
        assert light(("models",)) is None
        monkeypatch.undo()
    monkeypatch.setitem(index.SIZES, "vidcalc.catalog.models", 1)
    assert light(("models",)) is None


@pytest.mark.parametrize("switch", [("VIDCALC_LIGHT", "0"), ("_VIDCALC_COMPLETE", "zsh_complete")])
def test_it_can_be_switched_off(switch, copy, monkeypatch):
    monkeypatch.setenv(*switch)
    assert not door.answered(("models",))


@pytest.mark.parametrize(
    "words",
    [
        ("estimate", "-m", "wan2.1-t2v-14b", "--json"),
        ("estimate", "-p", "3B", "-r", "1080p", "-f", "120"),
        ("models",),
        ("--help",),
    ],
    ids=" ".join,
)
def test_a_light_run_loads_no_large_library(words, copy, spawn):
    code = (
        "import sys; sys.path.insert(0, 'src'); from vidcalc.faces import light; "
        f"light.__path__[1:] = [{str(copy)!r}]; from vidcalc.faces.light.door import answered; "
        f"done = answered({list(words)!r}); print(*sys.modules, file=sys.stderr); sys.exit(not done)"
    )
    done = spawn("-c", code)
    assert done.code == 0, done.err
    large = ("click", "collections", "enum", "functools", "json", "msgspec", "numpy", "re", "typing")
    assert set(done.err.split()).isdisjoint(large)
