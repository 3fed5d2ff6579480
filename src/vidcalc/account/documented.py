"""The formulas of the documented calculator, as they stand in its document, to be shown beside the network's figures.

They are honoured under their own name and not used for anything else: the FLOPs formula counts attention once,
while a real network runs it in every layer, and it leaves out cross-attention, the embeddings and the rounding of
grids to whole patches. Pure functions of numbers, valid for ints and float64 arrays.
"""

from vidcalc.base.number import Number

SPATIAL = 8  # pixels per latent place
TEMPORAL = 4  # frames per latent frame


def latent(width: Number, height: Number, frames: Number) -> tuple[Number, Number, Number]:
    """(frames, height, width) of the latent: frames/4, height/8, width/8, fractions kept."""
    return frames / TEMPORAL, height / SPATIAL, width / SPATIAL


def sequence_length(width: Number, height: Number, frames: Number, patch_size: Number) -> Number:
    """(latent_h / patch) × (latent_w / patch) × latent_frames, fractions kept [tokens]."""
    t, h, w = latent(width, height, frames)
    return (h / patch_size) * (w / patch_size) * t


def flops_per_step(params: Number, sequence: Number, hidden_dim: Number) -> Number:
    """2 × params × seq_len + 4 × seq_len² × hidden_dim [FLOP]."""
    return 2 * params * sequence + 4 * sequence**2 * hidden_dim
