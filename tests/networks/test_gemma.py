"""Gemma 2, 3, 4 and T5Gemma 2 as text encoders against the published classes: weights, FLOPs and bytes."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label

ALL = [*cases("gemma"), *cases("gemma4"), *cases("t5gemma2")]


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("class_name", sorted({case["class"] for case in ALL}))
def test_arrays_give_what_scalars_give(class_name: str) -> None:
    check_arrays_agree(next(case for case in ALL if case["class"] == class_name))
