"""The caching allocator with segments that grow, by hand and under whole calls. Sizes in MiB."""

import random

import pytest

import vidcalc
from vidcalc.tape.allocator import MIB, Allocator
from vidcalc.tape.expandable import ExpandableAllocator
from vidcalc.tape.replay import held_by

PAGE = 20 * MIB


def test_large_sizes_are_mapped_in_pages_of_twenty_mib() -> None:
    device = ExpandableAllocator()
    device.take(27 * MIB)
    assert (device.allocated, device.reserved) == (27 * MIB, 40 * MIB)
    device.take(13 * MIB)  # what is left of the page
    assert (device.allocated, device.reserved) == (40 * MIB, 40 * MIB)


def test_small_sizes_are_mapped_in_pages_of_two_mib() -> None:
    device = ExpandableAllocator()
    for _ in range(5):
        device.take(MIB // 2)
    assert (device.allocated, device.reserved) == (5 * MIB // 2, 4 * MIB)


def test_the_last_block_grows_by_what_is_missing() -> None:
    fixed, growing = Allocator(), ExpandableAllocator()
    for device in (fixed, growing):
        device.give(device.take(100 * MIB))
        device.take(160 * MIB)
    assert (fixed.reserved, growing.reserved) == (260 * MIB, 160 * MIB)


def test_any_rest_is_cut_off() -> None:
    device = ExpandableAllocator()
    device.give(device.take(40 * MIB))
    device.take(39 * MIB + 512 * 1024)
    assert device.allocated == 39 * MIB + 512 * 1024  # fixed segments keep a rest of less than 1 MiB in the block
    assert device.take(512 * 1024 + MIB).at == device.coarse.start + 40 * MIB - 512 * 1024


def test_a_hole_is_taken_before_the_end_grows() -> None:
    device = ExpandableAllocator()
    hole, _between = device.take(60 * MIB), device.take(20 * MIB)
    end = device.take(60 * MIB)
    device.give(end)
    device.give(hole)
    assert device.take(50 * MIB).at == device.coarse.start
    assert device.reserved == 140 * MIB


def test_free_pages_may_go_back_to_the_device() -> None:
    device = ExpandableAllocator()
    first, middle, last = (device.take(size * MIB) for size in (30, 50, 40))
    device.give(middle)  # from 30 to 80: the pages 40 to 60 and 60 to 80
    assert device.whole == 2 * PAGE
    device.give(first)
    assert device.whole == 4 * PAGE
    device.give(last)
    assert (device.whole, device.reserved, device.allocated) == (120 * MIB, 120 * MIB, 0)


@pytest.mark.parametrize("seed", range(8))
def test_counts_hold_in_any_order(seed: int) -> None:
    order, device, held = random.Random(seed), ExpandableAllocator(), []
    for _ in range(400):
        if held and order.random() < 0.45:
            device.give(held.pop(order.randrange(len(held))))
        else:
            held.append(device.take(order.choice((300, 40_000, MIB, 3 * MIB, 17 * MIB, 90 * MIB))))
        pages = {id(pool): pool for pool in (device.fine, device.coarse)}.values()
        assert device.reserved == sum(pool.end - pool.start for pool in pages)
        free = sum(block.size for pool in pages for block in pool.blocks.values())
        assert device.reserved == device.allocated + free
        assert 0 <= device.whole == sum(pool.whole(block) for pool in pages for block in pool.blocks.values())
    for block in held:
        device.give(block)
    assert device.whole == device.reserved
    assert all(len(pool.blocks) <= 1 for pool in (device.fine, device.coarse))


def test_weights_lie_side_by_side() -> None:
    layers = [((30 * MIB + 1, 3 * MIB, 1000), 40)]
    assert held_by(layers) > held_by(layers, "expandable") >= 1


@pytest.mark.parametrize("model", ["wan2.1-t2v-1.3b", "cogvideox-5b"])
def test_less_is_reserved_and_the_same_allocated(model: str) -> None:
    fixed, growing = (
        vidcalc.estimate(model, gpu="h100", segments=word).memory.inference for word in ("fixed", "expandable")
    )
    assert growing.allocated == fixed.allocated
    assert growing.allocated <= growing.reserved < fixed.reserved


def test_of_what_is_free_the_end_is_taken_last_however_well_it_fits() -> None:
    device = ExpandableAllocator()
    hole, _between, end = device.take(60 * MIB), device.take(25 * MIB), device.take(55 * MIB)
    device.give(hole)
    device.give(end)
    # 55 MiB fit better, but they are at the end of the segment, which can grow
    assert device.take(50 * MIB).at == device.coarse.start
    # where nothing else is large enough it is the end's turn
    assert device.take(52 * MIB).at == end.at
    assert device.reserved == 140 * MIB


def test_of_two_holes_the_smaller_that_is_large_enough_is_taken() -> None:
    device = ExpandableAllocator()
    large, _one, small, _two = (device.take(size * MIB) for size in (60, 20, 40, 20))
    device.give(large)
    device.give(small)
    assert device.take(30 * MIB).at == small.at
    assert device.take(50 * MIB).at == large.at
