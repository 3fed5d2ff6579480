"""Image transformers (Stable Diffusion 3.5, FLUX.1, PixArt-Σ, Qwen-Image) against the published classes, altered
ones included.
"""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label, taped

ALL = cases("image_transformers")
TRAINED = [case for case in ALL if "kept_for_backward" in case]
KEPT_BAR = 0.01  # relative: a slice that is copied for its projection counts with the whole it was cut from


@pytest.mark.parametrize("case", ALL, ids=label)
def test_forward_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal({key: value for key, value in case.items() if key != "kept_for_backward"})


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_training_keeps_what_the_published_class_keeps(case: dict[str, Any]) -> None:
    assert taped(case, training=True).kept == pytest.approx(case["kept_for_backward"], rel=KEPT_BAR)  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
