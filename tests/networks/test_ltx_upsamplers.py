"""Latent upsamplers of LTX-Video and LTX-2 against the published classes: weights, FLOPs, bytes to the last unit."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label

ALL = cases("ltx_upsamplers")


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", [ALL[0], ALL[2], ALL[6]], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
