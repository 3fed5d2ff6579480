"""What a tape is made of: storages that live and die, tensors that share them, and the nodes that backward walks."""

from typing import Any

from vidcalc.base.number import Number, product

ELEMENT_BYTES = {"fp64": 8, "int64": 8, "fp32": 4, "int32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "bool": 1}
WIDER = {"bool": 0, "int8": 1, "int32": 2, "int64": 3, "fp8": 4, "fp16": 5, "bf16": 5, "fp32": 6, "fp64": 7}

ATTENTION = "att"  # in the names of attention's layers, and of no others


# In a tape's log: (storage's number, bytes), (its number, FREED), (WORKING, a kernel's workspace in bytes), and around
# repeated sections (ROUND, times) and (LEFT, 0)
FREED = -1
WORKING, ROUND, LEFT = 0, -1, -2


class Storage:
    """A block of bytes on the device; leaving scope frees it.

    tape  whose live bytes it counts in (a `vidcalc.tape.recorder.Recorder`)
    born  how many nodes the tape had when it was made
    """

    __slots__ = ("__weakref__", "born", "nbytes", "number", "tape")
    waiting = False  # for memory: see `Fused`

    def __init__(self, tape: Any, nbytes: Number) -> None:
        self.tape = tape
        self.nbytes = nbytes
        self.born = len(tape.nodes)
        # as `logged`, in line: every tensor comes by
        self.number = number = tape.storages = tape.storages + 1
        tape.log.append((number, nbytes))

    def logged(self) -> None:
        """Write down that it is there from here on."""
        self.number = self.tape.storages = self.tape.storages + 1
        self.tape.log.append((self.number, self.nbytes))

    def __del__(self) -> None:
        tape = self.tape
        tape.log.append((self.number, FREED))
        tape.live = tape.live - self.nbytes
        if self.born <= tape.entered:
            tape.consumed = tape.consumed + self.nbytes


class Fused(Storage):
    """A result inside a chain of fused kernels: no memory until something else reads it, and what it is made of stays.

    sources  the storages it is made of;  made  whether it has memory
    """

    __slots__ = ("made", "sources")

    def __init__(self, tape: Any, nbytes: Number, sources: tuple[Storage, ...]) -> None:
        self.tape, self.nbytes, self.sources, self.made = tape, nbytes, sources, False
        self.born = len(tape.nodes)

    @property
    def waiting(self) -> bool:  # type: ignore[override]
        """Whether it has no memory yet."""
        return not self.made

    def __del__(self) -> None:
        if self.made:
            super().__del__()


class Tensor:
    """A shape, a dtype and a share of a storage. `node` names the op that made it, where gradients are wanted."""

    __slots__ = ("dtype", "node", "shape", "size", "storage")

    def __init__(
        self, shape: tuple[Number, ...], dtype: str, storage: Storage | None, node: int = -1, size: Number | None = None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.storage = storage
        self.node = node
        self.size = size

    @property
    def elements(self) -> Number:
        """Number of elements of this tensor (of the view, where it is one)."""
        if self.size is None:
            self.size = product(self.shape)
        return self.size

    @property
    def nbytes(self) -> Number:
        """Bytes of this tensor (of the view, where it is one)."""
        return self.elements * ELEMENT_BYTES[self.dtype]

    def view(self, *shape: Number) -> "Tensor":
        """The same storage under another shape: reshape, transpose, slice, expand, chunk."""
        return Tensor(shape, self.dtype, self.storage, self.node)


class Node:
    """One differentiable op, for the walk backward.

    inputs        (node, bytes) of each tensor it came from that wants a gradient
    saved         storages autograd keeps until this op's backward ran
    weight_bytes  of the gradients of its own parameters
    summed        a product: the gradient of a factor that was broadcast is made whole before it is summed up
    frozen        it has weights that are not trained: its input's gradient is a buffer of its own all the same
    away          bytes of what autograd keeps for it in host memory: there again while its backward runs
    """

    __slots__ = ("away", "frozen", "inputs", "out_bytes", "path", "saved", "summed", "weight_bytes")

    def __init__(
        self,
        path: str,
        inputs: tuple[tuple[int, Number], ...],
        saved: tuple[Storage, ...],
        out_bytes: Number,
        weight_bytes: Number,
    ) -> None:
        self.path = path
        self.inputs = inputs
        self.saved = saved
        self.out_bytes = out_bytes
        self.weight_bytes = weight_bytes
        self.summed = False
        self.frozen = False
        self.away: Number = 0


class Section:
    """The start of a repeated section among the nodes. Bytes are of one round.

    times      rounds run
    block      whether its rounds are blocks that checkpointing works on: it may, and stands in no other such section
    around     repeated sections that it stands in
    before     blocks that came before it
    first_op   ops taped before it, and `last_op` those up to the last that checkpointing must run again
    inputs     storages from before it that checkpointed rounds read: arguments, kept alive until all are through
    growth     bytes a round leaves behind
    saved      bytes made in a round that its backward needs (what checkpointing makes again)
    consumed   bytes from before the round that are gone after it: the hidden state, where nothing saved it
    handed     bytes a round hands to the next, saved or not (all that full checkpointing keeps of it)
    peak       most bytes of a round above its start, up to the last that is saved: making it again stops there
    made       (bytes, age) of the storages behind `saved`, by id
    aside      bytes that attention's ops of a round save in host memory, each op a copy of its own
    cached     bytes of results that selective checkpointing keeps, and `peak_again` the peak where those are there
    """

    __slots__ = (
        *(
            "around",
            "aside",
            "before",
            "block",
            "cached",
            "consumed",
            "first_op",
            "growth",
            "handed",
            "inputs",
            "last_op",
            "made",
        ),
        *("peak", "peak_again", "saved", "times"),
    )

    def __init__(self, times: Number, block: bool, before: Number = 0, first_op: int = 0) -> None:
        self.times = times
        self.block = block
        self.around: tuple[Section, ...] = ()
        self.before = before
        self.first_op = self.last_op = first_op
        self.inputs: tuple[Storage, ...] = ()
        self.made: dict[int, tuple[Number, int]] = {}
        self.growth: Number = 0
        self.saved: Number = 0
        self.consumed: Number = 0
        self.handed: Number = 0
        self.peak: Number = 0
        self.cached: Number = 0
        self.aside: Number = 0
        self.peak_again: Number = 0


class Leave:
    """The end of a repeated section among the nodes."""

    __slots__ = ("section",)

    def __init__(self, section: Section) -> None:
        self.section = section


def some(weights: Number) -> bool:
    """Whether an op has weights of its own."""
    return not isinstance(weights, int) or weights > 0


def same(a: Number, b: Number) -> bool:
    """Whether two sizes are equal (everywhere, for arrays)."""
    equal = a == b
    return bool(equal.all()) if hasattr(equal, "all") else bool(equal)
