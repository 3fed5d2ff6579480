"""Allegro's tiled VAE and EasyAnimate's causal VAE against the published classes: one tile and several, chunks of
frames, altered widths.
"""

from typing import Any

import pytest
from golden_cases import cases, check_arrays_agree, flops, label, taped

MAGVIT, ALLEGRO = cases("magvit"), cases("allegro_vae")
TILED_BAR = 0.001
PAIRS = [(found[i], found[i + 1]) for found in (MAGVIT, ALLEGRO) for i in range(0, len(found), 2)]


@pytest.mark.parametrize("case", [*MAGVIT, *ALLEGRO], ids=label)
def test_equals_the_published_class(case: dict[str, Any]) -> None:
    tape = taped(case)
    assert flops(tape) == case["flops"]
    if case["class"] == "AutoencoderKLMagvit" and case["shape"].get("tiling"):
        # the published loop lets go of a tile's last frames only when the next tile has made its own
        assert tape.peak == pytest.approx(case["peak_activation_bytes"], rel=TILED_BAR)
    else:
        assert tape.peak == case["peak_activation_bytes"]
    assert tape.live == 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: label(pair[0]))
def test_decoder_and_encoder_have_all_weights_between_them(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    weights = taped(pair[0]).parameters | taped(pair[1]).parameters
    assert sum(elements for elements, _ in weights.values()) == pair[0]["params"]


@pytest.mark.parametrize("case", [*MAGVIT[-2:], *ALLEGRO[-2:]], ids=label)
def test_arrays_give_what_scalars_give(case: dict[str, Any]) -> None:
    """Frames beyond the first of a causal clip come in fours, so only height and width are doubled here."""
    check_arrays_agree(case)


def test_a_longer_clip_takes_no_more_than_its_own_output() -> None:
    """The causal decoder works frame by frame: more frames add their pixels, three times over at the widest moment."""
    case = next(each for each in MAGVIT if each["component"] == "vae_decode" and each["shape"]["latent"][0] == 3)
    batch, (frames, height, width) = case["shape"]["batch"], case["shape"]["latent"]
    longer = case | {"shape": case["shape"] | {"latent": [frames + 1, height, width]}}
    four_frames = batch * 3 * 4 * (8 * height) * (8 * width) * 2
    assert 0 < taped(longer).peak - taped(case).peak <= 3 * four_frames
