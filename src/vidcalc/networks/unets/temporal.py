"""What gives an image U-Net a sense of time in ModelScope's manner: convolutions over frames, transformers over frames.

Mirrors diffusers' TemporalConvLayer and TransformerTemporalModel. x[batch · frames, channels, height, width].
Source: arXiv 2308.06571; diffusers 0.42.1 models/resnet.py, transformers/transformer_temporal.py.
"""

from vidcalc.base.number import Number
from vidcalc.networks.transformers.basic import attention, transformer_block
from vidcalc.networks.unets.blocks import channels_first, strided_linear
from vidcalc.tape import Tape, Tensor

# fixed in LaVie's published code: buckets of the relative positions (T5's), and learned rotary frequencies, shared by
# all blocks
RELATIVE_BUCKETS = 32
ROTARY_FREQUENCIES = 16


def temporal_convolutions(tape: Tape, x: Tensor, batch: Number, name: str, groups: Number = 32) -> Tensor:
    """Four times norm, SiLU, 3×1×1 convolution; added to the input."""
    images, c, height, width = x.shape
    with tape.scope(name):
        clip = x.view(batch, c, images // batch, height, width)
        hidden = over_frames(tape, clip, "conv1", 2, groups, frames_outermost=True)
        for i in range(2, 5):
            hidden = over_frames(tape, hidden, f"conv{i}", 3, groups)
        return tape.add(clip, hidden).view(images, c, height, width)


def over_frames(
    tape: Tape, x: Tensor, name: str, index: int, groups: Number, *, frames_outermost: bool = False
) -> Tensor:
    """norm, SiLU, 3×1×1 convolution; a clip whose frames are outermost in memory is copied for the norm."""
    hidden = tape.group_norm(tape.copy(x, name="contiguous") if frames_outermost else x, groups, f"{name}.0")
    hidden = tape.act(hidden)
    return tape.convolution(hidden, x.shape[1], (3, 1, 1), f"{name}.{index}")


def temporal_transformer(
    tape: Tape,
    x: Tensor,
    batch: Number,
    heads: Number,
    inner: Number,
    name: str,
    groups: Number = 32,
    *,
    layers: Number = 1,
    positions: bool = False,
    blocks: bool = True,
    twice: bool = True,
) -> Tensor:
    """A transformer over the frames of each place that attends to itself, mostly twice, between two projections.

    positions   with a table of frame positions (AnimateDiff's motion modules)
    blocks      whether its layers are blocks that checkpointing may run again
    """
    images, c, height, width = x.shape
    frames = images // batch
    with tape.scope(name):
        clip = x.view(batch, c, frames, height, width)
        normed = tape.group_norm(tape.copy(clip, name="contiguous"), groups, "norm")
        hidden = strided_linear(tape, normed.view(batch * height * width, frames, c), inner, "proj_in")
        del normed
        with tape.repeat("transformer_blocks", layers, hidden, blocks=blocks):
            hidden = transformer_block(tape, hidden, None, heads, inner, positions=positions, twice=twice)
        hidden = tape.linear(hidden, c, "proj_out")
        hidden = channels_first(tape, hidden, images, c, height, width)
        return tape.add(hidden, x)


def relative_frame_attention(tape: Tape, x: Tensor, heads: Number, name: str) -> Tensor:
    """LaVie's attention over frames x[places, frames, c]: rotary positions, learned relative ones as a bias."""
    frames, width = x.shape[1], x.shape[2]
    tape.parameter(f"{name}.time_rel_pos_bias.relative_attention_bias.weight", RELATIVE_BUCKETS * heads)
    bias = tape.empty((1, heads, frames, frames))
    attended = attention(tape, x, None, heads, width, name, masked="dense", rotate=lambda q: turned(tape, q))
    del bias
    return attended


def turned(tape: Tape, x: Tensor) -> Tensor:
    """Rotary positions on the first channels of a head, joined with the rest: a copy of x."""
    return tape.pointwise("rope", (x,))
