"""The U a U-Net is named after: down through the levels, a middle, up again with what each level left behind.

What happens at one level differs from family to family; a family hands it over as stages, functions from maps to maps.
Source: diffusers 0.42.1 models/unets/ (the forward of every U-Net there).
"""

from collections.abc import Callable
from typing import Any

from vidcalc.base.number import Number
from vidcalc.networks.unets.blocks import downsample, upsample
from vidcalc.tape import Tape, Tensor

Stage = Callable[[Tensor], Tensor]
# (side "down" | "up", level counted along that side, layer in the level, width) -> what one layer does, in order
Stages = Callable[[str, int, int, Any], tuple[Stage, ...]]


def trunk(
    tape: Tape,
    x: Tensor,
    widths: tuple[Number, ...],
    layers: tuple[int, ...],
    stages: Stages,
    middle: Stage,
    *,
    c_out: Number,
    groups: Number = 32,
    after: Callable[[str, int, Tensor], Tensor] | None = None,
) -> Tensor:
    """x[images, widths[0], height, width] -> [images, c_out, height, width].

    widths  channels of each level, from the finest on
    layers  residual blocks of each level on the way down; there is one more on the way up
    after   what happens once a level (side, number) has been left, resampling included
    """
    hidden, skips = contracted(tape, x, widths, layers, stages, after)
    with tape.scope("mid_block"):
        hidden = middle(hidden)
    skips.append(hidden)
    del hidden
    return expanded(tape, skips, widths, layers, stages, c_out=c_out, groups=groups, after=after)


def expanded(
    tape: Tape,
    skips: list[Tensor],
    widths: tuple[Number, ...],
    layers: tuple[int, ...],
    stages: Stages,
    *,
    c_out: Number,
    groups: Number,
    after: Callable[[str, int, Tensor], Tensor] | None = None,
) -> Tensor:
    """The way up, taking what each layer left behind, and the last convolution; the middle's maps are the last left."""
    hidden = skips.pop()
    for level, width in enumerate(reversed(widths)):
        count = layers[-1 - level] + 1
        taken = skips[-count:]  # this level's maps stay alive until the next level has taken its own
        del skips[-count:]
        with tape.scope(f"up_blocks.{level}"):
            hidden = up_level(tape, hidden, taken, skips, of_level(stages, "up", level, width))
        hidden = after("up", level, hidden) if after else hidden
    hidden = tape.group_norm(hidden, groups, "conv_norm_out")
    hidden = tape.act(hidden)
    return tape.convolution(hidden, c_out, (3, 3), "conv_out")


def contracted(
    tape: Tape,
    x: Tensor,
    widths: tuple[Number, ...],
    layers: tuple[int, ...],
    stages: Stages,
    after: Callable[[str, int, Tensor], Tensor] | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """The way down: the deepest maps, and what each layer left behind."""
    skips = [x]
    hidden = x
    for level, width in enumerate(widths):
        with tape.scope(f"down_blocks.{level}"):
            hidden = down_level(tape, hidden, skips, layers[level], of_level(stages, "down", level, width))
            if level < len(widths) - 1:
                hidden = downsample(tape, hidden, width, "downsamplers.0")
                skips.append(hidden)
        hidden = after("down", level, hidden) if after else hidden
    return hidden, skips


def of_level(stages: Stages, side: str, level: int, width: Number) -> Callable[[int], tuple[Stage, ...]]:
    """The stages of one level's layers, by number."""
    return lambda i: stages(side, level, i, width)


def down_level(
    tape: Tape, x: Tensor, skips: list[Tensor], layers: int, stages: Callable[[int], tuple[Stage, ...]]
) -> Tensor:
    """The layers of one level; the output of each joins the skips."""
    hidden = x
    for i in range(layers):
        for stage in stages(i):
            hidden = stage(hidden)
        skips.append(hidden)
    return hidden


def up_level(
    tape: Tape, x: Tensor, taken: list[Tensor], skips: list[Tensor], stages: Callable[[int], tuple[Stage, ...]]
) -> Tensor:
    """The layers of one level, each beginning with a skip beside its input; then up to the next skip's size."""
    hidden = x
    for i in range(len(taken)):
        skip = taken[-1 - i]
        images, c, *places = hidden.shape
        hidden = tape.cat((hidden, skip), images, c + skip.shape[1], *places)
        for stage in stages(i):
            hidden = stage(hidden)
    if not skips:
        return hidden
    _, _, height, width = skips[-1].shape
    return upsample(tape, hidden, height, width, "upsamplers.0")
