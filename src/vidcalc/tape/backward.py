"""The walk back over a training tape: when gradients appear, when kept activations go, and the peak of both.

Gradients and activations are counted together, as the caching allocator sees them; weights and optimizer
states are not. A gradient of a weight, once made, stays (it is what the optimizer reads).
"""

from typing import Any

import msgspec

from vidcalc.arithmetic import maximum
from vidcalc.tape.recorder import Leave, Node, Recorder, Section, Storage, Tensor


class Backward(msgspec.Struct, frozen=True, eq=False):
    """Bytes alive around a backward pass.

    kept    right after the forward pass, inputs and output included [byte]
    peak    the most over forward and backward [byte]
    grads   weight gradients alive at the end [byte]
    """

    kept: Any
    peak: Any
    grads: Any


def backward(
    tape: Recorder, output: Tensor, checkpointing: str = "none", *, weight_gradients: bool = True
) -> Backward:
    """Walk the nodes of a training tape backward, from a loss on `output`.

    checkpointing  "none": everything autograd wants was kept;  "full": each repeated section kept only its
                   input, and is run again just before its backward
    weight_gradients  whether gradients of weights count among the bytes alive
    """
    for node in tape.nodes:
        if isinstance(node, Node) and not weight_gradients:
            node.weight_bytes = 0
    # the loss: output in float32 and its square, then the gradient of each
    wide = tape.empty(output.shape, "fp32") if output.dtype != "fp32" else output
    squared = tape.empty(output.shape, "fp32")
    kept = tape.live - squared.nbytes - (wide.nbytes if wide is not output else 0)
    del squared
    if checkpointing == "full":
        kept = kept - _dropped(tape)
        tape.live = tape.live - _dropped(tape)
        tape.peak = maximum(tape.live, 0)
    gradients: dict[int, Storage] = {}
    start = tape.empty(output.shape, output.dtype)
    if output.node >= 0 and start.storage is not None:
        gradients[output.node] = start.storage
    del start, wide
    grads = _walk(tape, gradients, len(tape.nodes) - 1, -1, checkpointing)
    return Backward(kept, tape.peak, grads)


def _dropped(tape: Recorder) -> Any:
    """Bytes that checkpointing does not keep: what every round left behind, less the input it hands on."""
    return sum(_saved(node) * node.times for node in tape.nodes if isinstance(node, Section))


def _saved(section: Section) -> Any:
    """Bytes of one round that are recomputed: its growth beyond the hidden state it passes on."""
    return section.growth - section.handed


def _walk(tape: Recorder, gradients: dict[int, Storage], last: int, stop: int, checkpointing: str) -> Any:
    """Run nodes `last` … `stop` + 1 backward; return the bytes of weight gradients made."""
    made: Any = 0
    index = last
    while index > stop:
        node = tape.nodes[index]
        if isinstance(node, Leave):
            section = node.section
            first = tape.nodes.index(section, 0, index)
            made = made + _section(tape, gradients, section, index, first, checkpointing)
            index = first - 1
            continue
        if isinstance(node, Node):
            made = made + _step(tape, gradients, node, index)
        index -= 1
    return made


def _section(
    tape: Recorder, gradients: dict[int, Storage], section: Section, index: int, first: int, checkpointing: str
) -> Any:
    """One round backward, and from it all the others: each frees what it kept and adds its weights' gradients."""
    before, peak = tape.live, tape.peak
    tape.peak = before
    if checkpointing == "full":
        tape.transient(section.peak)  # the round runs forward again
        tape.live = tape.live + _saved(section)
    made = _walk(tape, gradients, index - 1, first, checkpointing)
    change = tape.live - before
    others = change * (section.times - 1)
    tape.live = tape.live + others
    tape.peak = maximum(peak, tape.peak + maximum(others, 0))
    return made * section.times


def _step(tape: Recorder, gradients: dict[int, Storage], node: Node, index: int) -> Any:
    """One op backward: gradients of inputs and weights appear, then its own gradient and what it kept go."""
    grad = gradients.pop(index, None)
    if grad is None:
        node.saved = ()
        return 0
    fresh = []
    for source, nbytes in node.inputs:
        if not node.saved and not node.weight_bytes and source not in gradients and nbytes == grad.nbytes:
            gradients[source] = grad  # sums and views hand the same buffer on
            continue
        buffer = Storage(tape, nbytes)
        tape.live = tape.live + nbytes
        fresh.append(buffer)
        tape.transient(0)
        gradients.setdefault(source, buffer)
    tape.live = tape.live + node.weight_bytes
    tape.transient(0)
    del fresh
    node.saved = ()
    return node.weight_bytes
