"""Blocks that differ from their neighbours (a control branch, a first, a last one) are blocks as the others are."""

from typing import Any

import pytest

from vidcalc.catalog import fill
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
