"""Building blocks of Allegro's video VAE: maps[frames, channels, height, width] of one sample, convolved in space,
then over frames.

Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_allegro.py.
"""

from typing import Any

from vidcalc.networks.autoencoders.kl_blocks import place_attention
from vidcalc.networks.unets.blocks import residual_block
from vidcalc.tape import Tape, Tensor


def maps_of(x: Tensor) -> Tensor:
    """A clip x[1, c, t, h, w] as t maps [t, c, h, w]."""
    _, c, t, h, w = x.shape
    return x.view(t, c, h, w)


def clip_of(x: Tensor) -> Tensor:
    """Maps x[t, c, h, w] as a clip [1, c, t, h, w]."""
    t, c, h, w = x.shape
    return x.view(1, c, t, h, w)


def over_time(tape: Tape, x: Tensor, name: str) -> Tensor:
    """A 3×1×1 convolution over the frames of maps x, added to them."""
    clip = clip_of(x)
    mixed = tape.convolution(clip, clip.shape[1], (3, 1, 1), name)
    return maps_of(tape.add(mixed, clip))


def residual_blocks(tape: Tape, x: Tensor, width: Any, layers: int, groups: Any) -> Tensor:
    """An image residual block and four convolutions over frames, `layers` times."""
    hidden = x
    for i in range(layers):
        hidden = residual_block(tape, hidden, None, width, f"resnets.{i}", groups)
        hidden = temporal_convolutions(tape, hidden, f"temp_convs.{i}", groups)
    return hidden


def middle(tape: Tape, x: Tensor, groups: Any) -> Tensor:
    """Residual block and convolutions over frames, attention over places, the same again."""
    width = x.shape[1]
    with tape.scope("mid_block"):
        hidden = residual_block(tape, x, None, width, "resnets.0", groups, channels_last=True)
        hidden = temporal_convolutions(tape, hidden, "temp_convs.0", groups)
        hidden = place_attention(tape, hidden, groups, "attentions.0")
        hidden = residual_block(tape, hidden, None, width, "resnets.1", groups, channels_last=True)
        return temporal_convolutions(tape, hidden, "temp_convs.1", groups)


def temporal_convolutions(tape: Tape, x: Tensor, name: str, groups: Any, change: str = "") -> Tensor:
    """Four times norm, SiLU, convolution over three frames; added to the input. `change` "up" or "down": twice or
    half the frames.
    """
    t, c, h, w = x.shape
    clip = clip_of(x)
    space = 3 if change else 1
    with tape.scope(name):
        if change == "up":
            identity = tape.copy(clip, 1, c, 2 * t, h, w, name="repeat")
            hidden = normed_conv(tape, clip, groups, 2 * c, (1, space, space), "conv1", 2, t, strided=True)
            hidden = tape.copy(hidden, 1, c, 2 * t, h, w, name="interleave")
            frames = 2 * t
        elif change == "down":
            identity, frames = clip.view(1, c, t // 2, h, w), t // 2
            hidden = normed_conv(tape, clip, groups, c, (2, space, space), "conv1", 2, frames, strided=True)
        else:
            identity, frames = clip, t
            hidden = padded(tape, clip)
            hidden = normed_conv(tape, hidden, groups, c, (3, 1, 1), "conv1", 2, frames)
        for i, index in ((2, 3), (3, 3), (4, 2)):
            hidden = padded(tape, hidden)
            hidden = normed_conv(tape, hidden, groups, c, (3, space, space), f"conv{i}", index, frames)
        return maps_of(tape.add(identity, hidden))


def padded(tape: Tape, x: Tensor) -> Tensor:
    """The first and the last frame once more, by two concatenations."""
    b, c, t, h, w = x.shape
    front = tape.cat((x,), b, c, t + 1, h, w)
    return tape.cat((front,), b, c, t + 2, h, w)


def normed_conv(
    tape: Tape,
    x: Tensor,
    groups: Any,
    c_out: Any,
    kernel: tuple[int, int, int],
    name: str,
    index: int,
    frames: Any,
    *,
    strided: bool = False,
) -> Tensor:
    """norm, SiLU, convolution number `index` of its sequence; `strided`: the clip's frames are outermost, so the
    norm copies it.
    """
    hidden = tape.group_norm(tape.copy(x, name="contiguous") if strided else x, groups, f"{name}.0")
    hidden = tape.act(hidden)
    return tape.convolution(hidden, c_out, kernel, f"{name}.{index}", out=(frames, *x.shape[3:]))
