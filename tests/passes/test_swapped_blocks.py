"""Block swap of ComfyUI-WanVideoWrapper: blocks move there and back one by one, and the work waits for them."""

from typing import Any

import pytest

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.describe.question import Question
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Copy
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware
from vidcalc.search.relief import relief

CARD = hardware("4080-super")
SWAP = {"framework": "wanvideo-wrapper", "offload": "block-swap"}


def denoise(**given: Any) -> tuple[Ledger, Phase]:
    model = fill.model("wan2.1-t2v-14b")
    workload = fill.workload(model, width=512, height=320, frames=17, steps=4)
    ledger = generation(model, workload, CARD, fill.plan(model, **given))[0]
    phase = ledger.phase("denoise")
    assert phase is not None
    return ledger, phase


@pytest.mark.parametrize(("precision", "moved"), [("bf16", 19), ("fp8", 19), ("fp8-scaled", 20), ("gguf-q8_0", 20)])
def test_blocks_move_there_and_back_and_one_less_of_plain_weights(precision: str, moved: int) -> None:
    ledger, phase = denoise(**SWAP, precision=precision, swapped_blocks=20)
    own = ledger.weights[phase.component.id].stored
    (copy,) = [op for op in phase.ops if isinstance(op, Copy)]
    assert (copy.count, copy.hidden, copy.memory) == (2, 0, "pageable")
    assert copy.nbytes == own.last(moved)
    # one of them on the device at a time
    assert phase.resident[phase.component.id] == own.copy - own.last(moved) + own.block
    assert ledger.host.pinned == 0


def test_no_block_moves_where_none_is_swapped() -> None:
    for count in (0, 1):
        _, phase = denoise(**SWAP, swapped_blocks=count)
        assert sum(op.nbytes for op in phase.ops if isinstance(op, Copy)) == 0


def test_elsewhere_blocks_come_ahead_of_use_from_pinned_memory() -> None:
    _, phase = denoise(offload="block-swap", swapped_blocks=20)
    (copy,) = [op for op in phase.ops if isinstance(op, Copy)]
    assert (copy.count, copy.hidden, copy.memory) == (1, 1, "pinned")


def test_what_is_advised_is_what_the_wrapper_has() -> None:
    model = fill.model("wan2.1-t2v-14b")
    workload = fill.workload(model, width=832, height=480, frames=81)
    plan = fill.plan(model, framework="wanvideo-wrapper", precision="fp8")
    asked = Question(model, workload, hardware("rtx-3060-12gb"), plan)
    assert calculate(*asked).memory.inference.margin < 0
    ways = [way.changes for way in relief(asked, 1.0)]
    swaps = [changes for changes in ways if changes.get("offload") == "block-swap"]
    assert swaps
    assert all(changes.get("offload", "block-swap") == "block-swap" for changes in ways)
    # the fewest of the counts tried that are enough, and no more of them beside it
    for changes in swaps:
        others = [each for each in swaps if {**each, "swapped_blocks": 0} == {**changes, "swapped_blocks": 0}]
        assert others == [changes]
