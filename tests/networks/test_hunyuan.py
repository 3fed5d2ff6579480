"""HunyuanVideo transformer against the published class: text, both image variants, altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, check_training, label


@pytest.mark.parametrize("case", cases("hunyuan"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", [cases("hunyuan")[0], cases("hunyuan")[6]], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


@pytest.mark.parametrize("case", [case for case in cases("hunyuan") if "training" in case], ids=label)
def test_training_step_peaks_where_the_published_class_does(case: dict[str, Any]) -> None:
    check_training(case)
