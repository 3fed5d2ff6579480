"""What is asked for: a video (or a batch of them) to generate, or a number of optimizer steps to train."""

from typing import Literal, get_args

import msgspec

from vidcalc.base.number import Number

Stage = Literal["text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode"]
"""The stages of a generation."""

STAGES: tuple[str, ...] = get_args(Stage)  # in the order in which they run


class Workload(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The job. Any number may be an int or a float64 array.

    width, height  of the video [pixels]
    frames, fps    of the video [frames], [frames/second]
    steps          denoising steps of one generation
    batch          videos per call (generation), samples per accelerator and micro-step (training)
    guidance       scale of classifier-free guidance; 1 turns it off
    text_tokens    length the prompt is padded to
    image_tokens   tokens of a conditioning image in the context
    train_steps    optimizer steps of a training run
    target_rate    videos per second that a fleet must make; 0: none is asked for
    """

    width: Number
    height: Number
    frames: Number
    fps: Number = 24
    steps: Number = 30
    batch: Number = 1
    guidance: float = 1.0
    text_tokens: Number = 0
    image_tokens: Number = 0
    train_steps: Number = 1000
    target_rate: Number = 0
