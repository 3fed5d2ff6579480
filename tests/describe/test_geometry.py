"""Pixels to latents to tokens, and which sizes a model accepts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcalc.catalog import models
from vidcalc.describe import geometry
from vidcalc.describe.geometry import denoiser_grid, latent_grid, legal, snap, video_tokens
from vidcalc.describe.model import Constraints, Vae

# published token tables and preset sizes, each with its source
TOKENS = json.loads((Path(__file__).parents[1] / "data" / "tokens.json").read_text())
SIZES = st.integers(1, 5000)
FRAMES = st.integers(1, 2000)
NAMES = st.sampled_from(models.names())


@pytest.mark.parametrize("row", TOKENS, ids=lambda row: "{model}-{width}x{height}x{frames}".format(**row))
def test_published_grids(row: dict[str, Any]) -> None:
    """Latent grids and token counts equal the published ones, and the sizes they were published for are legal."""
    model = models.model(row["model"])
    clip = row["width"], row["height"], row["frames"]
    _, frames, height, width = latent_grid(model, *clip)
    found = {"latent_frames": frames, "latent_height": height, "latent_width": width}
    found["latent_frames_padded"] = denoiser_grid(model, *clip)[1]
    found["video_tokens"] = video_tokens(model, *clip)
    stated = row.keys() & found.keys()
    assert {key: found[key] for key in stated} == {key: row[key] for key in stated}
    assert legal(model, *clip) == []


@pytest.mark.parametrize("name", models.names())
def test_a_models_own_settings_are_legal(name: str) -> None:
    """Defaults, presets and native sizes keep the model's own rules."""
    model = models.model(name)
    d = model.defaults
    clips = [(d.width, d.height, d.frames)]
    clips += [(width, height, d.frames) for width, height in model.constraints.native_sizes]
    clips += [(p.width or d.width, p.height or d.height, p.frames or d.frames) for p in model.presets.values()]
    assert [legal(model, *clip) for clip in clips] == [[]] * len(clips)


@pytest.mark.parametrize("name", models.names())
def test_default_grid_is_whole(name: str) -> None:
    """At its defaults the denoiser's grid divides by its patch, so that no latent is lost."""
    model = models.model(name)
    d = model.defaults
    _, *sizes = denoiser_grid(model, d.width, d.height, d.frames)
    assert [size % patch for size, patch in zip(sizes, model.denoiser.patch, strict=True)] == [0, 0, 0]


def test_an_illegal_size_names_its_neighbours() -> None:
    """Each field that breaks a rule is named, with the nearest legal values on both sides."""
    found = legal(models.model("wan2.1-t2v-14b"), 1281, 720, 80)
    assert [(issue.field, issue.rule, issue.lower, issue.upper) for issue in found] == [
        ("width", "size_multiple", 1280, 1296),
        ("frames", "frames_step", 77, 81),
    ]


def test_bounds_have_one_neighbour() -> None:
    """Outside the bounds both neighbours are the bound."""
    model = models.model("easyanimate-v5.1-12b")
    top = model.constraints.max_frames or 0
    (issue,) = legal(model, 512, 512, top + 100)
    assert (issue.rule, issue.lower, issue.upper) == ("max_frames", top, top)
    (issue,) = legal(models.model("minimax-h3"), 1344, 768, 3)
    assert (issue.rule, issue.lower, issue.upper) == ("min_frames", 5, 5)


@given(NAMES, SIZES, SIZES, FRAMES)
def test_snapped_is_legal_and_stays(name: str, width: int, height: int, frames: int) -> None:
    """Snapping always ends on a legal size, snapping again moves nothing, and a legal size is left alone."""
    model = models.model(name)
    once = snap(model, width, height, frames)
    assert legal(model, *once) == []
    assert snap(model, *once) == once
    assert (once == (width, height, frames)) == (legal(model, width, height, frames) == [])


@given(NAMES, SIZES, SIZES, FRAMES)
def test_snapped_is_the_nearest(name: str, width: int, height: int, frames: int) -> None:
    """No neighbour that `legal` offers is nearer than the value snapped to, and neighbours are legal themselves."""
    model = models.model(name)
    clip = {"width": width, "height": height, "frames": frames}
    snapped = dict(zip(clip, snap(model, *clip.values()), strict=True))
    for issue in legal(model, **clip):
        distance = abs(snapped[issue.field] - issue.value)
        assert distance == min(abs(issue.lower - issue.value), abs(issue.upper - issue.value))
        for value in (issue.lower, issue.upper):
            assert issue.field not in {left.field for left in legal(model, **{**clip, issue.field: value})}


@settings(max_examples=30)
@given(NAMES, st.lists(st.tuples(SIZES, SIZES, FRAMES), min_size=1, max_size=8))
def test_arrays_agree_with_ints(name: str, clips: list[tuple[int, int, int]]) -> None:
    """Grids, tokens and snapping of an array are those of its elements."""
    model = models.model(name)
    arrays = [np.array(axis, dtype=np.float64) for axis in zip(*clips, strict=True)]
    for function in (latent_grid, denoiser_grid, snap):
        columns = [np.broadcast_to(column, (len(clips),)) for column in function(model, *arrays)]
        assert list(zip(*columns, strict=True)) == [function(model, *clip) for clip in clips]
    assert list(video_tokens(model, *arrays)) == [video_tokens(model, *clip) for clip in clips]
    assert bool(legal(model, *arrays)) == any(legal(model, *clip) for clip in clips)


@given(st.integers(1, 16), st.integers(1, 200))
def test_causal_clips_apart(compression: int, frames: int) -> None:
    """A codec cut into clips longer than the video is the codec of the whole video."""
    whole = Vae(temporal_compression=compression)
    cut = Vae(temporal_compression=compression, clips="apart", clip_frames=201)
    assert geometry.latent_frames(cut, frames) == geometry.latent_frames(whole, frames)


@given(st.integers(1, 16), st.integers(1, 50))
def test_overlapping_clips_cover(span: int, count: int) -> None:
    """Clips that share a frame give as many clips' latents as there are spans after the first frame."""
    vae = Vae(temporal_compression=1, clips="overlapping", clip_frames=span + 1)
    assert geometry.latent_frames(vae, span * count + 1) == count * (span + 1)


def test_rounding_words() -> None:
    """A size that does not divide loses its rest in strided convolutions, and is filled up where the word says so."""
    assert geometry.latent_size(Vae(spatial_compression=8, rounding="down"), 1081) == 135
    assert geometry.latent_size(Vae(spatial_compression=8, rounding="up"), 1081) == 136


def test_padded_axes_fill_the_patch() -> None:
    """Where a model pads, 1080 lines make a whole number of patches: 135 latent lines become 136."""
    model = models.model("sora")
    assert latent_grid(model, 1920, 1080, 24)[2] == 135
    assert denoiser_grid(model, 1920, 1080, 24)[2] == 136


def test_neighbours_of_an_offset_ladder() -> None:
    """frames = 17 · k + 5 begins at 5."""
    ladder = Constraints(frames_step=17, frames_offset=5, min_frames=5)
    found = [geometry.neighbours(ladder, "frames", value) for value in (1, 5, 6, 22)]
    assert found == [(5, 5), (5, 5), (5, 22), (22, 22)]
