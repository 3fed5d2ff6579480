"""Video VAEs of Open-Sora, Open-Sora Plan, Pyramid Flow, Step-Video, MAGI-1 and MiniMax-H3 against the published code.

Figures were recorded from the makers' own classes on the meta device; the networks' first docstrings name the sources.
"""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, flops, label, other_direction, taped

ALL = cases("other_vaes")
EXACT = 1e-4  # relative: a few statistics of norms in the largest
LOOSE = {"AutoencoderKLMiniMaxH3": 2e-3}
KINDS = {(case["class"], case["component"], "tiling" in case["shape"]): case for case in ALL}


@pytest.mark.parametrize("case", ALL, ids=label)
def test_flops_and_peak_are_those_of_the_published_class(case: dict[str, Any]) -> None:
    tape = taped(case)
    bar = LOOSE.get(case["class"], EXACT)
    assert flops(tape) == case["flops"]
    assert tape.peak == pytest.approx(case["peak_activation_bytes"], rel=bar)
    assert tape.live == 0


@pytest.mark.parametrize("case", ALL, ids=label)
def test_encoder_and_decoder_have_all_weights_between_them(case: dict[str, Any]) -> None:
    weights = taped(case).parameters | taped(other_direction(case)).parameters
    assert sum(elements for elements, _ in weights.values()) == case["params"]


@pytest.mark.parametrize("case", KINDS.values(), ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)
