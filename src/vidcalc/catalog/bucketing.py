"""Clips of many sizes and lengths as buckets that a model accepts, as trainers sort them.

Size: the nearest of the usual shapes and the one asked for, at the area asked for, sides on the model's grid; larger
clips are made smaller and smaller ones larger. Length: the longest of the frames asked for, their half and their
quarter that the clip holds at the model's frame rate; its first frames are the sample. Pictures have buckets of their
own. A clip too short for the shortest length is left out.
"""

from collections import Counter
from collections.abc import Mapping
from math import log, sqrt
from typing import NamedTuple

from vidcalc.describe.data import Bucket, Clip
from vidcalc.describe.geometry import neighbours, snap
from vidcalc.describe.model import Model
from vidcalc.describe.workload import Workload

SHAPES = tuple(a / b for a, b in ((1, 1), (4, 3), (3, 4), (3, 2), (2, 3), (16, 9), (9, 16), (21, 9), (9, 21)))
ALIKE = 0.06  # between logarithms of shapes: 832 to 480 stands for 16 to 9
SHARES = (1, 1 / 2, 1 / 4)  # of the frames asked for
SLACK = 1e-6  # of a frame: what a product of seconds and a frame rate may be off by


class Bucketed(NamedTuple):
    """Buckets with their shares, clips in them, and how many were left out by reason."""

    buckets: tuple[Bucket, ...]
    clips: int
    left_out: Counter[str]
    enlarged: int


def bucketed(model: Model, clips: Mapping[Clip, int], job: Workload) -> Bucketed:
    """The clips by size and length, the most frequent bucket first; none where every clip is left out."""
    found: Counter[tuple[int, int, int]] = Counter()
    left_out: Counter[str] = Counter()
    enlarged = 0
    lengths = _lengths(model, int(job.frames))
    for clip, count in clips.items():
        frames = _length(clip, lengths, float(job.fps), _pictures(model))
        if not frames:
            left_out["picture" if clip.frames == 1 else "short"] += count
            continue
        width, height = _size(model, clip.width / clip.height, job)
        enlarged += count if clip.width * clip.height < width * height else 0
        found[width, height, frames] += count
    total = sum(found.values())
    batch = int(job.batch)
    buckets = tuple(
        Bucket(width=width, height=height, frames=frames, share=count / total, batch=batch)
        for (width, height, frames), count in found.most_common()
    )
    return Bucketed(buckets, total, left_out, enlarged)


def _lengths(model: Model, frames: int) -> list[int]:
    """Legal lengths, the longest first."""
    below = (int(neighbours(model.constraints, "frames", int(frames * share))[0]) for share in SHARES)
    return sorted({each for each in below if 1 < each <= frames} or {frames}, reverse=True)


def _pictures(model: Model) -> bool:
    """Whether the model takes one frame."""
    return bool(neighbours(model.constraints, "frames", 1)[0] == 1)


def _length(clip: Clip, lengths: list[int], fps: float, pictures: bool) -> int:
    """Frames of a clip's sample; 0 where it has too few."""
    if clip.frames == 1:
        return 1 if pictures else 0
    # frames of the clip at the model's rate: seconds x rate
    held = clip.frames if clip.fps is None else clip.frames / clip.fps * fps + SLACK
    return next((each for each in lengths if each <= held), 0)


def _size(model: Model, shape: float, job: Workload) -> tuple[int, int]:
    """Sides of the nearest shape at the job's area on the model's grid: its own, lying or standing, or a usual one."""
    area, own = float(job.width * job.height), float(job.width / job.height)
    beside = (each for each in SHAPES if all(abs(log(each / mine)) > ALIKE for mine in (own, 1 / own)))
    near = min((own, 1 / own, *beside), key=lambda each: abs(log(each / shape)))
    width, height, _frames = snap(model, round(sqrt(area * near)), round(sqrt(area / near)), job.frames)
    return int(width), int(height)
