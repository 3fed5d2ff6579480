"""ConsisID transformer, face branch included: FLOPs, weights and bytes of the published class to the last unit."""

from typing import Any

import pytest
from golden_cases import cases, check_equal, label


@pytest.mark.parametrize("case", cases("consisid_transformer"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)
