"""Follows which storages are alive while a network runs, op by op: the peak that eager PyTorch would hold.

A storage counts from the op that makes it until the last tensor over it is gone, rounded up to 512 bytes as the CUDA
caching allocator rounds (c10/cuda/CUDACachingAllocator.cpp, kMinBlockSize). Parameters and buffers of the measured
modules, and views of them, do not count.
"""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

ALLOCATION_BLOCK = 512  # bytes


@dataclass(slots=True, eq=False)
class Storage:
    """One allocation: its rounded size in bytes, the op that made it, and the op after which it went (None: alive at
    the end).
    """

    bytes: int
    born: int
    died: int | None = None


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Dispatch mode that counts live bytes. Read `live`, `peak`, `peak_at` (op name) and `peak_op` (op number) after
    the block.
    """

    def __init__(self, *owners: torch.nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = 0
        self.peak = 0
        self.peak_at: str | None = None
        self.peak_op = -1
        self.op = -1  # number of the op being run
        self._alive: dict[int, Storage] = {}
        self._watch: dict[int, weakref.ref[Any]] = {}
        self._owned = {tensor.untyped_storage()._cdata for owner in owners for tensor in _tensors_of(owner)}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.op += 1
        out = func(*args, **(kwargs or {}))
        made = [
            self._count(leaf.untyped_storage())
            for leaf in tree_leaves(out)
            if isinstance(leaf, torch.Tensor) and self._is_new(leaf.untyped_storage())
        ]
        if self.live > self.peak:
            self.peak, self.peak_at, self.peak_op = self.live, str(func), self.op
        self.observe(func, args, kwargs or {}, out, made)
        return out

    def observe(self, func: Any, args: Any, kwargs: Any, out: Any, made: list[Storage]) -> None:
        """Called after each op with the storages it made; a subclass may keep notes."""

    def _is_new(self, storage: Any) -> bool:
        return storage._cdata not in self._alive and storage._cdata not in self._owned

    def _count(self, storage: Any) -> Storage:
        """Starts the life of a storage; a weak reference tells its end at the moment the last tensor over it goes."""
        key = storage._cdata
        entry = Storage(-(-storage.nbytes() // ALLOCATION_BLOCK) * ALLOCATION_BLOCK, self.op)
        self._alive[key] = entry
        self._watch[key] = weakref.ref(storage, lambda _: self._release(key))
        self.live += entry.bytes
        return entry

    def _release(self, key: int) -> None:
        entry = self._alive.pop(key)
        del self._watch[key]
        entry.died = self.op
        self.live -= entry.bytes


def _tensors_of(owner: torch.nn.Module) -> Iterator[torch.Tensor]:
    yield from owner.parameters()
    yield from owner.buffers()
