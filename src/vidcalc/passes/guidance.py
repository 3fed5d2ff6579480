"""Classifier-free guidance: further predictions of the same step, in the same denoiser call or in calls of their own.

A plan states how many forwards a step takes and how many of them share a call; with one of each nothing changes. It may
run them at a share of the steps only (a guidance interval, arXiv 2404.07724); the other steps take one forward.
"""

from typing import Any

from vidcalc.base.number import ceil_div
from vidcalc.describe.plan import Plan

GUIDED = ("batched", "sequential")


def called_batch(batch: Any, plan: Plan) -> Any:
    """Batch of one denoiser call."""
    return batch * shared(plan)


def shared(plan: Plan) -> Any:
    """Forwards that share a call: those of a batch, less what other ranks take (CFG parallel)."""
    return ceil_div(plan.batched_forwards, plan.guidance_degree)


def forwards(plan: Plan) -> Any:
    """Forwards of the average step."""
    return plan.forwards_per_step * guided(plan) + 1 - guided(plan)


def predictions(plan: Plan) -> Any:
    """Predictions of a step that ranks can share: guidance's, where there is any."""
    return plan.forwards_per_step if plan.guidance_mode in GUIDED else 1


def guided(plan: Plan) -> Any:
    """Share of the steps that take every forward of the plan: all, where the further ones are not guidance's."""
    return plan.guided_share if plan.guidance_mode in GUIDED else 1


def calls_per_step(plan: Plan) -> Any:
    """Denoiser calls of one guided step, over all ranks."""
    return plan.forwards_per_step // shared(plan)


def turns_per_step(plan: Plan) -> Any:
    """Those that one rank makes of them."""
    return ceil_div(calls_per_step(plan), plan.guidance_degree)


def prompts(plan: Plan) -> int:
    """Prompts the text encoders see: the prompt, and the negative prompt where guidance runs on both."""
    return 2 if plan.guidance_mode in GUIDED else 1
