"""Networks with a control network beside them, against the two published classes run one after the other."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_within, label

ALL = [*cases("controlnets"), *cases("cosmos_transfer")]


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_two_published_classes(case: dict[str, Any]) -> None:
    check_within(case)


def test_arrays_give_what_scalars_give() -> None:
    check_arrays_agree(ALL[-1])
