"""PyTorch's caching allocator, replayed: which segments of device memory a series of allocations and frees takes.

Sizes are rounded up to 512 bytes. What has at most 1 MiB comes out of segments of 2 MiB, what has less than 10 MiB out of
segments of 20 MiB, anything larger out of a segment of its own, rounded up to 2 MiB. The smallest free block that is
large enough is taken, and cut where enough is left over; neighbours that are both free become one again. Segments stay:
what has been freed in pieces of the wrong size is why more is reserved than allocated.

Where the device is full, segments that are free from end to end go back to it before an allocation fails.
Source: PyTorch, c10/cuda/CUDACachingAllocator.cpp (malloc, get_free_block, should_split, free_block, try_merge_blocks).
"""

from bisect import bisect_left, insort

MIB = 1 << 20
SMALLEST = 512  # kMinBlockSize
SMALL = MIB  # kSmallSize: the most that comes from the small pool
SMALL_SEGMENT = 2 * MIB  # kSmallBuffer
LARGE = 10 * MIB  # kMinLargeAlloc: from here on a segment is made to measure
LARGE_SEGMENT = 20 * MIB  # kLargeBuffer
PAGE = 2 * MIB  # kRoundLarge
APART = 1 << 50  # addresses between two segments: neighbours are blocks of one segment


class Block:
    """A piece of a segment: where it starts, its bytes, its neighbours, its pool, and whether it is free."""

    __slots__ = ("after", "at", "before", "free", "size", "small")

    def __init__(
        self, at: int, size: int, small: bool, before: "Block | None" = None, after: "Block | None" = None
    ) -> None:
        self.at, self.size, self.small, self.before, self.after, self.free = at, size, small, before, after, False


class Allocator:
    """The cache of one device.

    reserved  bytes of all segments;  whole  of those that are free from end to end
    allocated  bytes of the blocks in use;  segments  how many there are
    """

    def __init__(self) -> None:
        self.reserved = self.whole = self.allocated = self.segments = 0
        self.free_blocks: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])  # small, large: (size, at)
        self.blocks: dict[int, Block] = {}  # free ones, by where they start

    def take(self, nbytes: int) -> Block:
        """Allocate."""
        size = -(-nbytes // SMALLEST) * SMALLEST or SMALLEST
        small = size <= SMALL
        pool = self.free_blocks[not small]
        index = bisect_left(pool, (size, 0))
        if index < len(pool):
            block = self.blocks[pool[index][1]]
            self.drop(block)
        else:
            block = self.segment(size)
        left = block.size - size
        if left >= SMALLEST if small else left > SMALL:
            rest = Block(block.at + size, left, small, block, block.after)
            if block.after is not None:
                block.after.before = rest
            block.after, block.size = rest, size
            self.put(rest)
        block.free = False
        self.allocated += block.size
        return block

    def segment(self, size: int) -> Block:
        """A new segment for a block of that size, which no free block holds."""
        whole = SMALL_SEGMENT if size <= SMALL else LARGE_SEGMENT if size < LARGE else -(-size // PAGE) * PAGE
        self.segments += 1
        self.reserved += whole
        return Block(self.segments * APART, whole, size <= SMALL)

    def put(self, block: Block) -> None:
        """Keep a block for later."""
        block.free = True
        if block.before is None and block.after is None:
            self.whole += block.size
        self.blocks[block.at] = block
        insort(self.free_blocks[not block.small], (block.size, block.at))

    def give(self, block: Block) -> None:
        """Free."""
        self.allocated -= block.size
        for other in (block.before, block.after):
            if other is not None and other.free:
                self.drop(other)
                if other is block.before:
                    other.size, other.after = other.size + block.size, block.after
                    if block.after is not None:
                        block.after.before = other
                    block = other
                else:
                    block.size, block.after = block.size + other.size, other.after
                    if other.after is not None:
                        other.after.before = block
        self.put(block)

    def drop(self, block: Block) -> None:
        """Forget a free block."""
        if block.before is None and block.after is None:
            self.whole -= block.size
        del self.blocks[block.at]
        pool = self.free_blocks[not block.small]
        del pool[bisect_left(pool, (block.size, block.at))]
