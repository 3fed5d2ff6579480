"""Image VAEs and SVD's temporal decoder against the published classes: decode, encode, in chunks, altered widths."""

from collections.abc import Callable
from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, flops, label, taped

ALL = cases("image_vaes")
PAIRS = list(zip(ALL[::2], ALL[1::2], strict=True))


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


@pytest.mark.parametrize("case", ALL[-2:], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


def test_tiles_hold_less_than_the_whole_image() -> None:
    tiled = next(case for case in ALL if case["shape"].get("tiling"))
    whole = tiled | {"shape": tiled["shape"] | {"tiling": False}}
    assert taped(tiled).peak < taped(whole).peak


def in_chunks(case: dict[str, Any], chunk: int) -> dict[str, Any]:
    return case | {"shape": case["shape"] | {"extra": {"decode_chunk_size": chunk}}}


@pytest.mark.parametrize("class_name", ["AutoencoderKL", "AutoencoderKLTemporalDecoder"])
def test_chunks_cost_the_same_and_hold_less(class_name: str, several: Callable[[str], dict[str, Any]]) -> None:
    """Image by image the decoder does the same convolutions, and holds one image's maps beside what is done."""
    case = several(class_name)
    whole, sliced = taped(case), taped(in_chunks(case, 1))
    assert sliced.peak < whole.peak
    assert sliced.parameter_count == whole.parameter_count
    assert flops(sliced) == pytest.approx(flops(whole), rel=1e-9)
    assert sliced.live == 0


@pytest.fixture
def several() -> Callable[[str], dict[str, Any]]:
    """The decode case of a class with the most images."""

    def find(class_name: str) -> dict[str, Any]:
        found = [case for case in ALL if case["class"] == class_name and case["component"] == "vae_decode"]
        found = [case for case in found if not case["shape"].get("tiling")]
        return max(found, key=lambda case: case["shape"]["batch"] * case["shape"]["latent"][0])

    return find
