"""Classifier-free guidance: further predictions of the same step, in the same denoiser call or in calls of their own.

A plan states how many forwards a step takes and how many of them share a call; with one of each nothing changes.
"""

from typing import Any

from vidcalc.describe.plan import Plan


def called_batch(batch: Any, plan: Plan) -> Any:
    """Batch of one denoiser call."""
    return batch * plan.batched_forwards


def calls_per_step(plan: Plan) -> Any:
    """Denoiser calls of one step."""
    return plan.forwards_per_step // plan.batched_forwards


def prompts(plan: Plan) -> int:
    """Prompts the text encoders see: the prompt, and the negative prompt where guidance runs on both."""
    return 2 if plan.guidance_mode in ("batched", "sequential") else 1
