"""PyTorch's caching allocator, replayed: which segments of device memory allocations and frees take.

Sizes are rounded up to 512 bytes. What has at most 1 MiB comes out of segments of 2 MiB, what has less than 10 MiB out
of segments of 20 MiB, anything larger out of a segment of its own, rounded up to 2 MiB. The smallest free block that is
large enough is taken, and cut where enough is left over; neighbours that are both free become one again. Segments stay:
what has been freed in pieces of the wrong size is why more is reserved than allocated. Where the device is full,
segments that are free from end to end go back to it before an allocation fails.
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
PLACES = 1 << 80  # more than there are addresses: size x PLACES + address orders blocks as (size, address) does


class Block:
    """A piece of a segment: where it starts, its bytes, its neighbours, its pool, whether it is free, its rank then."""

    __slots__ = ("after", "at", "before", "free", "pool", "rank", "size")

    def __init__(self, at: int, size: int, pool: "Pool", before: "Block | None", after: "Block | None") -> None:
        self.at, self.size, self.pool, self.before, self.after, self.free = at, size, pool, before, after, False
        self.rank = 0


class Pool:
    """Free blocks for small or for large sizes: their ranks (by size, then by where they start), and each by its rank.

    remainder  the least that is cut off a block that is larger than what is asked for
    """

    __slots__ = ("blocks", "order", "remainder")

    def __init__(self, remainder: int) -> None:
        self.remainder = remainder
        self.order: list[int] = []
        self.blocks: dict[int, Block] = {}


class Allocator:
    """The cache of one device [byte].

    allocated  in use;  reserved  of all segments;  whole  of segments that are free from end to end
    most, most_reserved, needed  the most so far of the first two, and of what is reserved without whole segments
    beside     in use and in segments of their own
    segments   how many there are
    """

    def __init__(self) -> None:
        self.allocated = self.reserved = self.whole = self.beside = self.segments = 0
        self.most = self.most_reserved = self.needed = 0
        self.small, self.large = Pool(SMALLEST), Pool(SMALL + SMALLEST)

    def take(self, nbytes: int) -> Block:
        """Allocate."""
        size = -int(-nbytes // SMALLEST) * SMALLEST
        pool = self.small if size <= SMALL else self.large
        order = pool.order
        index = bisect_left(order, size * PLACES)
        if index < len(order):
            block = pool.blocks.pop(order.pop(index))
            if block.before is None and block.after is None:
                self.whole -= block.size
        else:
            block = self.segment(size, pool)
        left = block.size - size
        if left >= pool.remainder:
            rest = Block(block.at + size, left, pool, block, block.after)
            if block.after is not None:
                block.after.before = rest
            block.after, block.size = rest, size
            self.keep(rest)
        block.free = False
        self.allocated += block.size
        # as `raised`, in line: every tensor of every call comes by
        used, reserved = self.allocated + self.beside, self.reserved + self.beside
        if used > self.most:
            self.most = used
        if reserved - self.whole > self.needed:
            self.needed = reserved - self.whole
        if reserved > self.most_reserved:
            self.most_reserved = reserved
        return block

    def touch(self, nbytes: int) -> None:
        """Allocate and free at once: what a free block holds leaves all blocks as they were."""
        size = -int(-nbytes // SMALLEST) * SMALLEST
        pool = self.small if size <= SMALL else self.large
        index = bisect_left(pool.order, size * PLACES)
        if index == len(pool.order):
            self.give(self.take(nbytes))
            return
        block = pool.blocks[pool.order[index]]
        whole = block.size
        alone = block.before is None and block.after is None
        used = self.allocated + self.beside + (size if whole - size >= pool.remainder else whole)
        reserved = self.reserved + self.beside
        if used > self.most:
            self.most = used
        needed = reserved - self.whole + (whole if alone else 0)
        if needed > self.needed:
            self.needed = needed
        if reserved > self.most_reserved:
            self.most_reserved = reserved

    def segment(self, size: int, pool: Pool) -> Block:
        """A new segment for a block of that size, which no free block holds."""
        whole = SMALL_SEGMENT if size <= SMALL else LARGE_SEGMENT if size < LARGE else -(-size // PAGE) * PAGE
        self.segments += 1
        self.reserved += whole
        return Block(self.segments * APART, whole, pool, None, None)

    def keep(self, block: Block) -> None:
        """Keep a free block for later."""
        block.free, pool = True, block.pool
        block.rank = rank = block.size * PLACES + block.at
        pool.blocks[rank] = block
        insort(pool.order, rank)

    def forget(self, block: Block) -> None:
        """Take a free block out of its pool."""
        order = block.pool.order
        del block.pool.blocks[block.rank], order[bisect_left(order, block.rank)]

    def give(self, block: Block) -> None:
        """Free."""
        self.allocated -= block.size
        block = self.joined(block)
        if block.before is None and block.after is None:
            self.whole += block.size
        self.keep(block)

    def joined(self, block: Block) -> Block:
        """A block that is free now, with its neighbours that are."""
        before, after = block.before, block.after
        if after is not None and after.free:
            self.forget(after)
            block.size, block.after = block.size + after.size, after.after
            if after.after is not None:
                after.after.before = block
        if before is not None and before.free:
            self.forget(before)
            before.size, before.after = before.size + block.size, block.after
            if block.after is not None:
                block.after.before = before
            block = before
        return block

    def aside(self, nbytes: int) -> None:
        """Bytes more (or fewer) in segments of their own."""
        self.beside += nbytes
        self.raised()

    def raised(self) -> None:
        """Keep the most of each counter."""
        reserved = self.reserved + self.beside
        if self.allocated + self.beside > self.most:
            self.most = self.allocated + self.beside
        if reserved - self.whole > self.needed:
            self.needed = reserved - self.whole
        if reserved > self.most_reserved:
            self.most_reserved = reserved
