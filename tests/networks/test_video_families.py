"""Families recorded as transformer and autoencoder in one file: FLOPs, weights and bytes to the last unit."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, label

FAMILIES = ("cogvideox", "ltx", "ltx2", "mochi")
ALL = {name: cases(name) for name in FAMILIES}


def of(name: str, component: str) -> dict[str, Any]:
    """The first case of a component in a family."""
    return next(case for case in ALL[name] if case["component"] == component)


@pytest.mark.parametrize("case", [case for name in FAMILIES for case in ALL[name]], ids=label)
def test_a_network_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal(case)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("component", ["denoiser", "vae_decode", "vae_encode"])
def test_arrays_give_what_scalars_give(name: str, component: str) -> None:
    check_arrays_agree(of(name, component))


@pytest.mark.parametrize("name", FAMILIES)
def test_arrays_give_what_scalars_give_in_tiles(name: str) -> None:
    check_arrays_agree(next(case for case in ALL[name] if case["shape"].get("tiling")))
