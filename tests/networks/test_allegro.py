"""Allegro's transformer and tiled VAE against the published classes."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label

ALL = cases("allegro_transformer")


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


def test_arrays_give_what_scalars_give() -> None:
    check_arrays_agree(ALL[-1])
