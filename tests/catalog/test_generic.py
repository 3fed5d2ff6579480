"""The generic model: a network of the asked size, by a rule that is data, padded to whole patches."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcalc.account.documented import sequence_length
from vidcalc.base.errors import InputError
from vidcalc.catalog.fill import model
from vidcalc.catalog.generic import dit_config, generic, rule
from vidcalc.catalog.models import names
from vidcalc.describe.geometry import denoiser_grid, latent_grid, video_tokens
from vidcalc.describe.shape import Shape
from vidcalc.tape.trace import trace

ROOT = Path(__file__).parents[2]


def counted(params: int, arch: str = "dit", **given: Any) -> int:
    """Weight elements of the derived network itself."""
    denoiser = generic(params, arch, **given).denoiser
    shape = Shape(frames=4, height=32, width=32, tokens=16)
    return int(trace(denoiser, "forward", shape, "bf16").parameter_count)


@given(exponent=st.floats(7.4, 12))
def test_the_transformer_has_the_asked_number_of_weights(exponent: float) -> None:
    params = int(10**exponent)
    assert counted(params) == pytest.approx(params, rel=1e-4)


@given(params=st.integers(10_000_000, 25_000_000))
def test_small_transformers_come_within_a_fifth_of_a_thousandth(params: int) -> None:
    """One step of the FFN width is a larger share of a small network."""
    assert counted(params) == pytest.approx(params, rel=2e-4)


@pytest.mark.parametrize("params", [600_000_000, 3_000_000_000, 8_000_000_000])
@pytest.mark.parametrize("channels", [4, 16])
@pytest.mark.parametrize("patch", [1, 2, 4])
def test_latent_channels_and_patch_are_part_of_the_count(params: int, channels: int, patch: int) -> None:
    assert counted(params, latent_channels=channels, patch_size=patch) == pytest.approx(params, rel=1e-4)


@pytest.mark.parametrize("params", [1, 1000, 500_000])
def test_too_few_weights_name_the_smallest_count(params: int) -> None:
    with pytest.raises(InputError) as caught:
        generic(params)
    assert (caught.value.flag, caught.value.value) == ("params", params)
    smallest = int(str(caught.value.allowed[0]))
    assert counted(smallest) == smallest
    with pytest.raises(InputError):
        generic(smallest - 1000)


def test_the_sizes_follow_the_rule() -> None:
    law = rule()
    config = dit_config(3_000_000_000)
    wanted = law["scale"] * 3_000_000_000 ** law["exponent"]
    width = config["num_attention_heads"] * config["attention_head_dim"]
    assert abs(width - wanted) <= law["head_dim"] / 2
    assert config["ffn_dim"] / width == pytest.approx(law["ffn_ratio"], rel=0.15)


def test_the_rule_describes_the_models_it_was_fitted_to() -> None:
    """Within three times its stated residual; its rows are models of the catalogue."""
    law = rule()
    assert len(law["fit_rows"]) >= 20
    for row in law["fit_rows"]:
        assert row["model"] in names()
        assert model(row["model"]).denoiser.params == row["params"]
        assert row["width"] / (law["scale"] * row["params"] ** law["exponent"]) == pytest.approx(
            1, rel=3 * law["residual"]
        )


def test_a_model_that_has_anothers_network_says_so_truly_and_is_not_counted_again() -> None:
    alike = [each for each in map(model, names()) if each.network_of]
    assert alike
    for each in alike:
        other = model(each.network_of).denoiser
        assert (each.denoiser.class_, each.denoiser.params) == (other.class_, other.params)
    assert not {each.name for each in alike} & {row["model"] for row in rule()["fit_rows"]}


def test_the_rule_on_file_is_the_fit_of_the_catalogue() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts/fit_generic.py"), "--check"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


# --- the document's example: 1080p, 120 frames --------------------------------------------------------------


def test_the_example_of_the_document() -> None:
    found = generic(3_000_000_000)
    assert latent_grid(found, 1920, 1080, 120) == (16, 30, 135, 240)
    assert sequence_length(1920, 1080, 120, 2) == 243_000
    # 135 rows do not divide into patches of two: a real model pads them to 136
    assert denoiser_grid(found, 1920, 1080, 120) == (16, 30, 136, 240)
    assert video_tokens(found, 1920, 1080, 120) == 30 * 68 * 120 == 244_800


@given(
    width=st.integers(16, 4096),
    height=st.integers(16, 4096),
    frames=st.integers(1, 500),
    patch=st.sampled_from([1, 2, 4]),
)
def test_grids_are_padded_up_and_by_less_than_a_patch(width: int, height: int, frames: int, patch: int) -> None:
    found = generic(600_000_000, patch_size=patch)
    _, t, h, w = denoiser_grid(found, width, height, frames)
    assert h % patch == w % patch == 0
    for padded, exact, step in ((t, frames / 4, 1), (h, height / 8, patch), (w, width / 8, patch)):
        assert exact <= padded < exact + step + 1
    assert video_tokens(found, width, height, frames) >= sequence_length(width, height, frames, patch)


# --- the U-Net ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [600_000_000, 1_500_000_000, 3_000_000_000, 8_000_000_000])
def test_the_unet_comes_as_near_as_its_norm_groups_allow(params: int) -> None:
    config = generic(params, "unet").denoiser.config
    here = counted(params, "unet")
    assert all(width % 32 == 0 for width in config["block_out_channels"])
    assert here == pytest.approx(params, rel=0.2)
    assert generic(params, "unet").kind == "unet"


# --- models known by name alone -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sora", "runway-gen-3-alpha", "pika"])
def test_closed_models_are_flagged_estimates_of_their_stated_size(name: str) -> None:
    found = model(name)
    assert found.provenance == "estimate"
    assert found.denoiser.network != ""
    shape = Shape(frames=4, height=32, width=32, tokens=16)
    assert trace(found.denoiser, "forward", shape, "bf16").parameter_count == pytest.approx(
        found.denoiser.params, rel=1e-3
    )
