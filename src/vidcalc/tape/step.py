"""One training step of a denoiser on the tape: its ops, what runs twice, and the bytes alive over both passes."""

import msgspec

from vidcalc.base.number import Number, maximum
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.checkpointing import Checkpointing
from vidcalc.describe.checkpointing import checkpointing as meaning
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.ops.base import Op
from vidcalc.ops.convolution import Convolution
from vidcalc.ops.matmul import Matmul
from vidcalc.tape import ELEMENT_BYTES, Tape
from vidcalc.tape.backward import backward
from vidcalc.tape.records import Section
from vidcalc.tape.trace import configuration, network, trace


class Step(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One step, whatever a recipe holds beside it.

    ops          one forward's ops, adapters' included
    again        ops that run a second time in the backward pass, with how often
    kept         alive right after the forward pass, inputs and output included [byte]
    peak         the most over forward and backward of activations and gradients of trained weights [byte]
    activations  the most of everything but gradients of weights [byte]
    host         activations that wait in host memory [byte]
    trained      trained weights: all of the denoiser's, or the adapters' [elements]
    """

    ops: tuple[Op, ...]
    again: tuple[Op, ...]
    kept: Number
    peak: Number
    activations: Number
    host: Number
    trained: Number


def stepped(
    component: Component,
    shape: Shape,
    dtype: str,
    checkpointing: str = "none",
    adapters: Adapters | None = None,
    spelled: str = "none",
) -> Step:
    """Tape one forward and backward of a denoiser.

    dtype          of activations and arithmetic
    checkpointing  a word of `vidcalc.describe.checkpointing`; raises InputError for any other
    adapters       the weights to train, the network's own then being frozen; None trains all of these
    spelled        which attentions no fused kernel takes
    """
    how = meaning(checkpointing)
    if hasattr(network(component), "training_step"):
        return _measured(component, shape, dtype, how, adapters)
    tape = Tape(dtype, training=True, checkpointing=how, adapters=adapters, spelled=spelled)
    out = network(component).forward(tape, configuration(component), shape)
    walked = backward(tape, out)
    return Step(
        ops=tuple(tape.ops),
        again=_again(tape, how),
        kept=walked.kept,
        peak=walked.peak,
        activations=walked.activations,
        host=walked.host,
        trained=tape.parameter_count if adapters is None else tape.trained,
    )


def _again(tape: Tape, how: Checkpointing) -> tuple[Op, ...]:
    """The ops of checkpointed blocks whose results were not kept, up to the last that backward asks for."""
    if how.share[0] == 0:
        return ()
    ops: list[Op] = []
    for section in tape.nodes:
        if isinstance(section, Section) and section.block:
            chosen, of = how.among(section.before + section.times) - how.among(section.before), section.times
            chosen, of = how.share if section.around else (chosen, maximum(of, 1))
            for op in tape.ops[section.first_op : section.last_op]:
                if op.kind not in how.kept:
                    # of the blocks that an op stands for, those that run again
                    count = op.count if how.share == (1, 1) else op.count * chosen // of
                    ops.append(op if count is op.count else msgspec.structs.replace(op, count=count))
    return tuple(op for op in ops if not isinstance(op.count, int) or op.count > 0)


def _measured(component: Component, shape: Shape, dtype: str, how: Checkpointing, adapters: Adapters | None) -> Step:
    """A network whose published code is run instead, which checkpoints all of its blocks or none.

    Its weights' gradients all exist at the peak's end, so the activations are at least the rest of the peak; beside
    adapters that rest, their own gradients and what their linear layers hold for them.
    """
    module, config = network(component), configuration(component)
    forward = trace(component, "forward", shape, dtype)
    kept, peak = module.training_step(config, shape, dtype, "full" if how.share[0] else "none")
    # weight gradients are all there at the peak's end: what is above them are activations
    activations = max(kept, peak - forward.parameter_count * ELEMENT_BYTES[dtype])
    trained, ops = forward.parameter_count, forward.ops
    if adapters is not None:
        trained = sum(_beside(op, adapters) for op in forward.ops if isinstance(op, Matmul))
        peak = activations + trained * ELEMENT_BYTES[adapters.dtype or dtype]
        ops = tuple(_frozen(op) for op in ops)
    # full checkpointing runs every repeated block again
    again = tuple(op for op in ops if op.place.block) if how.share[0] else ()
    return Step(ops=ops, again=again, kept=kept, peak=peak, activations=activations, host=0, trained=trained)


def _frozen(op: Op) -> Op:
    """The op with weights that are not trained."""
    return msgspec.structs.replace(op, trained=False) if isinstance(op, Matmul | Convolution) else op


def _beside(op: Matmul, adapters: Adapters) -> Number:
    """Elements of the adapters beside the linear layers that one op stands for."""
    return adapters.weights(op.d_in, op.d_out) * op.count * op.weight * adapters.on(op.path)
