"""LTX-2 transformer and video autoencoder: FLOPs, weights and bytes of the published classes to the last unit."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label

ALL = cases("ltx2")
DENOISER = [case for case in ALL if case["component"] == "denoiser"]
AUTOENCODER = [case for case in ALL if case["component"] != "denoiser"]


@pytest.mark.parametrize("case", DENOISER, ids=label)
def test_transformer_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", AUTOENCODER, ids=label)
def test_autoencoder_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("case", [DENOISER[0], DENOISER[1]], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


@pytest.mark.parametrize("component", ["vae_decode", "vae_encode"])
def test_arrays_give_what_scalars_give_in_autoencoders(component: str) -> None:
    check_arrays_agree(next(case for case in AUTOENCODER if case["component"] == component))


def test_arrays_give_what_scalars_give_in_tiles() -> None:
    check_arrays_agree(next(case for case in AUTOENCODER if case["shape"].get("tiling")))
