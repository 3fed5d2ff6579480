"""Sparse attention by name: each method's own rule, and names as people write them."""

import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import calculate
from vidcalc.catalog import fill, sparse, speedups
from vidcalc.catalog.load import names, table
from vidcalc.passes import generation, masks, sparsity
from vidcalc.rates.machines import hardware


def density(name, text, **sizes):
    model = fill.model(name)
    plan = fill.plan(model, **speedups.chosen("sparse_attention", text, name))
    ledger, _ = generation(model, fill.workload(model, **sizes), hardware("h100-sxm"), plan)
    return sparsity.density(ledger, plan, ledger.phase("denoise"))


@pytest.mark.parametrize(
    ("text", "share"),
    [("vsa", 0.1), ("vsa:0.8", 0.2), ("sla", 0.1), ("sagesla:top=0.2", 0.2), ("nabla", 1 / 2.7)],
)
def test_a_share_is_what_the_method_says(text, share):
    assert density("wan2.1-t2v-1.3b", text) == pytest.approx(share)


def test_windows_by_layer_are_the_average_of_the_layers():
    # layers with 98, 95, 92, 77, 55 % sparsity as their file counts them
    two = (2 * 0.02 + 3 * 0.05 + 7 * 0.08 + 15 * 0.23 + 0.45) / 28
    assert density("cosmos-predict2-2b", "natten") == pytest.approx(two, rel=0.05)
    with pytest.raises(InputError) as refused:
        speedups.chosen("sparse_attention", "natten", "wan2.1-t2v-14b")
    assert "radial" in refused.value.allowed
    assert "natten" not in refused.value.allowed
    for each in sparse.windows():
        assert set(each.models) <= set(names("models"))


def test_sliding_tiles_are_windows_of_the_clip():
    # 18 x 24 x 24 of 33 x 45 x 80 tokens at 720p
    found = density("hunyuanvideo-t2v", "sta", width=1280, height=720, frames=129)
    assert found == pytest.approx(18 * 24 * 24 / (33 * 45 * 80))
    assert density("hunyuanvideo-t2v", "sta", width=320, height=320, frames=17) == pytest.approx(1)


def test_radial_attention_thins_out_with_the_length_of_the_clip():
    short, long = (masks.radial(50, frames, 3600, 0.2, 128, 2) for frames in (21, 81))
    assert long < short < 0.5
    assert masks.radial(50, 1, 3600, 0.2, 128, 0) == 1
    assert masks.radial(2, 21, 3600, 0.2, 128, 2) == 1  # all steps stay whole
    # by counting: every pair of tokens within the band
    size, frames = 40, 5
    seen = 0
    for row in range(frames):
        for column in range(frames):
            far = abs(row - column)
            narrow = 64 / 2 ** far.bit_length()
            width = size if not far else size // 2 if far == 1 else max(narrow * 0.2, 4)
            band = column == 0 or np.abs(np.subtract.outer(np.arange(size), np.arange(size))) <= width
            seen += size**2 if band is True else int(band.sum())
    assert masks.radial(10, frames, size, 0.2, 4, 0) == pytest.approx(seen / (frames * size) ** 2, rel=0.05)


def test_sparse_videogen_is_dense_near_noise():
    # its own scripts: 0.055 of the timesteps is 30 % of the steps of HunyuanVideo
    whole = masks.steps(50, 0.0, 0.055, 0.0, 7.0)
    assert whole == pytest.approx(0.30, abs=0.02)
    assert density("hunyuanvideo-t2v", "svg") < density("hunyuanvideo-t2v", "svg:density=0.5")


def test_a_sweep_is_each_of_its_sizes():
    model = fill.model("wan2.1-t2v-1.3b")
    for text in ("radial", "sta", "svg"):
        plan = fill.plan(model, sparse_attention=text)
        frames = np.array([33.0, 81.0])
        ledger, _ = generation(model, replace(fill.workload(model), frames=frames), hardware("h100-sxm"), plan)
        found = np.broadcast_to(sparsity.density(ledger, plan, ledger.phase("denoise")), 2)
        assert list(found) == pytest.approx([density("wan2.1-t2v-1.3b", text, frames=int(each)) for each in frames])


def test_the_report_says_the_share_and_its_source():
    model = fill.model("wan2.1-t2v-1.3b")
    found = calculate(model, fill.workload(model), hardware("h100-sxm"), fill.plan(model, sparse_attention="radial"))
    row = next(each for each in found.assumptions if each.id == "attention_density")
    assert 0 < row.value < 0.5
    assert "2506.19852" in row.source


def test_no_share_of_one_row():
    for facts in table("sparse")["methods"].values():
        assert "fitted" not in facts
        assert facts["source"]
