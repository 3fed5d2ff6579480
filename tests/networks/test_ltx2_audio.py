"""What surrounds LTX-2's transformer: audio autoencoder, vocoder, text connectors, equal to the published classes."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, flops, label, taped

ALL = cases("ltx2_audio")
VOCODER = [case for case in ALL if "Vocoder" in case["class"]]
OTHERS = [case for case in ALL if "Vocoder" not in case["class"]]


@pytest.mark.parametrize("case", OTHERS, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", VOCODER, ids=label)
def test_vocoder_equals_the_published_class(case: dict[str, Any]) -> None:
    """It has no other direction, so its one call sees all its weights."""
    tape = taped(case)
    assert tape.parameter_count == case["params"]
    assert flops(tape) == case["flops"]
    assert tape.peak == case["peak_activation_bytes"]


@pytest.mark.parametrize("class_name", sorted({case["class"] for case in ALL}))
def test_arrays_give_what_scalars_give(class_name: str) -> None:
    check_arrays_agree(next(case for case in ALL if case["class"] == class_name))
