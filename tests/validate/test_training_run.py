"""A validation of training keeps every row, predicts it or says why not, and counts check rows alone."""

import msgspec
import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.catalog.load import DATA
from vidcalc.faces.words import validation as words
from vidcalc.rates.machines import accelerator
from vidcalc.validate import files
from vidcalc.validate.run import Validation
from vidcalc.validate.summary import distinct
from vidcalc.validate.training_run import TrainingValidation, fitted, validate

GIB = 2**30


@pytest.fixture(scope="module")
def rows():
    return files.read(f"{DATA}/measured/training.csv")


@pytest.fixture(scope="module")
def found(rows):
    return validate(rows)


def test_the_columns_tell_what_was_measured(tmp_path):
    assert isinstance(files.validated(_file(tmp_path, "id,model,width,height,frames\n")), Validation)
    training = _file(tmp_path, "id,model,mode,width,height,frames,batch_per_gpu\na,Wan2.1-T2V-1.3B,lora,,,,\n")
    told = files.validated(training)
    assert isinstance(told, TrainingValidation)
    assert [row.reason for row in told.rows] == ["no_size"]


def test_a_file_of_no_kind_is_refused(tmp_path):
    for text in ("id,model,mode\n", "a,b\n1,2\n"):
        with pytest.raises(Unreadable) as refused:
            files.validated(_file(tmp_path, text))
        assert (refused.value.flag, refused.value.problem) == ("FILE", "no_columns")
        assert refused.value.values["missing"]  # the fewest that make it a file of some kind


def test_no_row_is_dropped_and_each_is_predicted_or_has_a_reason_in_words(rows, found):
    assert [result.id for result in found.rows] == [row.id for row in rows]
    for result in found.rows:
        assert (result.status == "predicted") == (result.reason is None)
        for reason in (result.reason, result.time.reason):
            assert reason is None or reason in words.REASONS
        assert result.bound is None or result.bound.kind in words.BOUNDS


def test_measurements_are_gibibytes_of_the_source_unless_they_are_bounds(rows, found):
    for row, result in zip(rows, found.rows, strict=True):
        if row.peak_mem_gb and result.bound is None and result.status == "predicted" and "UPPER" not in row.mem_note:
            assert result.memory.measured == pytest.approx(float(row.peak_mem_gb) * GIB)
        if result.time.ratio is not None:
            assert result.time.low <= result.time.predicted <= result.time.high


def test_runs_that_failed_are_no_errors_but_bounds(rows, found):
    for row, result in zip(rows, found.rows, strict=True):
        if row.mem_note.startswith("OOM"):
            assert result.memory.ratio is None
            assert result.status == "unmapped" or not row.gpu or result.bound.kind == "oom"


def test_fit_rows_are_marked_in_the_data_and_counted_nowhere(rows, found):
    fit = {result.id for result in found.rows if result.role == "fit"}
    assert fit == fitted() == {row.id for row in rows if row.role == "fit"}
    sound = [r for r in found.rows if r.role == "check" and not r.doubtful("memory")]
    checked = distinct([r for r in sound if r.memory.ratio is not None and r.counter != "card"], lambda r: r.memory)
    assert found.summary.memory.all.rows == len(checked)
    bounds = [r.bound.right for r in sound if r.bound]
    assert (found.summary.bounds.rows, found.summary.bounds.right) == (len(bounds), sum(bounds))


def test_published_training_is_met_within_the_bars(found):
    memory, time = found.summary.memory, found.summary.time
    assert memory.all.median_absolute_error <= 0.08
    assert memory.all.p90_absolute_error <= 0.20
    assert time.all.median_absolute_error <= 0.15
    assert found.summary.by_bound["fits"].share >= 0.95
    assert found.summary.coverage.share >= 0.84  # SAT's VAE encoder is not written here


def test_the_band_of_a_steps_time_holds_four_fifths_of_what_was_measured(found):
    assert found.summary.time.balanced.held >= 0.80


def test_linear_attention_with_a_convolutional_feed_forward_takes_what_was_measured(found):
    sana = next(result.time for result in found.rows if result.id == "STSEG-154")
    assert sana.ratio == pytest.approx(1, rel=0.1)


def test_an_allocation_fails_where_torch_has_no_more(found):
    for result in found.rows:
        if result.bound is not None and result.bound.kind == "oom" and result.gpu == "l40s":
            assert result.bound.limit == accelerator("l40s").memory_torch < accelerator("l40s").memory_driver


def test_a_verdict_never_promises_room_to_a_run_that_failed(rows, found):
    """A run that ran out of memory may be called tight, where the band of the prediction reaches the card's size."""
    first = [
        result for result, row in zip(found.rows, rows, strict=True) if not row.added
    ]  # later ones are only scored
    failed = [result.bound for result in first if result.bound is not None and result.bound.kind == "oom"]
    assert len(failed) > 60
    assert all(bound.right or bound.open for bound in failed)
    told = found.summary.by_bound["oom"]
    later = [row for row in rows if row.added and "OOM" in row.mem_note]
    assert told.right + told.open >= told.rows - len(later) > told.right


def test_checkpointing_comes_in_the_measured_order(found):
    """One model on one card in several ways; two readings within 2 % of each other are a tie."""
    for prefix, ids in (
        ("Wan", ("STSEG-172", "STSEG-176", "STSEG-178", "STSEG-180")),
        ("LTX", ("STSEG-086", "STSEG-092")),
    ):
        chosen = [result.memory for result in found.rows if result.id in ids]
        assert len(chosen) == len(ids), prefix
        for one in chosen:
            for other in chosen:
                if one.measured < 0.98 * other.measured:
                    assert one.predicted < other.predicted


def test_json_has_the_agreed_keys(found):
    told = msgspec.json.decode(msgspec.json.encode(found))
    assert {"rows", "summary", "schema"} <= set(told)
    assert {"memory", "time", "bounds", "by_bound", "coverage"} <= set(told["summary"])
    for row in told["rows"]:
        assert {"id", "status", "reason", "memory", "time", "bound"} <= set(row)


def _file(folder, text):
    path = folder / "measured.csv"
    path.write_text(text)
    return str(path)
