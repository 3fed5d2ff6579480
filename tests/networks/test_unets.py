"""U-Nets (SVD, ModelScope, I2VGen-XL, AnimateDiff, Stable Diffusion) against the published classes, altered networks
included.
"""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, flops, label, taped

ALL = cases("unets")
TRAINED = [case for case in ALL if "kept_for_backward" in case]
KEPT_BAR = 0.005  # relative: scalars of a few hundred bytes that blending keeps are not told apart


@pytest.mark.parametrize("case", ALL, ids=label)
def test_forward_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal({key: value for key, value in case.items() if key != "kept_for_backward"})


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_training_keeps_what_the_published_class_keeps(case: dict[str, Any]) -> None:
    assert taped(case, training=True).kept == pytest.approx(case["kept_for_backward"], rel=KEPT_BAR)  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


def test_an_odd_size_is_rounded_up_on_the_way_down() -> None:
    """A level of odd height must not lose a row: 17 rows cost more than 16."""
    odd = next(case for case in ALL if case["shape"]["latent"][1] % 2)
    shape = odd["shape"] | {
        "latent": [odd["shape"]["latent"][0], odd["shape"]["latent"][1] - 1, odd["shape"]["latent"][2]]
    }
    assert flops(taped(odd)) > flops(taped(odd | {"shape": shape}))
