"""The caching allocator by hand: segments, splitting, best fit, merging. Sizes in MiB."""

from vidcalc.tape.allocator import MIB, Allocator


def test_small_sizes_share_segments_of_two_mib() -> None:
    device = Allocator()
    blocks = [device.take(MIB // 2) for _ in range(4)]
    assert (device.allocated, device.reserved) == (2 * MIB, 2 * MIB)
    blocks.append(device.take(1))
    assert device.allocated == 2 * MIB + 512  # rounded up to a block
    assert device.reserved == 4 * MIB
    for block in blocks:
        device.give(block)
    assert (device.allocated, device.reserved, device.whole) == (0, 4 * MIB, 4 * MIB)


def test_middle_sizes_share_segments_of_twenty_mib() -> None:
    device = Allocator()
    for _ in range(4):
        device.take(5 * MIB)
    assert device.reserved == 20 * MIB
    device.take(5 * MIB)
    assert device.reserved == 40 * MIB


def test_large_sizes_get_segments_in_whole_pages() -> None:
    device = Allocator()
    device.take(27 * MIB + 1)
    assert device.reserved == 28 * MIB
    assert device.allocated == 28 * MIB  # what is left over is less than 1 MiB: it is not cut off


def test_a_remainder_of_one_mib_is_left_in_the_block() -> None:
    device = Allocator()
    device.give(device.take(30 * MIB))
    device.take(29 * MIB)
    assert device.allocated == 30 * MIB  # the rest is not cut off
    device = Allocator()
    device.give(device.take(30 * MIB))
    device.take(28 * MIB)
    device.take(2 * MIB)
    assert (device.allocated, device.reserved) == (30 * MIB, 30 * MIB)


def test_the_smallest_block_that_is_large_enough_is_taken() -> None:
    device = Allocator()
    large, small = device.take(100 * MIB), device.take(40 * MIB)
    device.give(large)
    device.give(small)
    device.take(32 * MIB)
    assert device.take(100 * MIB).size == 100 * MIB
    assert device.reserved == 140 * MIB


def test_neighbours_become_one_block_again() -> None:
    device = Allocator()
    device.give(device.take(60 * MIB))
    parts = [device.take(20 * MIB) for _ in range(3)]
    for index in (0, 2, 1):
        device.give(parts[index])
    assert device.take(60 * MIB).size == 60 * MIB
    assert device.reserved == 60 * MIB


def test_needed_leaves_out_what_could_be_given_back() -> None:
    device = Allocator()
    device.give(device.take(60 * MIB))
    device.take(80 * MIB)  # the 60 MiB are free from end to end: an allocator that is out of memory returns them
    assert (device.most_reserved, device.needed, device.most) == (140 * MIB, 80 * MIB, 80 * MIB)
    device = Allocator()
    held = device.take(60 * MIB)
    device.give(held)
    device.take(20 * MIB)  # a third of it is in use: it stays
    device.take(80 * MIB)
    assert device.needed == 140 * MIB
