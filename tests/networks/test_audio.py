"""Audio autoencoders and vocoders of MiniMax-H3 and Kandinsky 6 against the published classes, some altered."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_within, label

ALL = cases("audio")


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_within(case)


@pytest.mark.parametrize("class_name", sorted({case["class"] for case in ALL}))
def test_arrays_give_what_scalars_give(class_name: str) -> None:
    check_arrays_agree(next(case for case in ALL if case["class"] == class_name))
