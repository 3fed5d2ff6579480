"""Classifier-free guidance: further predictions of the same step, in the same denoiser call or in calls of their own.

A plan states how many forwards a step takes and how many of them share a call; with one of each nothing changes.
"""

from typing import Any

from vidcalc.arithmetic import ceil_div
from vidcalc.describe.plan import Plan


def called_batch(batch: Any, plan: Plan) -> Any:
    """Batch of one denoiser call."""
    return batch * shared(plan)


def shared(plan: Plan) -> Any:
    """Forwards that share a call: those of a batch, less what other ranks take (CFG parallel)."""
    return ceil_div(plan.batched_forwards, plan.guidance_degree)


def calls_per_step(plan: Plan) -> Any:
    """Denoiser calls of one step, over all ranks."""
    return plan.forwards_per_step // shared(plan)


def prompts(plan: Plan) -> int:
    """Prompts the text encoders see: the prompt, and the negative prompt where guidance runs on both."""
    return 2 if plan.guidance_mode in ("batched", "sequential") else 1
