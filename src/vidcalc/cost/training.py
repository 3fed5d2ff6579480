"""Bytes and seconds of one training step on one accelerator, with every weight of the denoiser trained."""

from typing import Any

import msgspec

from vidcalc.catalog.training import optimizer, recipe
from vidcalc.cost.time import Seconds, seconds
from vidcalc.cost.utilisation import bandwidth
from vidcalc.describe.model import Component
from vidcalc.describe.plan import Plan
from vidcalc.describe.shape import Shape
from vidcalc.ops.base import Op
from vidcalc.stepped import Step, stepped
from vidcalc.trace import remember


class Training(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one training step holds [byte] and does.

    weights, optimizer, gradients  states of the denoiser
    activations                    the most live activations over forward and backward, weight gradients apart
    kept                           activations right after the forward pass
    peak                           the most of activations and gradients together
    ops                            one forward pass
    again                          ops that run a second time in the backward pass
    """

    weights: Any
    optimizer: Any
    gradients: Any
    activations: Any
    kept: Any
    peak: Any
    ops: tuple[Op, ...]
    again: tuple[Op, ...]


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
        again=step.again,
    )


def _whole(value: Any) -> Any:
    """Bytes as an int where they are a plain number."""
    return round(value) if isinstance(value, float) else value


def step_seconds(found: Training, params: Any, plan: Plan, accelerator_id: str) -> dict[str, Seconds]:
    """Seconds of one step: forward, backward, recomputation, optimizer."""
    forward = seconds(found.ops, accelerator_id, plan.attention)
    return {
        "forward": forward,
        "backward": seconds(found.ops, accelerator_id, plan.attention, backward=True),
        "recompute": seconds(found.again, accelerator_id, plan.attention),
        "optimizer": optimizer_seconds(params, plan, accelerator_id),
    }


def optimizer_seconds(params: Any, plan: Plan, accelerator_id: str) -> Seconds:
    """The update is bound by memory: gradients read, weights, master copy and states read and written once."""
    chosen, states = recipe(plan.recipe), optimizer(plan.optimizer)
    moved = params * (chosen.gradients + 2 * states.held(chosen) + 2 * chosen.weights)
    rate = bandwidth(accelerator_id)
    return Seconds(moved / rate.high, moved / rate.likely, moved / rate.low, rate.provenance)
