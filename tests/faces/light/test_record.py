"""Tables that come with the package answer as the tape does, and only as long as the sources are those recorded."""

import msgspec
import pytest

from vidcalc.calculate import calculate
from vidcalc.faces.light import record
from vidcalc.faces.requests.estimate import request
from vidcalc.tape import trace
from vidcalc.tape.tables import built, regimes

MODELS = ("wan2.1-t2v-1.3b", "ltx-2")
ASKED = [
    {"model": "wan2.1-t2v-1.3b"},
    {"model": "wan2.1-t2v-1.3b", "resolution": (1280, 720), "frames": 33, "gpu": "rtx-4090"},
    {"model": "wan2.1-t2v-1.3b", "frames": 1},
    {"model": "ltx-2"},
    {"model": "ltx-2", "resolution": (960, 544), "frames": 65, "batch": 2},
]


def forget():
    regimes.forget()
    trace.forget()
    built.current.cache_clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tables of a few models."""
    made = tmp_path_factory.mktemp("tables")
    record.write(made, names=MODELS)
    return made


@pytest.fixture
def tables(folder, monkeypatch):
    """This process reads them, and knows nothing yet."""
    monkeypatch.setattr(built, "FOLDER", str(folder))
    monkeypatch.setenv("VIDCALC_CACHE", "")
    forget()
    yield folder
    forget()


@pytest.fixture
def taped(monkeypatch):
    """What goes over the tape."""
    calls = []
    run = trace.run
    monkeypatch.setattr(trace, "run", lambda component, *rest: calls.append(component.network) or run(component, *rest))
    return calls


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_an_answer_from_tables_is_that_of_the_tape(asked, tables, monkeypatch):
    told = msgspec.json.encode(calculate(*request(asked)))
    monkeypatch.setattr(built, "FOLDER", str(tables / "nothing"))
    forget()
    assert msgspec.json.encode(calculate(*request(asked))) == told


def test_a_first_answer_without_settings_needs_no_tape(tables, taped):
    calculate(*request(ASKED[0]))
    assert taped == []


def test_tables_of_other_sources_are_not_read(tables, taped, tmp_path, monkeypatch):
    (tmp_path / "tables").mkdir()
    for path in tables.glob("*.py"):
        (tmp_path / "tables" / path.name).write_text(path.read_text().replace("NEWEST = ", "NEWEST = 0 * "))
    monkeypatch.setattr(built, "FOLDER", str(tmp_path / "tables"))
    forget()
    assert not built.current()
    calculate(*request(ASKED[0]))
    assert taped


def test_what_is_written_tells_work_by_kind_alone(tables):
    texts = [path.read_text() for path in tables.glob("*.py") if path.stem != built.SOURCES]
    assert texts
    assert all("\ndef alike(" in text and "\ndef each(" not in text for text in texts)
