"""Wan TI2V, image-to-video, first-and-last-frame, VACE and Animate, and SkyReels-V2, against the published classes."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, check_within, label, taped

ALL = [*cases("wan_relatives"), *cases("wan_animate"), *cases("skyreels")]
TRAINED = [case for case in ALL if "kept_for_backward" in case]
KEPT_BAR = 0.03  # relative


@pytest.mark.parametrize("case", ALL, ids=label)
def test_forward_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal({key: value for key, value in case.items() if key != "kept_for_backward"})


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_training_keeps_what_the_published_class_keeps(case: dict[str, Any]) -> None:
    assert taped(case, training=True).kept == pytest.approx(case["kept_for_backward"], rel=KEPT_BAR)  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


@pytest.mark.parametrize("case", cases("wan_causal"), ids=label)
def test_chronoedit_and_anyflow_with_its_cache_equal_the_published_classes(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", cases("wan_animate2"), ids=label)
def test_animate_2_with_its_cache_is_within_the_bars(case: dict[str, Any]) -> None:
    check_within(case)


@pytest.mark.parametrize("case", [each for each in cases("wan_causal") if each["config"]["num_layers"] == 3], ids=label)
def test_their_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
