"""Wan 2.1, Wan 2.2, Cosmos and MiniMax-H3 video VAEs against the published classes, some tiled, some altered."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, flops, label, taped

ALL = [*cases("wan_vaes"), *cases("cosmos_vae"), *cases("minimax_h3_vae")]
PAIRS = list(zip(ALL[::2], ALL[1::2], strict=True))
SIZES = ([3, 6, 8], [9, 96, 128])
TILED = [case for case in ALL if case["shape"].get("tiling")]
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


@pytest.mark.parametrize("case", [*SMALL, *TILED], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case | {"params": None})


@pytest.mark.parametrize("case", TILED, ids=label)
def test_tiles_hold_less_than_the_whole_and_compute_more(case: dict[str, Any]) -> None:
    """Overlaps are computed twice; a tile's maps are smaller than the frame's."""
    whole = taped(case | {"shape": case["shape"] | {"tiling": False}})
    tiled = taped(case)
    assert tiled.peak < whole.peak
    assert tiled.parameters == whole.parameters
    convolutions = [sum(op.flops * op.count for op in tape.ops if op.kind == "convolution") for tape in (tiled, whole)]
    assert convolutions[0] > convolutions[1]
