"""Image transformers (Stable Diffusion 3.5, FLUX.1, PixArt-Σ, Qwen-Image) against the published classes, altered ones included."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label

ALL = cases("image_transformers")


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", [case for case in ALL if "kept_for_backward" in case], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
