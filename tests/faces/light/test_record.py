"""Tables that come with the package answer as the tape does, and only as long as the sources are those recorded."""

import os

import msgspec
import pytest

from vidcalc.calculate import calculate
from vidcalc.faces.light import bundle, record
from vidcalc.faces.requests.estimate import request
from vidcalc.tape import trace
from vidcalc.tape.tables import built, regimes

MODELS = ("wan2.1-t2v-1.3b", "ltx-2")
ASKED = [
    {"model": "wan2.1-t2v-1.3b"},
    {"model": "wan2.1-t2v-1.3b", "resolution": (1280, 720), "frames": 33, "gpu": "rtx-4090"},
    {"model": "wan2.1-t2v-1.3b", "frames": 1},
    {"model": "ltx-2"},
    {"model": "ltx-2", "resolution": (960, 544), "frames": 65, "batch_size": 2},
]
WHEN = 1_700_000_000 * 10**9  # of a file's last change [ns]


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

    def noted(component, *rest):
        calls.append(component.network)
        return run(component, *rest)

    for module in (trace, regimes):
        monkeypatch.setattr(module, "run", noted)
    return calls


def copied(tables, folder, change):
    """Tables with another text in each file."""
    folder.mkdir()
    for path in tables.glob("*.py"):
        (folder / path.name).write_text(change(path.stem, path.read_text()))
    return str(folder)


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_an_answer_from_tables_is_that_of_the_tape(asked, tables, monkeypatch):
    told = msgspec.json.encode(calculate(*request(asked)))
    monkeypatch.setattr(built, "FOLDER", str(tables / "nothing"))
    forget()
    assert msgspec.json.encode(calculate(*request(asked))) == told


@pytest.mark.parametrize("asked", ASKED[:2], ids=str)
def test_a_first_answer_needs_no_tape(asked, tables, taped):
    calculate(*request(asked))
    assert taped == []


def test_tables_of_other_sources_are_not_read(tables, taped, tmp_path, monkeypatch):
    later = copied(tables, tmp_path / "tables", lambda name, text: text.replace(", 1", ", 2"))
    monkeypatch.setattr(built, "FOLDER", later)
    forget()
    assert not built.current()
    calculate(*request(ASKED[0]))
    assert taped


def test_tables_of_another_question_are_not_read(tables, taped, tmp_path, monkeypatch):
    """Two questions may share their checksums."""
    head = f"{built.QUESTION} = "
    others = copied(tables, tmp_path / "tables", lambda name, text: text.replace(head, head + "b'another, ' + "))
    monkeypatch.setattr(built, "FOLDER", others)
    forget()
    assert built.current()
    calculate(*request(ASKED[0]))
    assert taped


@pytest.mark.parametrize("later", [1, -1], ids=["later", "earlier"])
def test_a_source_of_another_time_is_another(later, tmp_path, monkeypatch):
    """One of the same size too, and one that is put back with the time that it had before."""
    (tmp_path / "base").mkdir()
    for name, when in (("one.py", WHEN), ("two.py", WHEN + 10**9)):
        (tmp_path / "base" / name).write_text(name)
        os.utime(tmp_path / "base" / name, ns=(0, when))
    monkeypatch.setattr(built, "PACKAGE", str(tmp_path))
    monkeypatch.setattr(built, "FOLDER", str(tmp_path / "tables"))
    monkeypatch.setattr(record, "recorded", lambda names: {})
    record.write(built.FOLDER)
    built.current.cache_clear()
    assert built.current()
    os.utime(tmp_path / "base/one.py", ns=(0, WHEN + later * 10**9))
    built.current.cache_clear()
    assert not built.current()
    record.write(built.FOLDER, checked=False)
    built.current.cache_clear()
    assert built.current()
    built.current.cache_clear()


def test_recording_reads_nothing_where_it_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.py").write_text("raise AssertionError('this is not our file')")
    assert record.recorded(MODELS[:1])


def test_a_recording_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    def fails(names):
        raise MemoryError

    monkeypatch.setattr(record, "recorded", fails)
    (tmp_path / "sources.py").touch()
    with pytest.raises(MemoryError):
        record.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sources.py"]


def test_what_is_written_tells_work_by_kind_alone(tables):
    texts = [path.read_text() for path in tables.glob("*.py") if path.stem != built.SOURCES]
    assert texts
    assert all("\ndef alike(" in text and "\ndef each(" not in text for text in texts)


@pytest.mark.long
@pytest.mark.parametrize("there", [True, False])
def test_a_light_copy_that_answers_from_tables_holds_no_tape_beside_what_it_needs(there, tmp_path):
    tables = tmp_path / "tables"
    record.write(tables, checked=False, names=("wan2.1-t2v-14b",) * there)
    bundle.write(tmp_path / "light", tables=tables)
    needed = "".join(path.read_text() for path in (tmp_path / "light").glob("part*.py"))
    assert "vidcalc_tape_tables_built__code" in needed
    assert ("vidcalc_tape_trace__run(" in needed) is not there
