"""The walk back over a training tape: when gradients appear, when kept activations go, and the peak of both.

Gradients and activations are counted together, as the caching allocator sees them; weights and optimizer
states are not. A gradient of a weight, once made, stays (it is what the optimizer reads).
"""

import msgspec

from vidcalc.base.number import Number, maximum, product, where
from vidcalc.describe.checkpointing import NONE, Checkpointing
from vidcalc.tape.recorder import Recorder
from vidcalc.tape.records import Leave, Node, Section, Storage, Tensor, same, some
from vidcalc.tape.rounds import Round, Rounds, in_host, left_out, rounds


class Backward(msgspec.Struct, frozen=True, eq=False):
    """Bytes alive around a backward pass.

    kept         right after the forward pass, inputs and output included [byte]
    peak         the most over forward and backward [byte]
    activations  the same without the gradients of weights [byte]
    grads        weight gradients alive at the end [byte]
    host         activations that waited in host memory [byte]
    """

    kept: Number
    peak: Number
    activations: Number
    grads: Number
    host: Number


def backward(tape: Recorder, output: Tensor) -> Backward:
    """Walk the nodes of a training tape backward, from a loss on `output`, with the tape's own checkpointing."""
    # the loss: output in float32 and its square, then the gradient of each
    wide = tape.empty(output.shape, "fp32") if output.dtype != "fp32" else output
    squared = tape.empty(output.shape, "fp32")
    blocks = [node for node in tape.nodes if isinstance(node, Section) and node.block]
    gone = sum(_left_out(section, tape.checkpointing) for section in blocks)
    kept = tape.live - squared.nbytes - (wide.nbytes if wide is not output else 0) - gone
    del squared
    tape.live = tape.live - gone
    tape.peak = maximum(tape.live, tape.peak - gone)
    walk = Walk(tape)
    walk.activations = tape.peak
    start = tape.empty(output.shape, output.dtype)
    if output.node >= 0 and start.storage is not None:
        walk.gradients[output.node] = start.storage
    del start, wide
    walk.run(len(tape.nodes) - 1, -1)
    host = sum(
        # a section inside of others runs in every round of these
        in_host(section, tape.checkpointing) * product(outer.times for outer in section.around)
        for section in blocks
    )
    return Backward(kept, tape.peak, walk.activations, walk.made, host)


def _left_out(section: Section, how: Checkpointing) -> Number:
    """What the rounds of a section do not leave behind in all the rounds of the sections around it."""
    gone = left_out(section, how)
    for outer in reversed(section.around):
        outer.growth = outer.growth - gone
        # what one round of it leaves behind less, every round around it does
        gone = gone * outer.times
    return gone


class Reached(msgspec.Struct, frozen=True, eq=False):
    """Where the walk through a block stands [byte].

    peak     the most alive since its start
    inside   the same less the gradients it made by then for tensors from before the section
    live     alive now
    outside  gradients it made so far for tensors from before the section
    """

    peak: Number
    inside: Number
    live: Number
    outside: Number


class Walk:
    """The walk itself: gradients waiting for their op, bytes of weight gradients made, and the second peak."""

    def __init__(self, tape: Recorder) -> None:
        self.tape = tape
        self.gradients: dict[int, Storage] = {}
        self.made: Number = 0
        self.activations: Number = 0
        self.opened = -1  # the block being walked
        self.outside: Number = 0
        self.inside: tuple[Number, Number] = (0, 0)  # with weight gradients and without
        self.waiting = False  # for the first op of a block that asks for something saved
        self.split: tuple[Reached, Reached] | None = None  # where the walk stood there

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
        tape, how = self.tape, self.tape.checkpointing if section.block else NONE
        made, peak, activations = self.made, tape.peak, self.activations
        starts = tape.live, tape.live - made
        shared = _from_outside(tape.nodes[first:index], first)  # freed when all rounds are through
        tape.peak, self.activations = starts
        if section.block:
            self.opened, self.outside, self.inside, self.waiting, self.split = first, 0, starts, True, None
        self.run(index - 1, first)

        ends, splits = self.reached(section.block), (section.block and self.split) or (None, None)
        # weight gradients of one round
        grown = self.made - made
        more = tape.live - starts[0] - (grown - section.growth)
        left = (more - (section.growth - section.saved)) * section.block  # what it handed on went before the walk
        (above, change), (bare, _) = (
            rounds(_rounds(start, split, end, left, grows), section, how)
            for start, split, end, grows in zip(starts, splits, ends, (grown, 0), strict=True)
        )
        tape.live = starts[0] + more + change
        # every round has weights of its own
        self.made = made + grown * section.times
        ran = section.times > 0
        tape.peak = maximum(peak, where(ran, starts[0] + above, 0))
        self.activations = maximum(activations, where(ran, starts[1] + bare, 0))
        if section.block:
            self.opened, self.waiting = -1, False
        del shared
        section.inputs = ()

    def reached(self, block: bool = True) -> tuple[Reached, Reached]:
        """Where the walk through a block (or a section inside one) stands, with weight gradients and without."""
        peaks, live = (self.tape.peak, self.activations), self.tape.live
        self.inside = (
            maximum(self.inside[0], peaks[0] - self.outside),
            maximum(self.inside[1], peaks[1] - self.outside),
        )
        inside = self.inside if block else peaks
        return (
            Reached(peaks[0], inside[0], live, self.outside),
            Reached(peaks[1], inside[1], live - self.made, self.outside),
        )

    def step(self, node: Node, index: int) -> None:
        """One op backward: gradients of inputs and weights appear, then its own gradient and what it kept go."""
        tape = self.tape
        if node.saved and self.waiting:
            self.waiting, self.split = False, self.reached()
            tape.peak, self.activations = tape.live, tape.live - self.made
            self.inside = tape.peak - self.outside, self.activations - self.outside
        grad = self.gradients.pop(index, None)
        if grad is not None:
            tape.live = tape.live + node.away
            fresh = [self.gradient(node, grad, source, nbytes) for source, nbytes in node.inputs]
            self.raise_peaks(node.out_bytes * (some(node.weight_bytes) and node.summed))
            tape.live = tape.live + node.weight_bytes
            self.made = self.made + node.weight_bytes
            self.raise_peaks(0)
            tape.live = tape.live - node.away
            del fresh
        node.saved = ()

    def gradient(self, node: Node, grad: Storage, source: int, nbytes: Number) -> Storage:
        """The gradient an op hands to one of its inputs: its own buffer for sums and views, else a new one."""
        passes = not node.saved and not some(node.weight_bytes) and not node.frozen
        if passes and source not in self.gradients and same(nbytes, grad.nbytes):
            self.gradients[source] = grad
            return grad
        meets = source in self.gradients  # two gradients of one tensor are added into a third buffer
        if source <= self.opened and not meets:
            self.reached()
            self.outside = self.outside + nbytes
        self.tape.live = self.tape.live + nbytes
        buffer = Storage(self.tape, nbytes)
        self.raise_peaks(nbytes * meets)
        self.raise_peaks(where(nbytes < node.out_bytes, node.out_bytes, 0) * node.summed)
        return self.gradients.setdefault(source, buffer) and buffer

    def raise_peaks(self, above: Number) -> None:
        """Both peaks, with `above` bytes on top of what is alive for a moment."""
        live = self.tape.live + above
        self.tape.transient(above)
        self.activations = maximum(self.activations, live - self.made)


def _rounds(start: Number, split: Reached | None, end: Reached, left: Number, grown: Number) -> Rounds:
    """Heights above the start of the first round walked, and of one that finds `left` bytes of gradients there."""
    split = split or Reached(start, start, start, 0)
    return Rounds(
        first=Round(before=split.peak - start, split=split.live - start, after=end.peak - start),
        later=Round(
            before=maximum(split.peak, split.inside + left) - start,
            split=maximum(split.live, split.live - split.outside + left) - start,
            after=maximum(end.peak, end.inside + left) - start,
        ),
        grown=grown,
    )


def _from_outside(nodes: list[Node | Section | Leave], first: int) -> list[Storage]:
    """Storages that the ops of a section saved but did not make: tables and conditions that all rounds share."""
    return [s for node in nodes if isinstance(node, Node) for s in node.saved if s.born <= first]
