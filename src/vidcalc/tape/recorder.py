"""The bookkeeping under a tape: storages that live and die, names, repeats, weights, and nodes for backward."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vidcalc.arithmetic import maximum, product, where, whole_blocks
from vidcalc.ops.base import Op

ELEMENT_BYTES = {"fp64": 8, "int64": 8, "fp32": 4, "int32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "bool": 1}
WIDER = {"bool": 0, "int8": 1, "int32": 2, "int64": 3, "fp8": 4, "fp16": 5, "bf16": 5, "fp32": 6, "fp64": 7}
ROUNDING = 512  # bytes: the CUDA caching allocator's smallest block, c10/cuda/CUDACachingAllocator.cpp


class Storage:
    """A block of bytes on the device; leaving scope frees it.

    born  how many nodes the tape had when it was made
    """

    __slots__ = ("born", "nbytes", "tape")

    def __init__(self, tape: "Recorder", nbytes: Any) -> None:
        self.tape = tape
        self.nbytes = nbytes
        self.born = len(tape.nodes)

    def __del__(self) -> None:
        tape = self.tape
        tape.live = tape.live - self.nbytes
        if self.born <= tape.entered:
            tape.consumed = tape.consumed + self.nbytes


class Tensor:
    """A shape, a dtype and a share of a storage. `node` names the op that made it, where gradients are wanted."""

    __slots__ = ("dtype", "node", "shape", "size", "storage")

    def __init__(
        self, shape: tuple[Any, ...], dtype: str, storage: Storage | None, node: int = -1, size: Any = None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.storage = storage
        self.node = node
        self.size = size

    @property
    def elements(self) -> Any:
        """Number of elements of this tensor (of the view, where it is one)."""
        if self.size is None:
            self.size = product(self.shape)
        return self.size

    @property
    def nbytes(self) -> Any:
        """Bytes of this tensor (of the view, where it is one)."""
        return self.elements * ELEMENT_BYTES[self.dtype]

    def view(self, *shape: Any) -> "Tensor":
        """The same storage under another shape: reshape, transpose, slice, expand, chunk."""
        return Tensor(shape, self.dtype, self.storage, self.node)


class Node:
    """One differentiable op, for the walk backward.

    inputs        (node, bytes) of each tensor it came from that wants a gradient
    saved         storages autograd keeps until this op's backward ran
    weight_bytes  of the gradients of its own parameters
    summed        a product: the gradient of a factor that was broadcast is made whole before it is summed up
    """

    __slots__ = ("inputs", "out_bytes", "path", "saved", "summed", "weight_bytes")

    def __init__(
        self, path: str, inputs: tuple[tuple[int, Any], ...], saved: tuple[Any, ...], out_bytes: Any, weight_bytes: Any
    ) -> None:
        self.path = path
        self.inputs = inputs
        self.saved = saved
        self.out_bytes = out_bytes
        self.weight_bytes = weight_bytes
        self.summed = False


class Section:
    """The start of a repeated section among the nodes.

    times     rounds run
    outer     whether it stands in no other repeated section: those are what checkpointing works on
    growth    bytes one round leaves behind
    saved     bytes made in one round that its backward needs (what checkpointing makes again)
    consumed  bytes from before the round that are gone after it: the hidden state, where nothing saved it
    handed    bytes a round hands to the next, saved or not (all that checkpointing keeps of it)
    peak      most bytes of one round above its start, up to the last that is saved: making it again stops there
    """

    __slots__ = ("consumed", "growth", "handed", "outer", "peak", "saved", "times")

    def __init__(self, times: Any, outer: bool) -> None:
        self.times = times
        self.outer = outer
        self.growth: Any = 0
        self.saved: Any = 0
        self.consumed: Any = 0
        self.handed: Any = 0
        self.peak: Any = 0


class Leave:
    """The end of a repeated section among the nodes."""

    __slots__ = ("section",)

    def __init__(self, section: Section) -> None:
        self.section = section


class Recorder:
    """What a tape keeps account of, without the vocabulary of layers.

    dtype     the dtype activations and weights are computed in ("bf16")
    training  whether autograd is on: differentiable ops then keep what their backward needs
    """

    def __init__(self, dtype: str = "bf16", *, training: bool = False) -> None:
        self.dtype = dtype
        self.training = training
        self.live: Any = 0
        self.peak: Any = 0
        self.device_peak: Any = 0
        self.peak_at = ""
        self.peak_before: Any = 0  # the peak before the newest tensor
        self.peak_saved: Any = 0  # the peak when something was last saved for backward
        self.entered = -1  # the node that opens the outermost repeated section being taped, with training on
        self.consumed: Any = 0  # bytes from before that section that it freed
        self.repeated: Any = 0  # bytes that further rounds of sections inside it left behind
        self.ops: list[Op] = []
        self.parameters: dict[str, tuple[Any, str]] = {}
        self.rounds: dict[str, Any] = {}  # how many layers a parameter's name stands for
        self.nodes: list[Node | Section | Leave] = []
        self.count: Any = 1  # executions of what is being taped
        self.copies: Any = 1  # sets of weights it stands for
        self.prefix = ""

    # --- memory -------------------------------------------------------------------------------------------

    def empty(self, shape: tuple[Any, ...], dtype: str | None = None, node: int = -1, size: Any = None) -> Tensor:
        """A new tensor with a storage of its own, rounded up as the caching allocator does.

        size  its number of elements, where the caller already knows it
        """
        dtype = dtype or self.dtype
        if size is None:
            size = product(shape)
        nbytes = whole_blocks(size * ELEMENT_BYTES[dtype], ROUNDING)
        self.peak_before = self.peak
        self.live = live = self.live + nbytes
        try:
            if live > self.peak:
                self.peak, self.peak_at = live, self.prefix
        except ValueError:  # arrays
            self._raise_peak(live)
        return Tensor(shape, dtype, Storage(self, nbytes), node, size)

    def transient(self, nbytes: Any) -> None:
        """Bytes alive for a moment inside an op, on top of what is alive now."""
        self._raise_peak(self.live + nbytes)

    def _raise_peak(self, live: Any, at: str | None = None) -> None:
        try:
            if live > self.peak:
                self.peak, self.peak_at = live, self.prefix if at is None else at
        except ValueError:  # an array has no single truth value: take the larger of each pair
            self.peak = maximum(self.peak, live)

    def working(self, nbytes: Any) -> None:
        """Bytes a kernel takes as workspace while it runs, on top of what is alive; they count in `device_peak` only.

        A 3D convolution of cuDNN works channels-last: it turns its input and output around in a workspace of their
        size. (With it the published HunyuanVideo decode peak of 21.5 GiB at 768x512x121 comes out as 21.49.)
        """
        self.device_peak = maximum(self.device_peak, self.live + nbytes)

    def input(self, *shape: Any, dtype: str | None = None) -> Tensor:
        """An input of the network; inputs count as live activations."""
        return self.empty(shape, dtype)

    # --- names --------------------------------------------------------------------------------------------

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names inside are prefixed with `name.`, as a submodule's are."""
        prefix, self.prefix = self.prefix, self.prefix + name + "."
        try:
            yield
        finally:
            self.prefix = prefix

    @contextmanager
    def repeat(self, name: str, times: Any) -> Iterator[None]:
        """A layer taped once and run `times` times in a row, each with weights of its own: `blocks.*`.

        The layer must end as it began (same names alive), apart from what autograd keeps: that is kept
        `times` times. With `times` = 0 nothing of it counts.
        """
        prefix, copies = self.prefix, self.copies
        self.prefix, self.copies = f"{prefix}{name}.*.", copies * times
        try:
            with self.again(times):
                yield
        finally:
            self.prefix, self.copies = prefix, copies

    @contextmanager
    def again(self, times: Any) -> Iterator[None]:
        """The same weights run `times` times in a row (chunks of frames, tiles); with 0 nothing counts."""
        count, live, peak, peak_at, device = self.count, self.live, self.peak, self.peak_at, self.device_peak
        self.count, self.peak, self.device_peak = count * times, live, 0
        section = Section(times, outer=self.entered < 0)
        if self.training:
            if section.outer:
                self.entered, self.consumed, self.repeated = len(self.nodes), 0, 0
            self.nodes.append(section)
        try:
            yield
        finally:
            self.count = count
            self._leave(section, live)
            inside = where(times > 0, self.peak + maximum(section.growth * (times - 1), 0), 0)
            self.peak, self.device_peak = peak, maximum(device, where(times > 0, self.device_peak, 0))
            at, self.peak_at = self.peak_at, peak_at
            self._raise_peak(inside, at)
            self.peak_saved = self.peak

    def _leave(self, section: "Section", live: Any) -> None:
        """Close a repeated section: the growth of one round happens `times` times."""
        if self.training:
            section.growth = self.live - live
            section.peak = self.peak_saved - live
            if section.outer:
                section.consumed = self.consumed
                section.saved = self._saved_since(self.entered) + self.repeated
                section.handed = section.growth + section.consumed - section.saved
                self.entered = -1
            self.repeated = self.repeated + section.growth * (section.times - 1)
            self.nodes.append(Leave(section))
            self.live = live + section.growth * section.times

    def _saved_since(self, first: int) -> Any:
        """Bytes that the ops behind a node saved for backward and that were made there, each storage once."""
        kept = (storage for node in self.nodes[first:] if isinstance(node, Node) for storage in node.saved)
        return sum(storage.nbytes for storage in {id(s): s for s in kept if s.born > first}.values())

    def parameter(self, name: str, elements: Any, keep: str = "") -> None:
        """A weight: counted once per dotted name. `keep` names the dtype it stays in whatever the precision."""
        self.parameters[self.prefix + name] = (elements * self.copies, keep)
        self.rounds[self.prefix + name] = self.copies

    @property
    def parameter_count(self) -> Any:
        """All weight elements."""
        return sum(elements for elements, _ in self.parameters.values())

    # --- gradients ----------------------------------------------------------------------------------------

    def differentiable(
        self, inputs: tuple[Tensor, ...], saved: tuple[Any, ...], out_bytes: Any, weights: Any = 0, shared: bool = False
    ) -> int:
        """Register a differentiable op; -1 where nothing behind it wants a gradient.

        inputs   the tensors it came from
        saved    storages or tensors autograd keeps until this op's backward ran
        weights  bytes of the gradients of its own parameters
        shared   its parameters belong to an earlier op, which counts their gradients
        """
        sources = tuple((t.node, whole_blocks(t.nbytes, ROUNDING)) for t in inputs if t.node >= 0)
        if not sources and isinstance(weights, int) and weights == 0 and not shared:
            return -1
        kept: tuple[Any, ...] = tuple(s.storage if isinstance(s, Tensor) else s for s in saved)
        if kept:  # inputs are saved before the op runs, results after it
            made_here = any(storage.born == len(self.nodes) for storage in kept)
            self.peak_saved = self.peak if made_here else self.peak_before
        self.nodes.append(Node(self.prefix, sources, kept, out_bytes, weights))
        return len(self.nodes) - 1
