"""Measured networks: every row is predicted at its own call, and rows that constants may be fitted to count apart."""

import msgspec
import pytest

from vidcalc.catalog.load import DATA
from vidcalc.faces.terminal import network_validation
from vidcalc.validate import files
from vidcalc.validate.network_run import validate
from vidcalc.validate.network_table import KINDS, NetworkRow

FILE = f"{DATA}/measured/networks.csv"


@pytest.fixture(scope="module")
def found():
    return files.validated(FILE)


def test_every_row_is_predicted_and_states_when_it_was_measured(found):
    rows = files.read(FILE)
    assert [row.id for row in rows] == [result.id for result in found.rows]
    assert all(result.reason is None for result in found.rows)
    assert all(row.date and row.stack and row.gpu and row.kind in KINDS for row in rows)
    assert {row.role for row in rows} == {"fit", "check"}


def test_quantities_are_those_that_were_measured(found):
    by_id = {result.id: result for result in found.rows}
    pipeline = by_id["pipe:wan2.1-t2v-1.3b:832x480x81"]
    assert set(pipeline.parts) == {"allocated", "reserved", "seconds", "per_step", "after_last_step"}
    # two forwards a step: twice the denoiser's own row
    alone = by_id["den:wan2.1-t2v-1.3b:832x480x81"].parts["seconds"].predicted
    assert pipeline.parts["per_step"].predicted == pytest.approx(2 * alone, rel=0.02)


def test_roles_are_summarised_apart(found):
    rows = sum(each.rows for each in found.summary)
    assert rows == sum(part.ratio is not None for result in found.rows for part in result.parts.values())
    assert all(each.median <= each.largest for each in found.summary)
    flipped = [msgspec.structs.replace(row, role="check") for row in files.read(FILE)]
    assert {each.role for each in validate(flipped[:3]).summary} == {"check"}


def test_a_row_that_cannot_be_says_so():
    result = validate([NetworkRow(id="a", kind="denoiser", model="no-such-model", size="832x480x81")]).rows[0]
    assert result.reason == "impossible_setting"
    assert not result.parts


def test_the_page_shows_both_roles(found):
    page = network_validation.draw(found)
    assert "check rows" in page
    assert "den:wan2.1-t2v-14b:832x480x81" in page
