"""Wan 2.2 as the makers' own code runs it: as Wan 2.1, with a timestep, and so six float32 modulations, per token.

The modulations are held for the whole call and made anew in each block: 2 x 6 x width x 4 bytes per token.
Source: Wan-Video/Wan2.2@42bf4cf wan/modules/model.py (WanModel.forward, WanAttentionBlock.forward).
"""

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers.wan import Config, tokens
from vidcalc.networks.transformers.wan_official import run
from vidcalc.tape import Tape, Tensor

CLASSES = ()

__all__ = ["Config", "forward", "tokens"]


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width]."""
    return run(tape, config, shape, per=tokens(config, shape), norms=tape.dtype)
