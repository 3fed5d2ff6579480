"""FramePack transformer against the published class: a section with its packed history, altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, check_training, label


@pytest.mark.parametrize("case", cases("framepack_transformer"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", cases("framepack_transformer")[:1], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


@pytest.mark.parametrize("case", [case for case in cases("framepack_transformer") if "training" in case], ids=label)
def test_training_step_peaks_where_the_published_class_does(case: dict[str, Any]) -> None:
    check_training(case)
