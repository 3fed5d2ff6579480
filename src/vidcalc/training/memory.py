"""Bytes on one rank through a training step: encoders in the loop, forward and backward, the update, validation.

Gradients appear during backward and go after the update, unless micro-batches are summed up; then they stay. The peak
is the largest of the phases; the documented rows beside it add up everything that is ever held.
"""

from typing import Any

import msgspec

from vidcalc.base.number import ceil_div, largest, maximum, minimum
from vidcalc.catalog.defaults import nccl, process
from vidcalc.describe.training import TrainingPlan
from vidcalc.training.ranks import context, world
from vidcalc.training.states import States, whole

ROWS = ("weights", "vae", "encoders", "optimizer", "gradients", "activations", "other")


class Live(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of a micro-batch's forward and backward pass, on one accelerator alone (see `vidcalc.tape.step`).

    kept         right after the forward pass
    activations  the most of everything but weight gradients
    peak         the most of both together
    gradients    of all trained weights, in the dtype the tape has them
    host         kept activations that wait in host memory
    """

    kept: Any
    activations: Any
    peak: Any
    gradients: Any
    host: Any


class Beside(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of the networks that are not trained.

    vae, encoders        weights resident in the loop (0 where latents and texts are precomputed)
    vae_work, text_work  live activations of one VAE encode and one text encode
    validation           live activations of a validation sample's largest stage;  validated  weights it loads
    company              weights and states of further networks (a teacher, a critic, a reference)
    company_work         live activations of one forward pass without gradients, on one accelerator alone
    decode_work          live activations of the VAE decoding a sample to be scored
    """

    vae: Any = 0
    encoders: Any = 0
    vae_work: Any = 0
    text_work: Any = 0
    validation: Any = 0
    validated: Any = 0
    company: Any = 0
    company_work: Any = 0
    decode_work: Any = 0


class Phase(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes during one phase of a step, by row, and their sum [byte]."""

    id: str
    weights: Any
    vae: Any
    encoders: Any
    optimizer: Any
    gradients: Any
    activations: Any
    other: Any

    @property
    def total(self) -> Any:
        """The sum of the rows [byte]."""
        return sum(getattr(self, row) for row in ROWS)


def activations(live: Live, plan: TrainingPlan) -> Any:
    """The most live activations of one rank.

    Shared tokens leave their share (tensor parallelism shares the tokens between layers as well). A pipeline's first
    stage keeps its part of the layers' activations for as many micro-batches as are on their way; what a block needs
    while it runs is not shared by the pipeline.
    """
    passing = maximum(live.activations - live.kept, 0)
    return ceil_div(_of_stage(live.kept, plan) + passing, context(plan) * plan.tensor_degree)


def waiting(live: Live, plan: TrainingPlan) -> Any:
    """Bytes of one rank's kept activations that wait in host memory, shared as those on the device are."""
    return ceil_div(_of_stage(live.host, plan), context(plan) * plan.tensor_degree)


def _of_stage(kept: Any, plan: TrainingPlan) -> Any:
    """What a pipeline's first stage keeps of the `kept` bytes of all layers and one micro-batch."""
    return ceil_div(kept * minimum(plan.pipeline_degree, plan.grad_accum), plan.pipeline_degree)


def phases(live: Live, held: States, beside: Beside, plan: TrainingPlan) -> list[Phase]:
    """The phases of one optimizer step, in order; those that do not happen are absent."""
    process_bytes = process("context") + process("workspace") + nccl(world(plan))
    summed = minimum(plan.grad_accum - 1, 1)  # gradients of earlier micro-batches are there already
    steady = {
        "weights": held.weights + held.ema + beside.company,
        "vae": beside.vae,
        "encoders": beside.encoders,
        "optimizer": held.optimizer,
    }
    other = process_bytes + held.buckets
    waiting = held.gradients * summed
    found = []
    if plan.latents == "online" or plan.texts == "online":
        work = maximum(beside.vae_work, beside.text_work)
        found.append(Phase(id="encode", **steady, gradients=waiting, activations=work, other=other))
    made = _made(live, held, plan)
    moment = other + held.gathered + held.cast
    if plan.networks != "alone":
        found += [
            Phase(id=name, **steady, gradients=waiting, activations=work, other=moment)
            for name, work in _accompanied(live, beside, plan)
        ]
    found.append(
        Phase(
            id="forward_backward",
            **steady,
            gradients=minimum(held.gradients, made + waiting),
            activations=activations(live, plan),
            other=moment,
        )
    )
    found.append(
        Phase(id="optimizer_step", **steady, gradients=held.gradients, activations=0, other=other + held.transient)
    )
    if plan.validation == "on":
        sampled = {**steady, "vae": maximum(beside.vae, beside.validated)}
        held_then = other + held.gathered  # buffers stay, and sharded weights are gathered to run
        found.append(Phase(id="validation", **sampled, gradients=0, activations=beside.validation, other=held_then))
    return found


def _made(live: Live, held: States, plan: TrainingPlan) -> Any:
    """Bytes of gradients alive at the peak of forward and backward, as this rank holds them."""
    beyond = maximum(live.peak - live.activations, 0)
    share = held.gradients / maximum(live.gradients, 1)
    return whole(beyond * share)


def _accompanied(live: Live, beside: Beside, plan: TrainingPlan) -> list[tuple[str, Any]]:
    """Live bytes while samples are rolled out and decoded, and while others look at one whose graph is kept."""
    tokens = context(plan) * plan.tensor_degree
    alone = ceil_div(beside.company_work, tokens)
    kept = ceil_div(_of_stage(live.kept, plan), tokens)
    return [("rollout", maximum(alone, beside.decode_work)), ("company", kept + alone)]


def documented(held: States, found: list[Phase]) -> dict[str, Any]:
    """The five documented rows and what the process needs beside them, all that is ever held at once [byte].

    They are those of forward and backward, with all gradients. Where another of the phases `found` needs more than
    they add up to (the update's temporaries, a validation sample), `other` holds what is missing.
    """
    passing = next(phase for phase in found if phase.id == "forward_backward")
    rows = {row: getattr(passing, row) for row in ROWS} | {"gradients": held.gradients}
    rows["other"] = rows["other"] + maximum(peak(found) - sum(rows.values()), 0)
    return rows


def peak(found: list[Phase]) -> Any:
    """The largest phase [byte]."""
    return largest(phase.total for phase in found)
