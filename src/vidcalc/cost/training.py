"""Bytes and seconds of one training step on one accelerator, with every weight of the denoiser trained."""

from typing import Any

import msgspec

from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost.time import NOTHING, Seconds, seconds
from vidcalc.cost.utilisation import bandwidth
from vidcalc.describe.model import Component
from vidcalc.describe.plan import Plan
from vidcalc.describe.shape import Shape
from vidcalc.ops.base import Op
from vidcalc.tape import ELEMENT_BYTES, Tape
from vidcalc.tape.backward import backward
from vidcalc.trace import configuration, network, remember, trace


class Step(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One step on the tape: the forward ops and live bytes, whatever the recipe holds beside them [byte]."""

    ops: tuple[Op, ...]
    kept: Any
    peak: Any
    activations: Any


class Training(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one training step holds [byte] and does.

    weights, optimizer, gradients  states of the denoiser
    activations                    the most live activations over forward and backward, weight gradients apart
    kept                           activations right after the forward pass
    peak                           the most of activations and gradients together
    ops                            one forward pass
    """

    weights: Any
    optimizer: Any
    gradients: Any
    activations: Any
    kept: Any
    peak: Any
    ops: tuple[Op, ...]


def training(component: Component, params: Any, shape: Shape, plan: Plan) -> Training:
    """Tape one step of the denoiser with autograd on. Raises InputError for an unknown recipe or optimizer."""
    chosen, states = recipe(plan.recipe), optimizer(plan.optimizer)
    step: Step = remember(
        component,
        ("training", chosen.compute, plan.checkpointing),
        shape,
        lambda: stepped(component, shape, chosen.compute, plan.checkpointing),
    )
    return Training(
        weights=_whole(params * chosen.weights),
        optimizer=_whole(params * states.held(chosen)),
        gradients=_whole(params * chosen.gradients),
        activations=step.activations,
        kept=step.kept,
        peak=step.peak,
        ops=step.ops,
    )


def stepped(component: Component, shape: Shape, dtype: str, checkpointing: str) -> Step:
    """One training step of a denoiser on the tape, with `checkpointing` "none" or "full"."""
    if hasattr(network(component), "training_step"):
        return _measured(component, shape, dtype, checkpointing)
    tape = Tape(dtype, training=True)
    out = network(component).forward(tape, configuration(component), shape)
    walked = backward(tape, out, checkpointing)
    return Step(ops=tuple(tape.ops), kept=walked.kept, peak=walked.peak, activations=walked.activations)


def _measured(component: Component, shape: Shape, dtype: str, checkpointing: str) -> Step:
    """A network whose published code is run instead: its weights' gradients all exist at the peak's end, so the
    activations are at least the rest of the peak.
    """
    module, config = network(component), configuration(component)
    forward = trace(component, "forward", shape, dtype)
    kept, peak = module.training_step(config, shape, dtype, checkpointing)
    gradients = forward.parameter_count * ELEMENT_BYTES[dtype]
    return Step(ops=forward.ops, kept=kept, peak=peak, activations=max(kept, peak - gradients))


def _whole(value: Any) -> Any:
    """Bytes as an int where they are a plain number."""
    return round(value) if isinstance(value, float) else value


def step_seconds(found: Training, params: Any, plan: Plan, accelerator_id: str) -> dict[str, Seconds]:
    """Seconds of one step: forward, backward, recomputation, optimizer."""
    forward = seconds(found.ops, accelerator_id, plan.attention)
    again = seconds(_repeated(found.ops), accelerator_id, plan.attention) if plan.checkpointing == "full" else NOTHING
    return {
        "forward": forward,
        "backward": seconds(found.ops, accelerator_id, plan.attention, backward=True),
        "recompute": again,
        "optimizer": optimizer_seconds(params, plan, accelerator_id),
    }


def _repeated(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    """The ops of repeated sections: those that checkpointing runs again."""
    return tuple(op for op in ops if ".*." in op.path)


def optimizer_seconds(params: Any, plan: Plan, accelerator_id: str) -> Seconds:
    """The update is bound by memory: gradients read, weights, master copy and states read and written once."""
    chosen, states = recipe(plan.recipe), optimizer(plan.optimizer)
    moved = params * (chosen.gradients + 2 * states.held(chosen) + 2 * chosen.weights)
    rate = bandwidth(accelerator_id)
    return Seconds(moved / rate.high, moved / rate.likely, moved / rate.low, rate.provenance)
