"""Totals of a run: the worst bucket decides memory, the mix decides time; what validation and encoders add."""

import pytest

from vidcalc.describe.data import Bucket

WAN = "wan2.1-t2v-1.3b"
IMAGE = Bucket(width=832, height=480, frames=1, share=0.25, batch=4)
CLIP = Bucket(width=832, height=480, frames=33, share=0.75)


def test_the_worst_bucket_decides_memory_and_the_mix_decides_time(run):
    mixed = run(WAN, IMAGE, CLIP, samples=4000, data_degree=8, checkpointing="full")
    alone = [run(WAN, size, data_degree=8, checkpointing="full") for size in (IMAGE, CLIP)]
    assert mixed.memory.peak == max(each.memory.peak for each in alone)
    steps = (-(-1000 // 32), -(-3000 // 8))
    assert tuple(row.steps for row in mixed.buckets) == steps
    seconds = sum(number * each.buckets[0].seconds_per_step for number, each in zip(steps, alone, strict=True))
    assert mixed.time.total == pytest.approx(seconds)
    assert mixed.run.tokens == sum(row.samples * row.sequence for row in mixed.buckets)


def test_validation_and_encoders_add_time_and_memory(run):
    plain = run(WAN, checkpointing="full", latents="precomputed")
    busy = run(WAN, checkpointing="full", texts="online", validation="on", validation_every=100)
    assert busy.time.validation > 0 and plain.time.validation == 0
    assert busy.time.total > plain.time.total
    assert busy.memory.encoders > 0 and busy.memory.vae > 0 and plain.memory.vae == 0
    assert plain.run.latents == 1000 * 16 * 9 * 60 * 104 * 2  # clips × channels × frames × height × width × bytes
    assert busy.run.latents == 0
