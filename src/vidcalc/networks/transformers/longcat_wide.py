"""LongCat-Video as SimpleTuner trains it: the feed-forward stands inside the gate's autocast region of float32.

The same network as `longcat`, so the same weights; the feed-forward's inputs, weights and intermediates are twice as
wide, and its products run in float32.
Source: bghira/SimpleTuner@bc8e6ab helpers/models/longcat_video/transformer.py (LongCatSingleStreamBlock.forward).
"""

from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import longcat
from vidcalc.networks.transformers.longcat import Config, tokens, wide_linear
from vidcalc.tape import Tape, Tensor

CLASSES = ()

__all__ = ["Config", "forward", "tokens"]


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, frames, height, width] -> [batch, out_channels, frames, height, width] in float32."""
    return longcat.run(tape, config, shape, feed_forward)


def feed_forward(tape: Tape, config: Config, x: Tensor) -> Tensor:
    """SwiGLU in float32: x[batch, n, width] -> [batch, n, width]."""
    with tape.scope("ffn"):
        wide = tape.cast(x, "fp32")
        gate = tape.act(wide_linear(tape, wide, config.inner, "w1", bias=False))
        product = tape.mul(gate, wide_linear(tape, wide, config.inner, "w3", bias=False))
        del gate, wide
        return wide_linear(tape, product, config.width, "w2", bias=False)
