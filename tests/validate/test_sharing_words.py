"""Ways of sharing a video are read with their numbers before or after, or without."""

import pytest

from vidcalc.validate.sharing import degrees, usual


@pytest.mark.parametrize(
    ("told", "gpus", "found"),
    [
        ("FSDP(dit,t5)+Ulysses 8", 8, {"ulysses_degree": 8, "shard_degree": 8}),
        ("Ulysses 2 x Ring 2 x CFG 2", 8, {"ulysses_degree": 2, "ring_degree": 2, "guidance_degree": 2}),
        ("TP 4", 4, {"tensor_degree": 4}),
        ("TP4", 4, {"tensor_degree": 4}),
        ("2-way tensor parallel", 2, {"tensor_degree": 2}),
        ("tp_size=2, ulysses_degree 4", 8, {"tensor_degree": 2, "ulysses_degree": 4}),
        (
            "CFG 2 x Ulysses 4 x Attention2D 3x3",
            72,
            {"guidance_degree": 2, "ulysses_degree": 4, "ring_degree": 9},
        ),
        ("CFG 2 + HSDP 2 + VAE patch 2", 2, {"guidance_degree": 2, "shard_degree": 2, "decode_degree": 2}),
        ("parallel VAE 8", 8, {"decode_degree": 8}),
        ("USP (ulysses 2, ring 2)", 4, {"ulysses_degree": 2, "ring_degree": 2}),
        ("ulysses_size 8 --dit_fsdp --t5_fsdp", 8, {"ulysses_degree": 8, "shard_degree": 8}),
        ("not stated", 4, None),
        ("Ulysses 2", 8, None),
        ("", 1, {}),
    ],
)
def test_a_parallel_plan_is_read_and_must_use_all_accelerators(told, gpus, found):
    assert degrees(told, gpus) == found


@pytest.mark.parametrize(
    ("told", "gpus", "found"),
    [
        ("TP", 4, {"tensor_degree": 4}),
        ("FSDP", 4, {"shard_degree": 4}),
        ("HSDP + SP", 8, {"ulysses_degree": 8, "shard_degree": 8}),
        ("USP", 2, {"ulysses_degree": 2}),
        ("context/CFG parallel", 8, {"ulysses_degree": 4, "guidance_degree": 2}),
        ("TP2 x Ulysses", 8, {"tensor_degree": 2, "ulysses_degree": 4}),
        ("FSDP + CFG 2", 2, {"guidance_degree": 2, "shard_degree": 2}),
        ("TP and Ulysses", 8, None),  # two ways without a number leave open how much each takes
    ],
)
def test_a_way_without_a_number_takes_the_rest(told, gpus, found):
    assert degrees(told, gpus) == found


def test_cards_share_the_predictions_of_guidance_first():
    assert usual(8) == {"guidance_degree": 2, "ulysses_degree": 4}
    assert usual(3) == {"guidance_degree": 1, "ulysses_degree": 3}
