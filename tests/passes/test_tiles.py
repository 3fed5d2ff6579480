"""Tiles of a framework: their sizes, where they end, what is on the device of what they make, and which card takes
which."""

import pytest

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.cost.memory import stages
from vidcalc.describe.shape import Tiling
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.networks.autoencoders.tiles import starts
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware

GIB = 2**30


def made(model: str, profile: str, card: str, width: int, height: int, frames: int, **given: str) -> Ledger:
    chosen = fill.model(model)
    workload = fill.workload(chosen, width=width, height=height, frames=frames, steps=4)
    return generation(chosen, workload, hardware(card), fill.plan(chosen, framework=profile, **given))[0]


def decode(ledger: Ledger) -> Phase:
    found = ledger.phase("vae_decode")
    assert found is not None
    return found


def small(profile: str, card: str, **given: str) -> Phase:
    return decode(made("wan2.1-t2v-1.3b", profile, card, 832, 480, 17, **given))


def test_no_tile_starts_once_one_has_reached_the_edge() -> None:
    # 60 x 104 places in tiles of 30 x 52 every 15 x 26
    assert (starts(60, 30, 15), starts(60, 30, 15, ends=True)) == (4, 3)
    assert (starts(104, 52, 26), starts(104, 52, 26, ends=True)) == (4, 3)
    assert starts(20, 30, 15, ends=True) == 1


def test_diffsynth_decodes_wan_in_nine_tiles_of_a_quarter() -> None:
    whole, tiled = small("diffusers", "h100-sxm"), small("diffsynth", "h100-sxm")
    # 9 tiles / 4; a little less in convolutions that see no padding between tiles
    assert tiled.taped.flops / whole.taped.flops == pytest.approx(9 / 4, rel=0.02)
    # sums are made in host memory: on the device is a tile
    assert tiled.activations < whole.activations / 3


@pytest.mark.parametrize(
    ("card", "side"), [("rtx-4090", 0), ("4080-super", 512), ("rtx-3060-12gb", 256), ("rtx-4060-laptop", 256)]
)
def test_wan2gp_takes_tiles_by_the_card(card: str, side: int) -> None:
    call = small("wan2gp", card).call
    if card == "rtx-4060-laptop":  # a card of 8 GB reports a little less than 8,000 MiB to torch
        side = 128 if hardware(card).accelerator.capacity < 8000 * 2**20 else side
    assert (call.tiles.height if call.tiles else 0) == side
    assert call.tiling == ("default" if side else "none")
    # asked for, the largest there are
    asked = small("wan2gp", card, vae_tiling="default").call
    assert asked.tiles is not None
    assert asked.tiles.height == (side or 512)
    assert small("wan2gp", card, vae_tiling="none").call.tiling == "none"


def test_a_card_of_its_own_rule_by_model() -> None:
    call = decode(made("wan2.2-ti2v-5b", "wan2gp", "4080-super", 832, 480, 17)).call
    assert call.tiles is not None
    assert call.tiles.height == 256


def test_a_long_clip_is_joined_on_the_host_chunk_by_chunk() -> None:
    """Of five seconds at a time: ten more seconds take no more memory to decode, nor afterwards."""
    short, long = (made("ltx-2", "wan2gp", "rtx-3090", 1280, 704, frames) for frames in (121 + 48, 361))
    assert decode(long).activations == pytest.approx(decode(short).activations, rel=0.01)
    post = [next(row for row in stages(ledger) if row.id == "post") for ledger in (short, long)]
    assert post[0].activations == post[1].activations == 0
    assert decode(made("ltx-2", "diffusers", "rtx-3090", 1280, 704, 361)).activations > 4 * decode(long).activations


def test_the_official_ltx_scripts_cut_768_pixels_and_80_frames() -> None:
    call = decode(made("ltx-2", "ltx2-official", "h100-sxm", 1536, 1024, 121)).call
    assert isinstance(call.tiles, Tiling)
    assert (call.tiles.width, call.tiles.frames, call.tiles.frames - call.tiles.stride_frames) == (768, 80, 24)


def test_a_sweep_of_sizes_is_cut_as_each_of_them() -> None:
    import numpy as np

    chosen = fill.model("wan2.1-t2v-1.3b")
    plan = fill.plan(chosen, framework="diffsynth")
    frames = np.array([17.0, 33.0])
    both = calculate(chosen, fill.workload(chosen, width=832, height=480, frames=frames), hardware("4090"), plan)
    for index, count in enumerate((17, 33)):
        one = calculate(chosen, fill.workload(chosen, width=832, height=480, frames=count), hardware("4090"), plan)
        assert both.memory.inference.peak[index] == pytest.approx(one.memory.inference.peak, rel=1e-6)
        assert both.time.inference.total[index] == pytest.approx(one.time.inference.total, rel=1e-6)


def test_kandinsky_decodes_seventeen_frames_every_eight_and_starts_no_tile_at_the_end() -> None:
    ours, theirs = (
        decode(made("kandinsky5-lite", profile, "h100-sxm", 768, 512, 121)).taped.flops
        for profile in ("kandinsky-official", "diffusers")
    )
    # of 31 latent frames 14 tiles of 5, 17 pictures each; diffusers has 9 such, one of 13 pictures and one of 1
    assert ours / theirs == pytest.approx(14 * 17 / (9 * 17 + 13 + 1), rel=0.03)
