"""What a tape's allocations make of the caching allocator: bytes it reserves for a call, and for weights when loaded.

A tape writes down every storage that comes and goes, and the workspaces of kernels, in order; a repeated section stands
there once. Replayed, its rounds follow each other until they find all they need in the cache. What one round hands to
the next (the hidden state) takes the place of what the first round found.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from vidcalc.tape.allocator import MIB, Block
from vidcalc.tape.expandable import ALLOCATORS
from vidcalc.tape.records import FREED, LEFT, ROUND, WORKING

PATIENCE = 4000  # entries after which every section still to come is played once: tile after tile is alike
SAMPLED = 8  # layers loaded one by one; the others take what the last half of these took
Entry: TypeAlias = Any  # (storage, bytes) as in a log, or a repeated section
Log: TypeAlias = Sequence[tuple[int, Any]]  # bytes are plain numbers: a sweep is not replayed


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of a call under the allocator's counters, from an emptied cache.

    allocated  the most in use;  reserved  the most held;  needed  the most held less whole segments that are free: what
    is left to the allocator where the device is full and it gives these back
    """

    allocated: int
    reserved: int
    needed: int


class Repeated:
    """A repeated section: its entries, rounds, and which storage a round leaves in the place of one that it found."""

    __slots__ = ("entries", "handed", "left", "times")

    def __init__(self, times: int) -> None:
        self.times = times
        self.entries: list[Entry] = []
        self.handed: list[tuple[int, int]] = []  # (found, left in its place)
        self.left: list[int] = []  # what it leaves beside


def replayed(log: Log, apart: dict[int, Any], segments: str = "fixed") -> Cache:
    """A call's log through an allocator whose cache is empty.

    apart     storages that stand for so many equal ones, or (0) for pieces that count wherever they are
    segments  "fixed", or "expandable": whether they grow
    """
    device = Replay(apart, segments)
    device.play(sections(log))
    found = device.allocator
    return Cache(allocated=found.most, reserved=found.most_reserved, needed=found.needed)


class Replay:
    """An allocator, and which of its blocks each storage of a log has."""

    def __init__(self, apart: dict[int, Any], segments: str = "fixed") -> None:
        self.allocator, self.apart = ALLOCATORS[segments](), apart
        self.blocks: dict[int, Block] = {}
        self.pieces: dict[int, list[Block]] = {}
        self.anywhere: dict[int, int] = {}
        self.played = 0

    def play(self, entries: list[Entry]) -> None:
        """Entries in order."""
        allocator, blocks, apart = self.allocator, self.blocks, self.apart
        self.played += len(entries)
        for entry in entries:
            if isinstance(entry, Repeated):
                self.repeat(entry)
                continue
            storage, nbytes = entry
            if storage in apart:
                self.several(storage, nbytes, int(apart[storage]))
            elif nbytes == FREED:
                if storage in blocks:
                    allocator.give(blocks.pop(storage))
            elif nbytes:  # an empty tensor has no block
                if storage == WORKING:
                    allocator.touch(nbytes)
                else:
                    blocks[storage] = allocator.take(nbytes)

    def several(self, storage: int, nbytes: int, count: int) -> None:
        """A storage that stands for `count` blocks, or for pieces beside all blocks, comes or goes."""
        if nbytes == FREED:
            self.allocator.aside(-self.anywhere.pop(storage, 0))
            for block in self.pieces.pop(storage, ()):
                self.allocator.give(block)
        elif count and nbytes:
            self.pieces[storage] = [self.allocator.take(nbytes // count) for _ in range(count)]
        else:
            self.anywhere[storage] = nbytes
            self.allocator.aside(nbytes)

    def repeat(self, section: Repeated) -> None:
        """All rounds of a section, or as many as it takes until one needs no further segment."""
        if section.times <= 0:
            for found, left in section.handed:
                self.hand(found, left)
            return
        self.play(section.entries)
        for _ in range(1, section.times):
            segments = self.allocator.segments
            if self.played > PATIENCE:
                return
            for found, left in section.handed:
                self.hand(left, found)
            for left in section.left:
                if left in self.blocks:
                    self.allocator.give(self.blocks.pop(left))
            self.play(section.entries)
            if self.allocator.segments == segments:
                return

    def hand(self, source: int, to: int) -> None:
        """Give a storage's block another storage's name."""
        if source in self.blocks:
            self.blocks[to] = self.blocks.pop(source)


def sections(log: Log) -> list[Entry]:
    """The log with its repeated sections nested, each with what its rounds hand on."""
    size: dict[int, int] = {}
    born: dict[int, int] = {}
    gone: set[int] = set()
    stack, starts = [Repeated(1)], [0]
    entries = stack[0].entries
    for index, entry in enumerate(log):
        storage, nbytes = entry
        if storage > WORKING:
            if nbytes == FREED:
                gone.add(storage)
            else:
                born[storage], size[storage] = index, nbytes
            entries.append(entry)
        elif storage == ROUND:
            stack.append(Repeated(int(nbytes)))
            starts.append(index)
            entries = stack[-1].entries
        elif storage == LEFT:
            section, start = stack.pop(), starts.pop()
            inside = log[start + 1 : index]
            found = [each for each, nbytes in inside if nbytes == FREED and each > WORKING and born[each] < start]
            left = [each for each, nbytes in inside if nbytes != FREED and each > WORKING]
            section.left = [each for each in left if each not in gone]
            section.handed = list(_matched(found, section.left, size))
            entries = stack[-1].entries
            entries.append(section)
        else:
            entries.append(entry)
    return stack[0].entries


def _matched(found: list[int], left: list[int], size: dict[int, int]) -> Iterable[tuple[int, int]]:
    """Pairs of storages of one size; what is paired goes from `left`."""
    for one in found:
        alike = next((each for each in left if size[each] == size[one]), None)
        if alike is not None:
            left.remove(alike)
            yield one, alike


def held_by(layers: Iterable[tuple[Sequence[Any], int]], segments: str = "fixed") -> float:
    """Bytes of segments over bytes of tensors that are loaded one by one: (bytes of a layer's tensors, layers)."""
    allocator, further, tensors = ALLOCATORS[segments](), 0.0, 0.0
    for layer, times in layers:
        marks = [allocator.reserved]
        for _ in range(min(times, SAMPLED)):
            for nbytes in layer:
                allocator.take(int(nbytes))
            marks.append(allocator.reserved)
        if times > SAMPLED:
            half = SAMPLED // 2
            further += (marks[-1] - marks[half]) / (SAMPLED - half) * (times - SAMPLED)
        tensors += sum(layer) * times
    return (allocator.reserved + further) / tensors if tensors > MIB else 1.0
