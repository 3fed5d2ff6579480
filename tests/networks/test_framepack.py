"""FramePack transformer against the published class: a section with its packed history, altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label


@pytest.mark.parametrize("case", cases("framepack_transformer"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", cases("framepack_transformer")[:1], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
