"""TEMPORARY, replaced by the tape branch."""

from typing import Any

import msgspec

from vidcalc.tape import Tape
from vidcalc.tape.backward import backward
from vidcalc.trace import configuration, network


class Step(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    ops: Any
    again: Any
    kept: Any
    peak: Any
    activations: Any
    host: Any
    trained: Any


def stepped(component, shape, dtype, checkpointing="none", adapters=None):
    tape = Tape(dtype, training=True)
    out = network(component).forward(tape, configuration(component), shape)
    walked = backward(tape, out, checkpointing)
    again = tuple(op for op in tape.ops if ".*." in op.path) if checkpointing == "full" else ()
    return Step(
        ops=tuple(tape.ops),
        again=again,
        kept=walked.kept,
        peak=walked.peak,
        activations=walked.activations,
        host=0,
        trained=tape.parameter_count,
    )
