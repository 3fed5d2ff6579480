"""Clips, epochs, steps and buckets: whole samples that add up, by hand-computed numbers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidcalc.train import train
from vidcalc.training import samples

from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.training import TrainingPlan
from vidcalc.rates.machines import hardware
from vidcalc.report.training import TrainingReport

VIDEO = Bucket(width=832, height=480, frames=81, share=0.7, batch=2)
IMAGE = Bucket(width=832, height=480, frames=1, share=0.3, batch=16)
# Wan's latent: 16 channels, a frame in four and the first, an eighth of each side; in 16 bits
LATENT, PICTURE = 16 * 21 * 60 * 104 * 2, 16 * 1 * 60 * 104 * 2
TEXT = 512 * 4096 * 2
TOKENS, PICTURE_TOKENS = 21 * 30 * 52, 30 * 52


def trained(buckets: tuple[Bucket, ...], total: int, clips: int | None = None, **plan: Any) -> TrainingReport:
    model = fill.model("wan2.1-t2v-1.3b")
    training = TrainingPlan(checkpointing="full", **plan)
    data = Data(buckets=buckets, samples=total, clips=total if clips is None else clips)
    return train(model, data, hardware("h100-sxm", training.data_degree), fill.plan(model, training=training))


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(1, 10**12))
def test_whole_samples_add_up(weights: list[int], total: int) -> None:
    buckets = tuple(Bucket(width=64, height=64, frames=1, share=each / sum(weights)) for each in weights)
    found = samples.counts(total, buckets)
    assert sum(found) == total
    assert all(abs(n - total * size.share) <= 1 for n, size in zip(found, buckets, strict=True))


@given(st.integers(1, 5000), st.integers(1, 9), st.integers(1, 9), st.floats(0.05, 0.95))
def test_steps_asked_for_are_never_exceeded_and_one_more_sample_would(n: int, a: int, b: int, share: float) -> None:
    buckets = (
        Bucket(width=64, height=64, frames=9, share=share, batch=a),
        Bucket(width=64, height=64, frames=1, share=1 - share, batch=b),
    )
    plan = TrainingPlan(data_degree=4, grad_accum=2)
    seen = samples.of_steps(n, buckets, plan)
    assert sum(samples.steps(seen, buckets, plan)) <= max(n, 1)
    assert sum(samples.steps(seen + 8 * (a + b), buckets, plan)) > n


def test_one_bucket_sees_steps_times_the_global_batch() -> None:
    plan = TrainingPlan(data_degree=8, grad_accum=3)
    assert samples.of_steps(1000, (Bucket(width=64, height=64, frames=1, batch=2),), plan) == 1000 * 8 * 3 * 2


def test_a_share_that_binary_numbers_miss_takes_no_extra_step() -> None:
    buckets = tuple(Bucket(width=64, height=64, frames=1, share=share) for share in (0.55, 0.45))
    assert 100 * 0.55 > 55  # the trap
    assert samples.steps(100, buckets, TrainingPlan()) == [55, 45]


@pytest.mark.parametrize(
    ("frames", "seconds", "fps", "expected"),
    [
        (81, 10, 16, 1),
        (40, 10, 16, 4),
        (81, 5, 16, 1),
        (81, 81, 16, 16),
        (48, 2, 24, 1),
        (1, 10, 24, 1),
        (3, 0.3, 10, 1),
    ],
)
def test_a_clip_is_cut_into_what_fits(frames: int, seconds: float, fps: float, expected: int) -> None:
    assert samples.pieces(Bucket(width=64, height=64, frames=frames), seconds, fps) == expected


def test_long_clips_and_images_keep_the_shares_of_samples() -> None:
    """10 s at 24 frames a second hold four samples of 49 frames, an image is one: 0.7 / 4 + 0.3 clips make a sample."""
    video = Bucket(width=64, height=64, frames=49, share=0.7)
    image = Bucket(width=64, height=64, frames=1, share=0.3)
    total = samples.of_clips(1900, 10, 24, (video, image))
    assert total == 4000  # 1900 / 0.475
    assert samples.counts(total, (video, image)) == [2800, 1200]  # of 700 clips of four samples, and 1,200 images


def test_totals_of_a_mix_are_sums_of_its_buckets() -> None:
    report = trained((VIDEO, IMAGE), 2000, 1000, data_degree=4, latents="precomputed", save_every=50)
    video, image = report.buckets
    assert (video.samples, image.samples) == (1400, 600)
    assert (video.steps, image.steps) == (175, 10)  # 1400 / (2 · 4), 600 / (16 · 4) rounded up
    run = report.run
    assert (run.samples, run.clips, run.epochs, run.steps) == (2000, 1000, 2, 185)
    assert run.tokens == 1400 * TOKENS + 600 * PICTURE_TOKENS
    assert run.flops == 1400 * video.flops_per_sample + 600 * image.flops_per_sample
    assert run.latents == 700 * LATENT + 300 * PICTURE
    assert run.texts == 1000 * TEXT
    assert run.checkpoint == run.trained * 14  # bf16 weights, master copy and two moments in fp32
    assert run.checkpoints == run.checkpoint * 4  # after 50, 100, 150 and at the end
    seconds = sum(bucket.seconds for bucket in report.buckets)
    assert run.read_rate == pytest.approx((1400 * (LATENT + TEXT) + 600 * (PICTURE + TEXT)) / seconds, rel=1e-12)
    assert report.time.total == pytest.approx(seconds, rel=1e-12)


def test_model_flops_over_time_are_the_utilisation() -> None:
    report = trained((VIDEO, IMAGE), 2000, data_degree=4)
    able = report.time.total * 4 * hardware("h100-sxm").accelerator.peak("bf16")
    assert report.time.mfu * able == pytest.approx(report.run.flops, rel=1e-12)
    assert report.time.tokens_per_second * report.time.total == pytest.approx(report.run.tokens, rel=1e-12)


def test_encoding_beforehand_takes_the_time_that_encoding_in_the_loop_takes() -> None:
    bucket = (Bucket(width=832, height=480, frames=81),)
    online = trained(bucket, 64)
    before = trained(bucket, 64, latents="precomputed", texts="online")
    assert before.run.encode_seconds == pytest.approx(64 * online.time.parts["vae_encode"], rel=1e-9)
    assert before.time.parts["vae_encode"] == 0
    assert online.run.latents == 0


@pytest.mark.parametrize(("average", "each"), [("none", 0), ("fp32", 4), ("bf16", 2), ("host", 4)])
def test_a_checkpoint_holds_the_moving_average_as_it_is_kept(average: str, each: int) -> None:
    report = trained((VIDEO,), 8, ema=average)
    assert report.run.checkpoint == report.run.trained * (14 + each)
