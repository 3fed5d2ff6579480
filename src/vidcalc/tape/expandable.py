"""PyTorch's caching allocator with segments that grow (PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True), replayed.

Small sizes and large ones have one segment each, with addresses for all of the device. Memory is mapped at its end as
it is needed, in pages of 2 MiB and of 20 MiB; what is left over of a block is always cut off. So pieces of the wrong
size cannot pile up, and reserved stays near the most that was in use. Where the device is full, pages that are free
from end to end are unmapped.
Source: PyTorch, c10/cuda/CUDACachingAllocator.cpp (try_allocate_expandable_block, get_free_block, should_split,
unmap_block).
"""

from bisect import bisect_left

from vidcalc.tape.allocator import APART, LARGE_SEGMENT, PLACES, SMALL, SMALL_SEGMENT, SMALLEST, Allocator, Block, Pool


class Growing(Pool):
    """Free blocks of one segment that grows: where it starts and ends, the pages it is mapped in, its last block."""

    __slots__ = ("end", "page", "start", "tail")

    def __init__(self, page: int, start: int) -> None:
        super().__init__(SMALLEST)
        self.page, self.start, self.end = page, start, start
        self.tail: Block | None = None

    def whole(self, block: Block) -> int:
        """Bytes of the pages that lie in a block from end to end [byte]."""
        first = -(-(block.at - self.start) // self.page)
        last = (block.at + block.size - self.start) // self.page
        return max(last - first, 0) * self.page


class ExpandableAllocator(Allocator):
    """The cache of one device; its `segments` are the times that memory was mapped."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = Growing(SMALL_SEGMENT, APART), Growing(LARGE_SEGMENT, 2 * APART)
        self.small, self.large = self.fine, self.coarse

    def take(self, nbytes: int) -> Block:
        """Allocate."""
        size = -int(-nbytes // SMALLEST) * SMALLEST
        pool = self.fine if size <= SMALL else self.coarse
        block = self.found(size, pool) or self.mapped(size, pool)
        left = block.size - size
        if left:  # sizes are whole blocks: any rest is one
            rest = Block(block.at + size, left, pool, block, block.after)
            if block.after is not None:
                block.after.before = rest
            else:
                pool.tail = rest
            block.after, block.size = rest, size
            self.keep(rest)
        block.free = False
        self.allocated += block.size
        self.raised()
        return block

    def touch(self, nbytes: int) -> None:
        """Allocate and free at once."""
        self.give(self.take(nbytes))

    def found(self, size: int, pool: Growing) -> Block | None:
        """The smallest free block that is large enough, out of its pool; the last, which can grow, is taken last."""
        index = bisect_left(pool.order, size * PLACES)
        fitting = pool.order[index : index + 2]
        if not fitting:
            return None
        first = pool.blocks[fitting[0]]
        block = first if len(fitting) == 1 or first is not pool.tail else pool.blocks[fitting[1]]
        self.forget(block)
        return block

    def mapped(self, size: int, pool: Growing) -> Block:
        """A free block of at least that size at the end of the segment, out of its pool."""
        tail = pool.tail
        grown = tail if tail is not None and tail.free else None
        further = -(-(size - (grown.size if grown else 0)) // pool.page) * pool.page
        self.segments += 1
        self.reserved += further
        pool.end += further
        if grown is not None:
            self.forget(grown)
            grown.size += further
            return grown
        block = Block(pool.end - further, further, pool, tail, None)
        if tail is not None:
            tail.after = block
        pool.tail = block
        return block

    def keep(self, block: Block) -> None:
        """Keep a free block for later."""
        super().keep(block)
        self.whole += self.of(block).whole(block)

    def forget(self, block: Block) -> None:
        """Take a free block out of its pool."""
        super().forget(block)
        self.whole -= self.of(block).whole(block)

    def of(self, block: Block) -> Growing:
        """The pool of a block."""
        return self.fine if block.pool is self.small else self.coarse

    def give(self, block: Block) -> None:
        """Free."""
        self.allocated -= block.size
        block = self.joined(block)
        if block.after is None:
            self.of(block).tail = block
        self.keep(block)


ALLOCATORS: dict[str, type[Allocator]] = {"fixed": Allocator, "expandable": ExpandableAllocator}
