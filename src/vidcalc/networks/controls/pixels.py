"""How a control network reads its video: pixels brought down to the latent's grid by three strided convolutions.

The makers of these networks encode no control video with the VAE: frames as they are go through convolutions of their
own at every call. Source: TheDenk/wan2.1-dilated-controlnet@e08125a wan_controlnet.py, TheDenk/cogvideox-controlnet@
e21a4a3 cogvideo_controlnet.py.
"""

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape

TEMPORAL = 4  # frames of video under one latent frame, after the first: two halvings, fixed in the classes


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
