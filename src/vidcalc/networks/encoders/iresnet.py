"""ArcFace's residual network: what a face of 112 x 112 pixels is, in 512 numbers.

Source: arXiv 1801.07698; deepinsight/insightface recognition/arcface_torch/backbones/iresnet.py (iresnet100, which
antelopev2 holds as glintr100).
"""

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

CLASSES = ("IResNet100",)
COLOURS, KERNEL = 3, (3, 3)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one network: blocks and channels of its stages, the side of a face, the numbers it becomes."""

    layers: tuple[int, ...] = (3, 13, 30, 3)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    image_size: int = 112
    num_features: Number = 512


def encode(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """face[batch, 3, side, side] -> [batch, num_features]."""
    side = config.image_size
    face = tape.input(shape.batch, COLOURS, side, side)
    hidden = tape.convolution(face, config.widths[0], KERNEL, "conv1", bias=False)
    hidden = prelu(tape, normed(tape, hidden, "bn1"), "prelu")
    for stage, (count, width) in enumerate(zip(config.layers, config.widths, strict=True), 1):
        side = side // 2
        with tape.scope(f"layer{stage}.0"), tape.checkpointed():
            hidden = block(tape, hidden, width, side, first=True)
        with tape.repeat(f"layer{stage}", count - 1, hidden):
            hidden = block(tape, hidden, width, side, first=False)
    hidden = normed(tape, hidden, "bn2")
    flat = hidden.view(shape.batch, config.widths[-1] * side * side)
    out = normed(tape, tape.linear(flat, config.num_features, "fc"), "features")
    del face, hidden, flat
    return out


def block(tape: Tape, x: Tensor, width: Number, side: Number, *, first: bool) -> Tensor:
    """Norm, convolution, norm, PReLU, convolution, norm; the first of a stage halves the sides."""
    hidden = tape.convolution(normed(tape, x, "bn1"), width, KERNEL, "conv1", bias=False)
    hidden = prelu(tape, normed(tape, hidden, "bn2"), "prelu")
    hidden = normed(tape, tape.convolution(hidden, width, KERNEL, "conv2", out=(side, side), bias=False), "bn3")
    around = x
    if first:
        around = tape.convolution(x, width, (1, 1), "downsample.0", out=(side, side), bias=False)
        around = normed(tape, around, "downsample.1")
    return tape.add(hidden, around)


def normed(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Batch norm as it runs after training: every channel scaled and shifted."""
    tape.parameter(name + ".weight", x.shape[1])
    tape.parameter(name + ".bias", x.shape[1])
    return tape.scale(x, name)


def prelu(tape: Tape, x: Tensor, name: str) -> Tensor:
    """A slope of its own for what is negative in each channel."""
    tape.parameter(name + ".weight", x.shape[1])
    return tape.act(x, "prelu")
