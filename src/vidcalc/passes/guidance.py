"""Classifier-free guidance: a second prediction without the prompt, in the same call or in one of its own."""

from typing import Any

MODES = ("batched", "sequential", "distilled", "none")


def batch_factor(mode: str) -> int:
    """How many predictions share one denoiser call: two where the pipeline doubles the batch."""
    return 2 if mode == "batched" else 1


def calls_per_step(mode: str, forwards: Any) -> Any:
    """Denoiser calls of one step. `forwards` are predictions per step at the workload's batch."""
    return forwards // batch_factor(mode)


def prompts(mode: str) -> int:
    """Prompts the text encoder sees: the prompt, and the negative prompt where guidance runs."""
    return 2 if mode in ("batched", "sequential") else 1
