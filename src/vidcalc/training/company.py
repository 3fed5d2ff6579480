"""Networks of the denoiser's size beside the trained one: what they hold, how often they run, what that takes.

A teacher or a reference only runs forward. A critic is trained too, on samples that the student makes for it: as many
forward passes as a rollout has steps and one more. Where a sample is rolled out first and trained at every step of its
rollout (policy gradients), all its passes add up to one update. Guidance is off in rollouts; what scores a sample
(a reward model) is not counted. Alone, everything here is nothing.

Source: arXiv 2405.14867 (DMD2), 2505.05470 (Flow-GRPO); the figures: data/training.toml.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from vidcalc.base.number import ceil_div, maximum
from vidcalc.catalog.training import networks, recipe
from vidcalc.cost.seconds import Seconds
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.training.flops import StepFlops
from vidcalc.training.ranks import shards
from vidcalc.training.states import Holding, States, of_a_rank, slice_bytes, whole


class Spent(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Seconds of the others in one optimizer step: teacher, critic and reference (`company`), and samples made first
    (`rollout`)."""

    company: Seconds
    rollout: Seconds


def passes(plan: TrainingPlan) -> Any:
    """How often each sample is trained on: once, or at every step of its rollout."""
    rolled = networks(plan.networks).trains == "every_step"
    return maximum(plan.rollout_steps, 1) if rolled else 1


def unrolled(plan: TrainingPlan) -> TrainingPlan:
    """The plan with every pass as a micro-batch of its own: their gradients are summed up too."""
    return replace(plan, grad_accum=plan.grad_accum * passes(plan))


def generations(plan: TrainingPlan) -> Any:
    """Forward passes without gradients that make the samples of one micro-batch, the critic's included."""
    beside = networks(plan.networks)
    rolled = plan.rollout_steps * (beside.rollouts == "yes")
    return rolled * (1 + beside.updates) + beside.updates


def seconds(
    forward: Seconds, micro: Seconds, update: Seconds, decode: Seconds, bubble: Any, plan: TrainingPlan
) -> Spent:
    """Seconds of one optimizer step beyond the trained network's own.

    forward  one forward pass of a micro-batch, exchanges included;  micro  its whole training pass
    update   one optimizer update;  decode  the VAE on a micro-batch of samples
    bubble   turns of a pipeline that are idle per chain of passes (0 without one)
    """
    beside = networks(plan.networks)
    chain = plan.grad_accum + bubble  # micro-batches in a row, and the turns in which the pipeline fills and drains
    run = forward.times(beside.forwards * (plan.grad_accum * passes(plan) + bubble))
    trained = micro.times(beside.updates * chain) + update.times(beside.updates)
    made = forward.times(generations(plan) * chain)
    scored = decode.times(plan.grad_accum * (beside.decoded == "yes"))
    return Spent(company=run + trained, rollout=made + scored)


def executed(flops: StepFlops, plan: TrainingPlan) -> Any:
    """FLOPs of all networks for one micro-batch of samples, with all that is computed again [FLOP]."""
    beside = networks(plan.networks)
    trained = flops.hardware * (passes(plan) + beside.updates)
    return trained + flops.forward * (beside.forwards * passes(plan) + generations(plan))


def frozen(found: Holding, plan: TrainingPlan) -> Any:
    """Bytes of the copies that only run forward, sharded as the trained network; none beside adapters, whose frozen
    weights are that copy."""
    beside = networks(plan.networks)
    if plan.mode in ADAPTED or plan.offload == "optimizer+weights":
        return 0
    return beside.frozen * ceil_div(slice_bytes(found, plan), shards(plan, "weights"))


def trained(found: Holding, kept: States, plan: TrainingPlan) -> Any:
    """Bytes of the copies that are trained: weights and states of their own; of adapters only the adapters."""
    beside = networks(plan.networks)
    weights = kept.weights
    if plan.mode in ADAPTED and plan.offload != "optimizer+weights":
        mine = whole(recipe(plan.recipe).weights * of_a_rank(found, plan))
        weights = ceil_div(mine, shards(plan, "weights"))
    return beside.trained * (weights + kept.optimizer + kept.gradients)


def waiting(kept: States, plan: TrainingPlan) -> Any:
    """Bytes that trained copies keep in host memory."""
    return networks(plan.networks).trained * kept.host
