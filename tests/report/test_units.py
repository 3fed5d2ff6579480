"""Every number of every report has a unit: in its structure, in the JSON Schema, for each number of real answers."""

import json
from importlib import import_module

import msgspec
import pytest

from vidcalc.describe.workload import Workload
from vidcalc.faces.cli import run, vidcalc
from vidcalc.faces.commands.schema import DOCUMENTS, schema_of
from vidcalc.report.units import OF_A_JOB, units

JOBS = {
    "estimate": ("-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--target-rate", "100/h"),
    "chain": ("wan2.1-t2v-1.3b", "wan2.1-t2v-1.3b -r 720p -s 4", "--gpu", "rtx-4090"),
    "scale": ("-m", "wan2.1-t2v-1.3b", "--gpus", "4"),
    "fit": ("-m", "ltx-video-2b", "--gpu", "rtx-4090", "--max-cost", "0.1", "--host-ram", "64GB"),
    "choose": ("-m", "ltx-video-2b", "--gpu", "rtx-4060", "--gpu", "rtx-4090", "--rate", "100/h"),
    "train": ("-m", "wan2.1-t2v-1.3b", "--texts", "online", "--validation", "on"),
    "plan": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--gpus", "1,2"),
    "budget": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--budget", "100USD", "--clips", "1000"),
    "compare": ("wan2.1-t2v-1.3b", "ltx-2 -r 768x512", "--gpu", "rtx-4090"),
    "fix": ("-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--host-ram", "64GB"),
    "sweep": ("-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "-f", "17,33"),
    "models": (),
    "gpus": (),
}
# what is in the unit of the thing that an id names
HERE = ("assumptions.*.value", "warnings.*.values.*")
BY_ID = (*HERE, *(f"jobs.*.report.{each}" for each in HERE))


def structure(document):
    """The structure of a command's document."""
    place, name = DOCUMENTS[document]
    return getattr(import_module(place), name)


def numbers(value, path=()):
    """The path of every number of a document."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from numbers(each, (*path, name))
    elif isinstance(value, list):
        for each in value:
            yield from numbers(each, (*path, "*"))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def matches(path, pattern):
    """Whether a path is one that a pattern with stars stands for; the last star takes whatever is below it."""
    pieces = pattern.split(".")
    longer = pieces[-1] == "*" and len(path) > len(pieces)
    return (longer or len(path) == len(pieces)) and all(b in ("*", a) for a, b in zip(path, pieces, strict=False))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_number_of_a_structure_is_without_a_unit(document):
    assert [path for path, unit in units(structure(document)).items() if not unit] == []


def test_a_number_without_a_unit_is_seen():
    class Bare(msgspec.Struct):
        rows: list[dict[str, float | None]]
        name: str

    assert units(Bare) == {"rows.*.*": ""}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_number_that_is_answered_has_a_unit(document, capsys):
    if document == "how":  # words of another tool, none of which is a number
        return
    assert run(vidcalc, "vidcalc", (document, *JOBS[document], "--json")) == 0
    known = (*units(structure(document)), *BY_ID)
    found = set(numbers(json.loads(capsys.readouterr().out)))
    assert found
    assert [path for path in sorted(found) if not any(matches(path, each) for each in known)] == []


def test_the_settings_of_a_job_are_all_there():
    assert set(OF_A_JOB) == set(Workload.__struct_fields__)


def test_the_schema_says_the_units():
    defined = schema_of("estimate")["$defs"]
    assert defined["StageRow"]["properties"]["total"]["unit"] == "byte"
    assert defined["InferenceTime"]["properties"]["total"]["unit"] == "second"
    assert defined["Report"]["properties"]["workload"]["units"]["width"] == "pixel"
