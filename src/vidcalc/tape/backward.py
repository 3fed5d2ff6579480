"""The walk back over a training tape: when gradients appear, when kept activations go, and the peak of both.

Gradients and activations are counted together, as the caching allocator sees them; weights and optimizer
states are not. A gradient of a weight, once made, stays (it is what the optimizer reads).
"""

from typing import Any

import msgspec

from vidcalc.arithmetic import maximum, where
from vidcalc.tape.recorder import Leave, Node, Recorder, Section, Storage, Tensor


class Backward(msgspec.Struct, frozen=True, eq=False):
    """Bytes alive around a backward pass.

    kept         right after the forward pass, inputs and output included [byte]
    peak         the most over forward and backward [byte]
    activations  the same without the gradients of weights [byte]
    grads        weight gradients alive at the end [byte]
    """

    kept: Any
    peak: Any
    activations: Any
    grads: Any


def backward(tape: Recorder, output: Tensor, checkpointing: str = "none") -> Backward:
    """Walk the nodes of a training tape backward, from a loss on `output`.

    checkpointing  "none": everything autograd wants was kept;  "full": each repeated section kept only its
                   input, and is run again just before its backward
    """
    # the loss: output in float32 and its square, then the gradient of each
    wide = tape.empty(output.shape, "fp32") if output.dtype != "fp32" else output
    squared = tape.empty(output.shape, "fp32")
    kept = tape.live - squared.nbytes - (wide.nbytes if wide is not output else 0)
    del squared
    walk = Walk(tape, checkpointing)
    if checkpointing == "full":
        sections = [node for node in tape.nodes if isinstance(node, Section)]
        dropped = sum((section.growth - section.handed) * section.times * section.outer for section in sections)
        kept, tape.live, tape.peak = kept - dropped, tape.live - dropped, tape.live - dropped
    walk.activations = tape.peak
    start = tape.empty(output.shape, output.dtype)
    if output.node >= 0 and start.storage is not None:
        walk.gradients[output.node] = start.storage
    del start, wide
    walk.run(len(tape.nodes) - 1, -1)
    return Backward(kept, tape.peak, walk.activations, walk.made)


class Walk:
    """The walk itself: gradients waiting for their op, bytes of weight gradients made, and the second peak."""

    def __init__(self, tape: Recorder, checkpointing: str) -> None:
        self.tape = tape
        self.checkpointing = checkpointing
        self.gradients: dict[int, Storage] = {}
        self.made: Any = 0
        self.activations: Any = 0
        self.dropped: Section | None = None  # the round that checkpointing has not yet run again

    def run(self, last: int, stop: int) -> None:
        """Nodes `last` … `stop` + 1, backward."""
        nodes, index = self.tape.nodes, last
        while index > stop:
            node = nodes[index]
            if isinstance(node, Leave):
                first = nodes.index(node.section, 0, index)
                self.section(node.section, index, first)
                index = first
            elif isinstance(node, Node):
                self.step(node, index)
            index -= 1

    def section(self, section: Section, index: int, first: int) -> None:
        """One round backward, and from it all others: each frees what it kept and adds its weights' gradients."""
        tape, full = self.tape, self.checkpointing == "full" and section.outer
        made, peak, activations = self.made, tape.peak, self.activations
        tape.peak, self.activations = tape.live, tape.live - made
        shared = _from_outside(tape.nodes[first:index], first)  # freed when all rounds are through
        self.dropped = section if full else self.dropped
        self.run(index - 1, first)
        if full:  # the round's input goes too, where no op of the round had saved it
            tape.live, self.dropped = tape.live - section.consumed, None
        grown, rounds = self.made - made, section.times - 1
        change = grown - (section.handed if full else section.growth)
        tape.live = tape.live + change * rounds
        self.made = self.made + grown * rounds
        ran = section.times > 0
        tape.peak = maximum(peak, where(ran, tape.peak + maximum(change * rounds, 0), 0))
        self.activations = maximum(activations, where(ran, self.activations, 0))
        del shared

    def step(self, node: Node, index: int) -> None:
        """One op backward: gradients of inputs and weights appear, then its own gradient and what it kept go."""
        tape = self.tape
        if node.saved and self.dropped is not None:
            self.again(self.dropped)
            self.dropped = None
        grad = self.gradients.pop(index, None)
        if grad is not None:
            fresh = [self.gradient(node, grad, source, nbytes) for source, nbytes in node.inputs]
            self.raise_peaks(node.out_bytes * (_some(node.weight_bytes) and node.summed))
            tape.live = tape.live + node.weight_bytes
            self.made = self.made + node.weight_bytes
            self.raise_peaks(0)
            del fresh
        node.saved = ()

    def again(self, section: Section) -> None:
        """A checkpointed round runs forward once more, at the first op whose backward asks for something saved.

        It stops when all is there again, so the ops behind the last saved tensor do not run (as torch does).
        """
        self.raise_peaks(section.peak)
        self.tape.live = self.tape.live + section.saved
        self.raise_peaks(0)

    def gradient(self, node: Node, grad: Storage, source: int, nbytes: Any) -> Storage:
        """The gradient an op hands to one of its inputs: its own buffer for sums and views, else a new one."""
        passes = not node.saved and not _some(node.weight_bytes)
        if passes and source not in self.gradients and _same(nbytes, grad.nbytes):
            self.gradients[source] = grad
            return grad
        self.tape.live = self.tape.live + nbytes
        buffer = Storage(self.tape, nbytes)
        meets = source in self.gradients  # two gradients of one tensor are added into a third buffer
        self.raise_peaks(nbytes * meets)
        self.raise_peaks(where(nbytes < node.out_bytes, node.out_bytes, 0) * node.summed)
        return self.gradients.setdefault(source, buffer) and buffer

    def raise_peaks(self, above: Any) -> None:
        """Both peaks, with `above` bytes on top of what is alive for a moment."""
        live = self.tape.live + above
        self.tape.transient(above)
        self.activations = maximum(self.activations, live - self.made)


def _from_outside(nodes: list[Any], first: int) -> list[Storage]:
    """Storages that the ops of a section saved but did not make: tables and conditions that all rounds share."""
    return [s for node in nodes if isinstance(node, Node) for s in node.saved if s.born <= first]


def _some(weight_bytes: Any) -> bool:
    """Whether an op has weights of its own."""
    return not isinstance(weight_bytes, int) or weight_bytes > 0


def _same(a: Any, b: Any) -> bool:
    """Whether two sizes are equal (everywhere, for arrays)."""
    equal = a == b
    return bool(equal.all()) if hasattr(equal, "all") else bool(equal)
