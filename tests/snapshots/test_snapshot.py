"""scripts/snapshot.py reports what moved, appeared and vanished and nothing else; its requests cover every flag."""

import json
import shlex
from collections import defaultdict
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path

import click
import pytest

from vidcalc.faces.cli import vidcalc

# what is shown, not what is calculated
SHOWN = {
    "--json",
    "--lang",
    "--currency",
    "--svg",
    "--png",
    "--help",
    "--version",
    "--all",
    "--full",
    "--check",
    "--how",
    "--code",
}
FILES = {"--ops", "--output", "--resume", "--columns", "--engine", "--ray-address"}
EXEMPT = SHOWN | FILES
# their numbers are those of `estimate` and `train`, whose settings they take: tests of their own say so
ALIKE, ASKED = {"compare", "fix", "sweep"}, ("estimate", "train")
# verify and measure run the published networks, schema, serve and site have no numbers, bugreport those of another
OTHERS = {"verify", "measure", "schema", "serve", "site", "bugreport"}
VALUES = 2

BEFORE = {
    "estimate -m a": {"memory.stages[denoise].total": 10**15, "memory.peak": 2 * 10**15, "memory.verdict": "fits"},
    "train -m b": {"time.total": 12.5, "time.low": 0.0, "best_time": 4},
}


@pytest.fixture(scope="module")
def snapshot():
    spec = spec_from_file_location("snapshot", Path(__file__).parents[2] / "scripts/snapshot.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def changed(request, **leaves):
    return {**BEFORE, request: {**BEFORE[request], **{name.replace("__", "."): each for name, each in leaves.items()}}}


def test_equal_numbers_are_not_reported(snapshot):
    same = changed("train -m b", time__total=12.5 * (1 + 1e-10), best_time=4.0)
    assert not any(snapshot.compare(BEFORE, same))
    assert snapshot.report(snapshot.compare(BEFORE, same), list(BEFORE), 40) == ["no number moved in 2 requests"]


@pytest.mark.parametrize(
    ("request_", "leaf", "new"),
    [
        ("estimate -m a", "memory__peak", 2 * 10**15 + 1),
        ("estimate -m a", "memory__verdict", "too_big"),
        ("train -m b", "time__total", 12.5 * (1 + 1e-8)),
        ("train -m b", "time__low", 1e-3),
    ],
)
def test_what_moved_is_reported_with_old_and_new(request_, leaf, new, snapshot):
    difference = snapshot.compare(BEFORE, changed(request_, **{leaf: new}))
    name = leaf.replace("__", ".")
    assert difference == ([(request_, name, BEFORE[request_][name], new)], [], [])
    lines = snapshot.report(difference, list(BEFORE), 40)
    assert lines[0].startswith("1 leaves moved in 1 of 2 requests")
    assert name in lines[-1] and request_ in lines[-1]


def test_the_largest_move_comes_first(snapshot):
    moved = snapshot.compare(BEFORE, changed("train -m b", time__total=13, time__low=1.0, best_time=2)).moved
    assert [move.leaf for move in moved] == ["time.low", "best_time", "time.total"]
    assert [move.ratio for move in moved[1:]] == [0.5, 13 / 12.5]


def test_leaves_that_appear_or_vanish_are_listed_apart(snapshot):
    now = changed("train -m b", time__high=1)
    del now["train -m b"]["time.low"]
    difference = snapshot.compare(BEFORE, now)
    assert difference == ([], [("train -m b", "time.high")], [("train -m b", "time.low")])
    lines = "\n".join(snapshot.report(difference, list(BEFORE), 40))
    assert "1 appeared, 1 vanished" in lines
    assert "time.high" in lines and "time.low" in lines
    assert snapshot.compare(BEFORE, {"train -m b": BEFORE["train -m b"]}).vanished == [
        ("estimate -m a", leaf) for leaf in BEFORE["estimate -m a"]
    ]


def test_hundreds_of_moves_stay_readable(snapshot):
    before = {"scale": {f"rows[{place}].seconds": 1.0 + place for place in range(500)}}
    now = {"scale": {leaf: value * 1.1 for leaf, value in before["scale"].items()}}
    lines = snapshot.report(snapshot.compare(before, now), ["scale"], 10)
    assert len(lines) < 40
    assert any("rows[].seconds" in line and "500" in line for line in lines)


def test_numbers_and_verdicts_of_a_document_are_kept_by_name(snapshot):
    document = {
        "schema": "x/1",
        "stages": [{"id": "load", "total": 1, "note": "words"}, {"id": "denoise", "total": 2.5}],
        "sizes": [{"width": 8, "id": ""}, {"width": 9, "id": ""}],
        "latent": [16, 21],
        "by_family": {"Wan 2.1": {"rows": 3}},
        "verdict": "too_big",
        "as_of": "2026-09",
        "right": True,
        "missing": None,
        "words": {"sharding": "zero3"},
    }
    assert dict(snapshot.leaves(document)) == {
        "stages[load].total": 1,
        "stages[denoise].total": 2.5,
        "sizes[0].width": 8,
        "sizes[1].width": 9,
        "latent.0": 16,
        "latent.1": 21,
        "by_family.Wan_2_1.rows": 3,
        "verdict": "too_big",
        "right": "true",
        "words.sharding": "zero3",
    }


def test_what_is_written_is_read_again(snapshot):
    document = {"a": {"b": 10**30, "c": 1 / 3}, "rows": [{"id": str(row), "x": row, "y": 1e-9} for row in range(9)]}
    found = {"estimate": dict(snapshot.leaves({**document, "z": 0})), "gpus": {"[x].memory": 5, "verdict": "fits"}}
    assert not any(snapshot.compare(snapshot.loads(snapshot.dumps(found)), found))


def test_every_request_is_recorded(snapshot):
    recorded = snapshot.loads(snapshot.NUMBERS.read_text("utf-8"))
    assert list(recorded) == snapshot.requests()
    assert all(recorded.values())


def test_a_request_still_answers_as_recorded(snapshot):
    asked = ["estimate -m wan2.1-t2v-14b"]
    found, refused = snapshot.answers(asked)
    recorded = snapshot.loads(snapshot.NUMBERS.read_text("utf-8"))
    assert not refused
    assert not any(snapshot.compare({asked[0]: recorded[asked[0]]}, found))


def options():
    """(command, option) of all that change an answer."""
    group = vidcalc()
    context = click.Context(group)
    given = {name: group.get_command(context, name).params for name in group.list_commands(context)}
    asked = {option.name for name in ASKED for option in given[name]}
    for name, params in given.items():
        for option in params if name not in OTHERS else ():
            elsewhere = name in ALIKE and option.name in asked
            if isinstance(option, click.Option) and not elsewhere and not EXEMPT & set(option.opts):
                yield name, option


def test_every_flag_of_every_command_is_asked_with_two_values(snapshot):
    given = defaultdict(set)
    for request in snapshot.requests():
        command, *words = shlex.split(request)
        for word, value in pairwise([*words, ""]):
            if word.startswith("-"):
                given[command, word].add(value)
    missing = [
        f"{command} {option.opts[-1]}"
        for command, option in options()
        if len(set().union(*(given[command, name] for name in option.opts))) < (1 if option.is_flag else VALUES)
    ]
    assert not missing


def test_every_command_and_every_model_is_asked(snapshot):
    asked = [shlex.split(request) for request in snapshot.requests()]
    group = vidcalc()
    assert {words[0] for words in asked} == set(group.list_commands(click.Context(group))) - OTHERS
    known = {row["name"] for row in json.loads(snapshot.answer(["models"])[1])["models"]}
    assert known <= {value for words in asked for flag, value in pairwise(words) if flag in ("-m", "--model")}
