"""Text and image encoders against the published classes: Llama, Qwen2.5-VL, CLIP, SigLIP, with altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label


@pytest.mark.parametrize("case", cases("encoders"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", [cases("encoders")[0], cases("encoders")[10], cases("encoders")[12]], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
