"""EasyAnimate's transformer against the published class: one text or two, inpainting, blocks with shared weights."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label, taped

ALL = cases("easyanimate")
KEPT_BAR = 0.02  # relative: queries and keys are turned in place, which autograd spreads over more nodes


@pytest.mark.parametrize("case", ALL, ids=label)
def test_forward_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal({key: value for key, value in case.items() if key != "kept_for_backward"})


@pytest.mark.parametrize("case", [case for case in ALL if "kept_for_backward" in case], ids=label)
def test_training_keeps_what_the_published_class_keeps(case: dict[str, Any]) -> None:
    assert taped(case, training=True).kept == pytest.approx(case["kept_for_backward"], rel=KEPT_BAR)  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", ALL[-2:], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
