"""How a network reads a video without the VAE: pixels brought down to the latent's grid by convolutions of its own.

Control networks and cameras' do so, frames as they are, at every call. Source: TheDenk/wan2.1-dilated-controlnet@
e08125a wan_controlnet.py, TheDenk/cogvideox-controlnet@e21a4a3 cogvideo_controlnet.py,
Tencent-Hunyuan/Hunyuan-GameCraft-1.0@07afcd4 hymm_sp/modules/cameranet.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape, Tensor

TEMPORAL = 4  # frames of video under one latent frame, after the first: two halvings, fixed in the classes
NORM_GROUPS = 2  # fixed in the classes


def frames(shape: Shape) -> Number:
    """Frames of the control video that belong to the latent's: the first one stands alone."""
    return (shape.frames - 1) * TEMPORAL + 1


def halved(count: Number) -> Number:
    """Frames left where every two become one and the first stays."""
    return (count - 1) // 2 + 1


def widths(channels: Number, factor: Number) -> tuple[Number, Number, Number]:
    """Channels after each convolution: those of `factor` x `factor` pixels, a half and a quarter of them."""
    first = channels * factor**2
    return first, first // 2, first // 4


def folded(tape: Tape, video: Tensor, batch: Number, channels: Number, factor: Number, name: str) -> Tensor:
    """Frames[batch · frames, channels, factor · height, factor · width] -> [batch · fewer, channels', height, width].

    Pixels are folded into channels; twice, channels are halved by one tap and frames averaged in pairs.
    """
    count, height, width = video.shape[0] // batch, video.shape[2] // factor, video.shape[3] // factor
    first, second, third = widths(channels, factor)
    hidden = tape.copy(video, video.shape[0], first, height, width, name="unshuffle")
    for stage, made in (("first", second), ("second", third)):
        hidden = narrower(tape, hidden, made, f"{name}_{stage}")
        count = halved(count)
        hidden = tape.copy(hidden, batch * count, made, height, width, name="compress_time")
    return hidden


def narrower(tape: Tape, x: Tensor, c_out: Number, name: str) -> Tensor:
    """A 1-tap convolution, a norm of groups and a ReLU; who calls them holds x until all are done."""
    with tape.scope(name):
        hidden = tape.convolution(x, c_out, (1, 1), "0")
        hidden = tape.group_norm(hidden, NORM_GROUPS, "1")
        return tape.act(hidden, "relu")
