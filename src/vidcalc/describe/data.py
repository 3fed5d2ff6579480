"""What a model is trained on: buckets of one size and length each, and how many samples are seen altogether."""

from typing import NamedTuple

import msgspec

from vidcalc.base.number import Number


class Clip(NamedTuple):
    """A clip's size, its frames (1: a picture), and how many of them a second has, None where nobody says."""

    width: int
    height: int
    frames: int
    fps: float | None


class Bucket(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Samples of one size: images are buckets of one frame.

    share  of all samples that are of this size;  batch  samples of a micro-batch
    """

    width: Number
    height: Number
    frames: Number
    share: Number = 1.0
    batch: Number = 1


class Data(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Everything the run sees.

    buckets  sizes and their shares, which add up to 1
    samples  seen over the whole run: clips × epochs
    clips    distinct ones, whose latents and texts are kept on disk where they are precomputed
    """

    buckets: tuple[Bucket, ...]
    samples: Number
    clips: Number
