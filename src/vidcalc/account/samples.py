"""How many samples of each size a run sees: whole numbers that add up, from clips and epochs or from optimizer steps.

A step works on one bucket, so a bucket's steps are its samples over the global batch at its size, rounded up. Long
clips are cut into samples one after the other; an image is one sample.
"""

from vidcalc.base.number import Number, as_count, ceil_div, maximum
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan

SLACK = 1e-9  # of a frame: what a product of seconds and a frame rate may be off by


def global_batch(training: TrainingPlan, batch: Number) -> Number:
    """Samples of one optimizer step, with `batch` of them per micro-batch."""
    return batch * training.grad_accum * training.data_degree


def counts(total: Number, buckets: tuple[Bucket, ...]) -> list[Number]:
    """`total` samples by bucket, as near to the shares as whole numbers come; they add up to it exactly."""
    counts: list[Number] = []
    before: Number = 0
    share: Number = 0.0
    for place, size in enumerate(buckets):
        share += size.share
        until = total if place + 1 == len(buckets) else as_count((total * share + 0.5) // 1)
        counts.append(until - before)
        before = until
    return counts


def steps(total: Number, buckets: tuple[Bucket, ...], training: TrainingPlan) -> list[Number]:
    """Optimizer steps of each bucket for `total` samples; the last step of each may be filled in part."""
    seen = counts(total, buckets)
    return [ceil_div(n, global_batch(training, size.batch)) for n, size in zip(seen, buckets, strict=True)]


def of_steps(count: int, buckets: tuple[Bucket, ...], training: TrainingPlan) -> int:
    """The most samples that no more than `count` optimizer steps see. Plain numbers only."""
    batches = [global_batch(training, size.batch) for size in buckets]
    together = sum(size.share / batch for size, batch in zip(buckets, batches, strict=True))  # steps of a sample
    enough, beyond = 1, int((count + sum(1 / batch for batch in batches)) / together) + 2
    while beyond - enough > 1:
        middle = (enough + beyond) // 2
        fits = sum(steps(middle, buckets, training)) <= count
        enough, beyond = (middle, beyond) if fits else (enough, middle)
    return enough


def pieces(size: Bucket, seconds: Number, fps: Number) -> Number:
    """Samples that a clip of that length is cut into: as many as fit, at least one; an image is one."""
    return as_count(maximum((seconds * fps + SLACK) // size.frames, 1)) if size.frames > 1 else 1


def of_clips(clips: Number, seconds: Number | None, fps: Number, buckets: tuple[Bucket, ...]) -> Number:
    """Distinct samples of that many clips: each goes to one bucket, in such numbers that the shares of samples come
    out. None seconds: every clip is one sample."""
    if seconds is None:
        return clips
    per_sample = sum(size.share / pieces(size, seconds, fps) for size in buckets)  # clips a sample takes
    return as_count((clips / per_sample + 0.5) // 1)
