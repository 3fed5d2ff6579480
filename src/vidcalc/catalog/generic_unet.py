"""The generic U-Net: ModelScope's published layout, its base width the one whose weight count comes nearest.

Widths are multiples of the norm's groups, so the count is met to a few per cent; the report shows what it became.
"""

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.tape.trace import trace

PUBLISHED = {"width": 320, "params": 1_411_233_860}  # data/models/modelscope-t2v.toml
MULTIPLIERS = (1, 2, 4, 4)
GROUPS = 32
TEXT_DIM = 1024


def unet_config(params: int, latent_channels: int) -> Facts:
    """A 3D U-Net of about `params` weight elements. Raises InputError("params", …) below the smallest."""
    # every large weight is [width, width] times a constant: the count grows with the square of the width
    guess = PUBLISHED["width"] * (params / PUBLISHED["params"]) ** 0.5 / GROUPS
    near = {max(1, int(guess) + offset) for offset in (-1, 0, 1)}
    counts = {steps: _count(_config(steps * GROUPS, latent_channels)) for steps in near}
    best = min(counts, key=lambda steps: abs(counts[steps] - params))
    if best == 1 and params < counts[best] / 2:
        raise InputError("params", params, (str(counts[best]),))
    return _config(best * GROUPS, latent_channels)


def _config(width: int, latent_channels: int) -> Facts:
    return {
        "in_channels": latent_channels,
        "out_channels": latent_channels,
        "block_out_channels": tuple(width * m for m in MULTIPLIERS),
        "cross_attention_dim": TEXT_DIM,
        "attention_head_dim": GROUPS,
    }


def _count(config: Facts) -> int:
    """Weight elements of the network, whatever the size of its input."""
    probe = Component(id="denoiser", network="unets.unet3d", config=config)
    return int(trace(probe, "forward", Shape(height=8, width=8, tokens=1), "bf16").parameter_count)
