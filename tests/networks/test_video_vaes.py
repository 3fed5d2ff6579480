"""Wan 2.1, Wan 2.2 and Cosmos video VAEs against the published classes: decode, encode, one frame, altered widths."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, flops, label, taped

ALL = [*cases("wan_vaes"), *cases("cosmos_vae")]
PAIRS = list(zip(ALL[::2], ALL[1::2], strict=True))
SIZES = ([3, 6, 8], [9, 96, 128])
SMALL = [case for case in ALL if case["shape"].get("latent", case["shape"].get("pixels")) in SIZES]


@pytest.mark.parametrize("case", ALL, ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    tape = taped(case)
    assert flops(tape) == case["flops"]
    assert tape.peak == case["peak_activation_bytes"]
    assert tape.live == 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: label(pair[0]))
def test_decoder_and_encoder_have_all_weights_between_them(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    weights = taped(pair[0]).parameters | taped(pair[1]).parameters
    assert sum(elements for elements, _ in weights.values()) == pair[0]["params"]


@pytest.mark.parametrize("case", SMALL, ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case | {"params": None})
