"""The bytes under a tape: storages that live and die, the most of them, and a log of what came and went.

Where a compiler joins elementwise work into one kernel, results inside of the chain have no memory: only what another
kernel reads is written, over an input that nobody reads any more where there is one of its size (TorchInductor's
fusion and in-place buffers).
"""

from sys import getrefcount
from weakref import ref

from vidcalc.base.number import Number, highest, maximum, product, whole_blocks
from vidcalc.base.place import NOWHERE
from vidcalc.tape.records import ELEMENT_BYTES, WORKING, Fused, Storage, Tensor, same


def alone() -> int:
    """References to what one list holds, as a loop counts them: the list's, and its own where it takes any.

    Since Python 3.14 a loop's variable is lent to what it calls.
    """
    real = [object()]
    (count,) = [getrefcount(each) for each in real]
    return count


ALONE = alone()
ROUNDING = 512  # bytes: the CUDA caching allocator's smallest block, c10/cuda/CUDACachingAllocator.cpp


class Memory:
    """What is alive, in a dtype of the tape's own; `fused`: whether elementwise work of repeated blocks is joined."""

    def __init__(self, dtype: str, fused: bool) -> None:
        self.dtype = dtype
        self.fused = fused
        self.log: list[tuple[int, Number]] = []  # what came and went, in order: see `records`
        self.storages = 0
        self.apart: dict[int, Number] = {}  # storages that stand for so many pieces, or (0) for any number
        self.live: Number = 0
        self.peak: Number = 0
        self.device_peak: Number = 0
        self.streamed: tuple[Number, Number] = (0, 0)  # peaks with the weights of the layer that runs, and of the next
        self.running: Number = 0  # live bytes while the newest layer with weights ran, and its weights
        self.peak_at = ""
        self.peak_before: Number = 0  # the peak before the newest tensor
        self.chained: list[ref[Fused]] = []  # results of fused chains that may have no memory yet
        self.prefix = ""
        self.place = NOWHERE

    def empty(
        self, shape: tuple[Number, ...], dtype: str | None = None, node: int = -1, size: Number | None = None
    ) -> Tensor:
        """A new tensor with a storage of its own, rounded up as the caching allocator does.

        size  its number of elements, where the caller already knows it
        """
        dtype = dtype or self.dtype
        if size is None:
            size = product(shape)
        nbytes = whole_blocks(size * ELEMENT_BYTES[dtype], ROUNDING)
        # as `_alive`, in line: every tensor comes by
        self.peak_before = self.peak
        self.live = live = self.live + nbytes
        try:
            if live > self.peak:
                self.peak, self.peak_at = live, self.prefix
        except ValueError:  # arrays
            self._raise_peak(live)
        return Tensor(shape, dtype, Storage(self, nbytes), node, size)

    def _alive(self, nbytes: Number) -> None:
        """So many bytes more."""
        self.peak_before = self.peak
        self.live = live = self.live + nbytes
        try:
            if live > self.peak:
                self.peak, self.peak_at = live, self.prefix
        except ValueError:  # arrays
            self._raise_peak(live)

    def result(self, shape: tuple[Number, ...], dtype: str, size: Number | None, inputs: tuple[Tensor, ...]) -> Tensor:
        """A new tensor that elementwise work makes of its inputs: where that is fused, without memory at first."""
        if not (self.fused and self.place.block):
            return self.empty(shape, dtype, -1, size)
        size = product(shape) if size is None else size
        nbytes = whole_blocks(size * ELEMENT_BYTES[dtype], ROUNDING)
        made_of = [each.storage for each in inputs if each.storage is not None]
        made_of += [source for each in made_of if isinstance(each, Fused) for source in each.sources]
        storage = Fused(self, nbytes, tuple(made_of))
        self.chained.append(ref(storage))
        return Tensor(shape, dtype, storage, -1, size)

    def read_by_kernel(self, *tensors: Tensor) -> None:
        """A kernel that is not fused reads these: they need memory, and so does what their chain shares with others."""
        for tensor in tensors if self.fused else ():
            self._made(tensor.storage)

    def _made(self, storage: Storage | None) -> None:
        if not isinstance(storage, Fused) or storage.made:
            return  # it has memory
        sources, storage.sources, storage.made = storage.sources, (), True
        shared = [ref(each) for each in sources if each.waiting]
        real = [each for each in dict.fromkeys(sources) if not each.waiting]
        del sources
        # a compiler writes over what nobody reads any more, where the result is as large
        mine = [each for each in real if getrefcount(each) == ALONE and same(each.nbytes, storage.nbytes)]
        if mine:
            real.remove(mine.pop())
        del mine
        self._alive(storage.nbytes)
        storage.logged()
        del real
        for waiting in shared:  # those that someone else still holds
            self._made(waiting())

    def chains_end(self) -> None:
        """What is left of chains at the end of a block is handed on."""
        chained, self.chained = self.chained, []
        for each in chained:
            self._made(each())

    def pieces(self, shape: tuple[Number, ...], dtype: str | None = None) -> Tensor:
        """What earlier rounds left, as one tensor: it counts as live, but the allocator has it in many places."""
        return self.cut(self.empty(shape, dtype))

    def cut(self, tensor: Tensor, count: Number = 0) -> Tensor:
        """The tensor, which stands for `count` equal ones that live as long; 0 for an unknown number."""
        if tensor.storage is not None:
            self.apart[tensor.storage.number] = count
        return tensor

    def transient(self, nbytes: Number) -> None:
        """Bytes alive for a moment inside an op, on top of what is alive now."""
        self._raise_peak(self.live + nbytes)

    def _raise_peak(self, live: Number, at: str | None = None) -> None:
        here = self.prefix if at is None else at
        try:
            if live > self.peak:
                self.peak, self.peak_at = live, here
        except ValueError:  # an array has no single truth value: take the larger of each pair
            self.peak = highest(self.peak, self.peak_at, live, here)

    def weighing(self, nbytes: Number) -> None:
        """A layer runs whose weights take so many bytes: where weights stream, its own are there, or the next's too."""
        one, two = self.streamed
        ahead, self.running = self.running + nbytes, self.live + nbytes
        self.streamed = maximum(one, self.running), maximum(maximum(two, self.running), ahead)

    def working(self, nbytes: Number) -> None:
        """Bytes a kernel takes as workspace while it runs, on top of what is alive; they count in `device_peak` only.

        With those of convolutions the published HunyuanVideo decode peak of 21.5 GiB at 768x512x121 comes out as 21.49.
        """
        self.device_peak = maximum(self.device_peak, self.live + nbytes)
        self.log.append((WORKING, nbytes))

    def input(self, *shape: Number, dtype: str | None = None) -> Tensor:
        """An input of the network; inputs count as live activations."""
        return self.empty(shape, dtype)
