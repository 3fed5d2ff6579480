"""A validation keeps every row, predicts in SI units under the row's own counter, and counts check rows alone."""

import msgspec
import pytest
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.catalog.load import DATA
from vidcalc.cost.memory import Stage
from vidcalc.rates.machines import accelerator
from vidcalc.validate import counters, run
from vidcalc.validate.run import fitted, validate
from vidcalc.validate.summary import distinct, errors, part
from vidcalc.validate.table import Row, read

GIB = 2**30
KEYS = {"predicted", "measured", "ratio", "low", "high"}


@pytest.fixture(scope="module")
def rows():
    return read(f"{DATA}/measured/inference.csv")


@pytest.fixture(scope="module")
def found(rows):
    return validate(rows)


def test_no_row_is_dropped_and_each_is_predicted_or_has_a_reason(rows, found):
    assert [result.id for result in found.rows] == [row.id for row in rows]
    for result in found.rows:
        assert (result.status == "predicted") == (result.reason is None)
        assert (result.memory.predicted is not None) == (result.status == "predicted")


def test_json_has_the_agreed_keys(found):
    told = msgspec.json.decode(msgspec.json.encode(found))
    assert {"rows", "summary"} <= set(told)
    for row in told["rows"]:
        assert {"id", "status", "reason", "memory", "time"} <= set(row)
        assert set(row["memory"]) >= KEYS <= set(row["time"])


def test_measurements_are_gibibytes_of_the_source_and_seconds(rows, found):
    for row, result in zip(rows, found.rows, strict=True):
        if row.peak_mem_gb:
            assert result.memory.measured == pytest.approx(float(row.peak_mem_gb) * GIB)
        if result.memory.ratio is not None:
            assert result.memory.ratio == pytest.approx(result.memory.predicted / result.memory.measured)
        if result.time.ratio is not None:
            assert result.time.low <= result.time.predicted <= result.time.high


def test_fit_rows_are_marked_in_the_data_and_counted_nowhere(rows, found):
    fit = {result.id for result in found.rows if result.role == "fit"}
    assert fit == fitted() == {row.id for row in rows if row.role == "fit"}
    sound = [
        result
        for result in found.rows
        if result.id not in fit and result.memory.ratio is not None and not result.doubtful("memory")
    ]
    once = distinct([result for result in sound if result.counter != "card"], lambda result: result.memory)
    checked = [result.memory.ratio for result in once]
    assert len(checked) < len([result for result in sound if result.counter != "card"])
    assert found.summary.memory.all == errors(checked)
    assert sum(group.rows for group in found.summary.memory.by_family.values()) == len(checked)


def test_published_memory_is_met_within_the_bars(rows, found):
    memory = found.summary.memory
    seen = memory.by_view["seen"]
    assert seen.median_absolute_error <= 0.03
    assert seen.p90_absolute_error <= 0.21  # LightX2V's block offload and vLLM-Omni's shards are what lies furthest off
    assert memory.by_view["cell"].median_absolute_error <= 0.08
    assert memory.by_counter["allocated"].median_absolute_error <= 0.05
    assert memory.by_counter["allocated"].p90_absolute_error <= 0.12
    first = [
        result for result, row in zip(found.rows, rows, strict=True) if not row.added
    ]  # later ones are only scored
    families = part(first, "memory").by_family
    assert all(group.median_absolute_error <= 0.15 for group in families.values() if group.rows >= 5)
    assert found.summary.coverage.share >= 0.90


def test_the_hunyuan_combinations_come_in_the_measured_order(found):
    """Offload, quantisation and tiling of one script on one card; two readings within 2 % of each other are a tie."""
    chosen = [result.memory for result in found.rows if "hyv-052" <= result.id <= "hyv-065"]
    assert len(chosen) >= 12
    for one in chosen:
        for other in chosen:
            if one.measured < 0.98 * other.measured:
                assert one.predicted < other.predicted


def test_models_that_a_row_moves_off_are_gone_before_the_card_bounds_what_is_reserved(rows):
    moved = next(row for row in rows if row.id == "cos1-006")
    small, large = (run.result(replace(moved, id="", gpu=gpu)).memory.predicted for gpu in ("H100 80GB", "H200"))
    assert small == pytest.approx(large, rel=0.02)


def test_counters_stand_in_order():
    stage = Stage(
        id="denoise", resident={}, weights=20 * GIB, activations=10 * GIB, workspace=0, other=GIB, total=31 * GIB
    )
    chip = accelerator("a100-sxm-80gb")
    smaller = replace(chip, memory_torch=32 * GIB)
    allocated, reserved, device = (
        counters.counted([stage], name, chip) for name in ("allocated", "reserved", "device")
    )
    assert allocated < reserved < device
    assert counters.counted([stage], "device", smaller) < device  # the cache gives way on a smaller card


def test_a_file_that_is_no_table_of_measurements_is_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    for path in (other, tmp_path / "absent.csv"):
        with pytest.raises(InputError) as refused:
            read(str(path))
        assert refused.value.flag == "FILE"


def test_a_note_may_stand_under_the_name_that_collections_give_it(tmp_path):
    table = tmp_path / "noted.csv"
    table.write_text("id,model,width,height,frames,quote_or_note\na,Wan2.1-T2V-14B,832,480,81,ran with SGLang\n")
    (row,) = read(str(table))
    assert row.note == "ran with SGLang"
    assert validate([row]).rows[0].framework == "sglang-2026-06"  # of about the time of its model


def test_a_generation_that_fits_a_card_is_a_bound():
    row = Row(
        id="a",
        model="Wan2.1-T2V-1.3B",
        width="832",
        height="480",
        frames="81",
        gpu="RTX 5090",
        mem_unit_note="fits 32 GB",
        engine="diffusers",
    )
    (fits,) = validate([row]).rows
    assert (fits.bound.kind, fits.bound.right, fits.bound.limit) == ("fits", True, 32 * GIB)
    (failed,) = validate([msgspec.structs.replace(row, mem_unit_note="out of memory")]).rows
    assert (failed.bound.kind, failed.bound.right) == ("oom", False)


def test_equal_questions_are_asked_once(rows):
    chosen = [row for row in rows if row.id == "wan21-021" or row.id == "wan21-025"]
    run._result.cache_clear()
    validate([msgspec.structs.replace(row, id=f"{row.id}-{place}") for row in chosen for place in range(5)])
    assert run._result.cache_info().misses == len(chosen)


def test_an_empty_table_is_no_error(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("id,model,width,height,frames\n")
    assert validate(read(str(empty))).summary.coverage.rows == 0
