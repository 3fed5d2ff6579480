"""The documented calculator's formulas, against its own document and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcalc.account.documented import flops_per_step, latent, sequence_length


def test_the_latent_of_the_example() -> None:
    assert latent(1920, 1080, 120) == (30, 135, 240)  # (frames / 4, height / 8, width / 8)


def test_the_sequence_of_the_example() -> None:
    assert sequence_length(1920, 1080, 120, 2) == (135 / 2) * (240 / 2) * 30 == 243_000


def test_fractions_are_kept_as_the_document_writes_them() -> None:
    assert latent(854, 480, 30) == (7.5, 60, 106.75)


@pytest.mark.parametrize(("params", "sequence", "width"), [(3, 5, 7), (600_000_000, 1000, 1024)])
def test_flops_by_hand(params: int, sequence: int, width: int) -> None:
    assert flops_per_step(params, sequence, width) == 2 * params * sequence + 4 * sequence * sequence * width


sizes = st.integers(1, 500).map(lambda n: 16 * n)


@given(
    width=sizes, height=sizes, frames=st.integers(1, 240), params=st.integers(1, 10**11), hidden=st.integers(1, 16384)
)
def test_the_documents_scaling_claims_hold_for_its_formulas(
    width: int, height: int, frames: int, params: int, hidden: int
) -> None:
    tokens = sequence_length(width, height, frames, 2)
    assert sequence_length(width, height, 2 * frames, 2) == 2 * tokens  # frames: linear
    assert sequence_length(2 * width, 2 * height, frames, 2) == 4 * tokens  # resolution: four times
    attention = flops_per_step(0, tokens, hidden)
    assert flops_per_step(0, 4 * tokens, hidden) == pytest.approx(16 * attention)  # attention: quadratic
    linear = flops_per_step(params, tokens, 0)
    assert flops_per_step(2 * params, tokens, 0) == pytest.approx(2 * linear)  # model size: linear
    assert flops_per_step(params, tokens, hidden) == pytest.approx(linear + attention)


@given(rows=st.lists(st.tuples(sizes, sizes, st.integers(1, 240), st.sampled_from([1, 2, 4])), min_size=1, max_size=5))
def test_arrays_give_what_scalars_give(rows: list[tuple[int, int, int, int]]) -> None:
    columns = [np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)]
    tokens = sequence_length(*columns)
    assert tokens.tolist() == [sequence_length(*row) for row in rows]
    assert flops_per_step(3e9, tokens, 2048).tolist() == [
        flops_per_step(3e9, sequence_length(*row), 2048) for row in rows
    ]
