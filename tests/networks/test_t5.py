"""T5 and UMT5 encoders against the published classes: masked and not, three precisions, altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label


@pytest.mark.parametrize("case", cases("t5"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", cases("t5")[:2], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
