"""A tape's log through the allocator: rounds that hand on, pieces, and what is alive under both counts."""

import numpy as np
import pytest

from vidcalc.catalog import fill
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor
from vidcalc.tape.allocator import MIB
from vidcalc.tape.replay import held_by, replayed
from vidcalc.tape.trace import trace

ELEMENTS = 16 * MIB  # in bf16 32 MiB


def block(tape: Tape, x: Tensor) -> Tensor:
    return tape.add(x, tape.linear(x, ELEMENTS, "up"))


def layers(times: int, repeated: bool) -> Tape:
    """`times` residual layers, taped once with a count or one by one."""
    tape = Tape()
    hidden = tape.input(1, ELEMENTS)
    if repeated:
        with tape.repeat("blocks", times, hidden):
            hidden = block(tape, hidden)
    else:
        for index in range(times):
            with tape.scope(f"blocks.{index}"):
                hidden = block(tape, hidden)
    del hidden
    return tape


@pytest.mark.parametrize("times", [0, 1, 2, 5, 40])
def test_repeated_layers_are_as_layers_one_by_one(times: int) -> None:
    once, each = (layers(times, repeated) for repeated in (True, False))
    assert replayed(once.log, once.apart) == replayed(each.log, each.apart)


def test_live_bytes_are_those_of_the_tape() -> None:
    tape = layers(7, repeated=True)
    found = replayed(tape.log, tape.apart)
    assert found.allocated == tape.peak == 3 * 2 * ELEMENTS
    assert found.reserved >= found.needed >= found.allocated


def test_a_growing_result_leaves_its_older_sizes_behind() -> None:
    """What is freed is too small for what comes: reserved grows beyond what is allocated."""
    tape = Tape()
    out = tape.empty((10 * MIB,))
    for frames in (2, 3, 4):
        out = tape.cat((out,), 10 * frames * MIB)
    found = replayed(tape.log, tape.apart)
    assert found.allocated == (30 + 40) * 2 * MIB
    assert found.reserved == (10 + 20 + 30 + 40) * 2 * MIB
    assert found.needed == found.allocated
    del out


def test_a_tensor_may_stand_for_several() -> None:
    tape = Tape()
    free = tape.empty((20 * MIB,))
    del free
    pieces = tape.cut(tape.empty((20 * MIB,)), 4)
    del pieces
    loose = tape.pieces((3 * MIB,))
    found = replayed(tape.log, tape.apart)
    assert found.reserved == (20 + 3) * 2 * MIB
    del loose


def test_weights_lose_what_their_segments_have_left_over() -> None:
    # four of 4.5 MiB in a segment of 20: 2 MiB stay free
    assert held_by([([4.5 * MIB] * 4, 10)]) == pytest.approx(20 / 18)
    assert held_by([([30 * MIB], 7)]) == 1.0


def test_a_network_reserves_what_it_allocates_and_more() -> None:
    vae = fill.model("wan2.1-t2v-1.3b").vae
    taped = trace(vae, "decode", Shape(batch=1, frames=9, height=30, width=52), "bf16")
    assert taped.cache is not None
    # the workspaces of convolutions are among the allocations
    assert taped.cache.allocated == pytest.approx(taped.peak + taped.workspace, rel=0.01)
    assert taped.cache.allocated < taped.cache.needed <= taped.cache.reserved


def test_a_sweep_is_not_replayed() -> None:
    vae = fill.model("wan2.1-t2v-1.3b").vae
    swept = trace(vae, "decode", Shape(batch=1, frames=9, height=np.array([30.0, 60.0]), width=52), "bf16")
    assert swept.cache is None
