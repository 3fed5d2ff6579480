"""Hunyuan-GameCraft: HunyuanVideo by windows, each behind the latent frames before it, steered by a camera's rays.

shape.frames are the frames of one window; shape.extra["history_frames"] come before them (the window before, or one
picture). A small network of 1-tap convolutions makes tokens of the rays' Plücker coordinates of every pixel frame, time
halved twice by averages, once for the window and once for a history without motion; they are added to the patches.
Source: arXiv 2506.17201; Tencent-Hunyuan/Hunyuan-GameCraft-1.0@07afcd4 hymm_sp/modules/cameranet.py, models.py. The
rest as in `hunyuan.py`.
"""

from msgspec.structs import replace

from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.networks.controls import pixels
from vidcalc.networks.transformers import hunyuan
from vidcalc.tape import Tape, Tensor

CLASSES = ()  # its makers call it HYVideoDiffusionTransformer, as HunyuanVideo's
PIXELS = 8  # height and width under a latent place


class Config(hunyuan.Config, frozen=True, kw_only=True):
    """The numbers of the transformer under diffusers' names; of the camera's network those of its class.

    camera_in_channels  Plücker coordinates of a pixel's ray;  camera_channels  what the camera's network makes of them
    """

    camera_in_channels: Number = 6
    camera_channels: Number = 16


def history(shape: Shape) -> Number:
    """Latent frames before the window."""
    return shape.extra.get("history_frames", shape.frames)


def tokens(config: Config, shape: Shape) -> Number:
    """Video tokens of the window and of what comes before it."""
    return hunyuan.tokens(config, replace(shape, frames=shape.frames + history(shape)))


def forward(tape: Tape, config: Config, shape: Shape) -> Tensor:
    """latent[batch, in_channels, history + frames, height, width] -> [batch, out_channels, the same]."""
    whole = replace(shape, frames=shape.frames + history(shape))

    def steer(hidden: Tensor) -> Tensor:
        before = rays(tape, config, shape, history(shape))
        now = rays(tape, config, shape, shape.frames)
        both = tape.cat((before, now), *hidden.shape)
        del before, now
        return tape.add(hidden, both)

    return hunyuan.run(tape, config, whole, "none", steer)


def rays(tape: Tape, config: Config, shape: Shape, frames: Number) -> Tensor:
    """Rays of the pixel frames under so many latent ones -> tokens[batch, n, width]."""
    batch, height, width = shape.batch, shape.height, shape.width
    seen = batch * pixels.frames(replace(shape, frames=frames))
    with tape.scope("camera_net"):
        video = tape.input(seen, config.camera_in_channels, PIXELS * height, PIXELS * width)
        hidden = pixels.folded(tape, video, batch, config.camera_in_channels, PIXELS, "encode")
        hidden = tape.convolution(hidden, config.camera_channels, (1, 1), "final_proj")
        clip = hidden.view(batch, config.camera_channels, frames, height, width)
        kernel = (config.patch_size_t, config.patch_size, config.patch_size)
        out = hunyuan.patches(config, replace(shape, frames=frames))
        with tape.scope("camera_in"):
            embedded = tape.convolution(clip, config.width, kernel, "proj", out=out)
        tape.parameter("scale", 1)
        n = out[0] * out[1] * out[2]
        return tape.scale(embedded.view(batch, n, config.width))
