"""The formulas of the documented calculator, as they stand in its document, to be shown beside the network's figures.

They are honoured under their own name and not used for anything else: the FLOPs formula counts attention once,
while a real network runs it in every layer, and it leaves out cross-attention, the embeddings and the rounding of
grids to whole patches. Pure functions of numbers, valid for ints and float64 arrays.
"""

from typing import Any

SPATIAL = 8  # pixels per latent place
TEMPORAL = 4  # frames per latent frame


def latent(width: Any, height: Any, frames: Any) -> tuple[Any, Any, Any]:
    """(frames, height, width) of the latent: frames/4, height/8, width/8, fractions kept."""
    return frames / TEMPORAL, height / SPATIAL, width / SPATIAL


def sequence_length(width: Any, height: Any, frames: Any, patch_size: Any) -> Any:
    """(latent_h / patch) × (latent_w / patch) × latent_frames, fractions kept [tokens]."""
    t, h, w = latent(width, height, frames)
    return (h / patch_size) * (w / patch_size) * t


def flops_per_step(params: Any, sequence: Any, hidden_dim: Any) -> Any:
    """2 × params × seq_len + 4 × seq_len² × hidden_dim [FLOP]."""
    return 2 * params * sequence + 4 * sequence**2 * hidden_dim
