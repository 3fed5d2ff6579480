"""Blocks that differ from their neighbours (a control branch, a first, a last one) are blocks as the others are."""

from typing import Any

import pytest

from vidcalc.catalog import controls, fill
from vidcalc.ledger.types import Ledger
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware

# blocks of every kind, as the classes of diffusers list them
BLOCKS = {
    "wan2.1-vace-1.3b": 30 + 15,
    "wan2.1-vace-14b": 40 + 8,
    "mochi-1-preview": 48,
    "sd3.5-large": 38,
    "wan2.2-animate-14b": 40,
    "wan2.1-t2v-1.3b": 30,
    "easyanimate-v5.1-12b": 48,
    "consisid": 42,
    "qwen-image": 60,
    "latte-1": 28 + 28,  # over space, over time
}


def made(name: str, **plan: Any) -> Ledger:
    model = fill.model(name)
    small = fill.workload(model, width=256, height=256, frames=min(17, model.defaults.frames))
    return generation(model, small, hardware("h100-sxm"), fill.plan(model, **plan))[0]


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_counts_as_one(name: str) -> None:
    ledger = made(name)
    own = ledger.weights[ledger.forward.component.id].weights
    assert own.count == BLOCKS[name]
    assert sum(count for count, _ in own.stacks) == own.count
    # all but embeddings and the ends of the network is in them
    assert own.blocks > 0.9 * own.copy


def test_offloading_leaves_no_block_of_the_control_branch_behind() -> None:
    phase = made("wan2.1-vace-14b", offload="group").phase("denoise")
    assert phase is not None
    own = made("wan2.1-vace-14b").weights["transformer"].weights
    # what is outside of the blocks, and two of them on their way
    assert phase.resident["transformer"] == own.copy - own.blocks + 2 * own.block


def test_a_cache_that_hooks_the_main_blocks_leaves_the_control_branch_running() -> None:
    """FirstBlockCache's first block is that of the main stack: the hints are made before it."""
    for cache, controlled in (("firstblockcache", 1.0), ("teacache", None)):
        phase = made("wan2.1-vace-14b", step_cache=cache).phase("denoise")
        assert phase is not None
        whole, left = ({}, {})
        for ops, sums in ((phase.taped.ops, whole), (phase.ops, left)):
            for op in ops:
                home = op.place.block.partition(".")[0]
                sums[home] = sums.get(home, 0) + op.flops * op.count
        shares = {home: left[home] / whole[home] for home in whole if whole[home]}
        assert shares[""] == 1
        assert 0.3 < shares["blocks"] < 0.7
        assert shares["vace_blocks"] == pytest.approx(controlled or shares["blocks"], rel=0.05)


# control networks beside a model, and their blocks as their makers' files say
CONTROLS = {
    ("wan2.1-t2v-14b", "wan2.1-14b-controlnet"): 6,
    ("wan2.1-t2v-1.3b", "wan2.1-1.3b-controlnet"): 8,
    ("cogvideox-2b", "cogvideox-2b-controlnet"): 8,
    ("cogvideox-5b", "cogvideox-5b-controlnet"): 8,
    ("wan2.1-i2v-14b-480p", "uni3c-wan2.1-14b"): 20,
}


@pytest.mark.parametrize(("name", "control"), CONTROLS)
def test_blocks_of_a_control_network_stream_as_the_denoisers_do(name: str, control: str) -> None:
    model = controls.steered(fill.model(name), control, controls.control(control))
    small = fill.workload(model, width=256, height=256, frames=17)
    kept, grouped = (
        generation(model, small, hardware("h100-sxm"), fill.plan(model, offload=way))[0] for way in ("none", "group")
    )
    own = kept.weights[control].weights
    assert own.count == CONTROLS[name, control]
    assert 0.6 * own.copy < own.blocks < own.copy
    phase = next(each for each in grouped.phases if each.component.id == control)
    # what is outside of the blocks, and two of them on their way
    assert phase.resident[control] == own.copy - own.blocks + 2 * own.block
