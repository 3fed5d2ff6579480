"""Cosmos 3, Helios, Kandinsky 6, Motif-Video and LongCat-Video against the published classes, some altered."""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, check_equal, check_within, flops, label, taped

ALL = [case for name in ("cosmos3", "helios", "kandinsky6", "motif") for case in cases(name)]
TRAINED = [case for case in ALL if "kept_for_backward" in case]
KEPT_BAR = 0.03  # relative


@pytest.mark.parametrize("case", ALL, ids=label)
def test_forward_equals_the_published_class(case: dict[str, Any]) -> None:
    check_equal({key: value for key, value in case.items() if key != "kept_for_backward"})


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_training_keeps_what_the_published_class_keeps(case: dict[str, Any]) -> None:
    assert taped(case, training=True).kept == pytest.approx(case["kept_for_backward"], rel=KEPT_BAR)  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", TRAINED, ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


@pytest.mark.parametrize("case", cases("longcat"), ids=label)
def test_longcat_has_the_weights_and_flops_of_its_own_repository(case: dict[str, Any]) -> None:
    tape = taped(case)
    assert tape.parameter_count == case["params"]
    assert flops(tape) == case["flops"]


@pytest.mark.parametrize("case", cases("longcat"), ids=label)
def test_longcat_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    check_arrays_agree(case)


@pytest.mark.parametrize("case", cases("kandinsky6_sr"), ids=label)
def test_super_resolution_is_within_the_bars(case: dict[str, Any]) -> None:
    check_within(case)


@pytest.mark.parametrize("case", cases("ltx2_diffusion_decoder"), ids=label)
def test_the_diffusion_decoder_is_within_the_bars(case: dict[str, Any]) -> None:
    check_within(case)


def test_tiles_of_tokens_take_arrays() -> None:
    check_arrays_agree(cases("ltx2_diffusion_decoder")[2])
