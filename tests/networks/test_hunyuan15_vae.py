"""HunyuanVideo-1.5 VAE against the published class: both directions, tiles, altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label


@pytest.mark.parametrize("case", cases("hunyuan15_vae"), ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", [cases("hunyuan15_vae")[i] for i in (0, 5, 10)], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
