"""What a source is, which rows were in view, which are not to be trusted, and equal rows that count once."""

from collections import Counter

import pytest
from msgspec.structs import replace

from vidcalc.validate import run, sources, training_run
from vidcalc.validate.compared import Compared, Result
from vidcalc.validate.sources import CELL, SEEN, SOURCE, collection, doubt_of, origin, own_view, view
from vidcalc.validate.summary import part
from vidcalc.validate.table import Row


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("GitHub pull request vllm-project/vllm-omni#7737 with tests/dfx", "vllm-project/vllm-omni"),
        ("vllm-project/vllm-omni tests/dfx/perf.json", "vllm-project/vllm-omni"),
        ("github.com/zai-org/CogVideo finetune/README.md @7a1af71", "zai-org/cogvideo"),
        ("huggingface.co discussion rhymes-ai/Allegro", "rhymes-ai/allegro"),
        ("arXiv 2503.12964 (Training Video Foundation Models)", "arxiv 2503.12964"),
        ("NVIDIA FlashDreams documentation, benchmarks page", "nvidia flashdreams documentation"),
        ("", ""),
    ],
)
def test_pages_of_one_whole_are_one_source(source, found):
    assert origin(source) == found


def test_the_draw_holds_about_a_fifth_aside_and_no_row_that_was_fitted():
    counts = Counter(own_view(row) for row in collection().values())
    whole = sum(counts.values())
    assert 0.1 < (counts[CELL] + counts[SOURCE]) / whole < 0.35
    assert all(own_view(row) == SEEN for row in collection().values() if row.role == "fit")
    assert all(own_view(row) == SOURCE for row in collection().values() if row.added)


def test_a_source_is_held_aside_as_a_whole():
    held = {origin(row.source) for row in collection().values() if own_view(row) == SOURCE and not row.added}
    assert held
    seen = {origin(row.source) for row in collection().values() if not row.added and own_view(row) != SOURCE}
    assert not held & seen


def test_rows_of_another_file_are_held_against_the_collection():
    own = next(row for row in collection().values() if isinstance(row, Row) and own_view(row) == SEEN)
    assert view(own) == SEEN
    assert view(Row(id="new", source="nobody/knows")) == SOURCE
    assert view(Row(id="new", source=own.source, model="another")) == CELL


def test_fitted_rows_are_marked_in_the_data():
    marked = {row.id for row in collection().values() if row.role == "fit"}
    assert marked == run.fitted() | training_run.fitted()


def test_what_a_source_says_of_a_row_stands_for_what_was_read_of_it():
    rows = sources.collection()
    for name, columns in sources.readings().items():
        own = rows[name]
        known = sources.completed(own)
        assert all(getattr(known, column) == told != getattr(own, column) for column, told in columns.items()), name
        # the same id of another source is another row
        other = replace(own, source="somewhere/else")
        assert sources.completed(other) == other
    assert run.result(rows["mag-015"]).scope == "denoise"
    assert run.result(rows["tea-009"]).scope == "denoise"
    # one script of a repository times nothing, of another nothing shows the loop alone
    assert sources.completed(rows["cogx-123"]).time_scope == "sampling loop"
    for other in ("cos1-019", "fp-004"):
        assert sources.completed(rows[other]).time_scope == "end-to-end"


def test_a_doubt_is_of_a_rows_own_source():
    doubtful = [row for row in collection().values() if row.doubt]
    assert len(doubtful) > 30
    kinds = {row.doubt.partition(":")[0] for row in doubtful}
    assert kinds == {"memory", "time", "sharing"}
    assert doubt_of(Row(id="new", note="README table; disagrees with the chart")).startswith("time")
    assert doubt_of(Row(id="new", note="as the table says")) == ""


def result(name, ratio=1.0, **fields):
    figure = Compared(predicted=ratio, measured=1.0, ratio=ratio, low=0.9 * ratio, high=1.1 * ratio)
    given = {"model": "m", "family": "f", "gpu": "", "framework": "", "counter": "allocated", "source": "s", **fields}
    return Result(id=name, status="predicted", reason=None, role="check", memory=figure, time=figure, **given)


def test_equal_rows_of_one_source_count_once():
    rows = [result("a", 1.2), result("b", 1.2), result("c", 1.0), result("d", 1.2, source="t")]
    assert part(rows, "memory").all.rows == 3


def test_a_doubtful_figure_is_apart_and_the_other_is_not():
    rows = [result("a"), result("b", 2.0, doubt="time: two tables differ"), result("c", 3.0, doubt="sharing: unclear")]
    memory, time = part(rows, "memory"), part(rows, "time")
    assert (memory.all.rows, memory.doubtful.rows) == (2, 1)
    assert (time.all.rows, time.doubtful.rows) == (1, 2)


def test_each_view_has_errors_of_its_own():
    rows = [result("a", view=SEEN), result("b", 1.5, view=SOURCE)]
    found = part(rows, "time")
    assert found.by_view[SEEN].median_absolute_error == pytest.approx(0)
    assert found.views[SOURCE].median_absolute_error == pytest.approx(0.5)
    assert {(each.view, each.part) for each in found.crossed} == {(SEEN, ""), (SOURCE, "")}
    assert set(found.views) == set(sources.VIEWS)
