"""Memory of an optimizer step: rows and stages add up, and all that is ever held is no less than the peak."""

import pytest

from vidcalc.cost.step_memory import ROWS
from vidcalc.describe.data import Bucket

WAN = "wan2.1-t2v-1.3b"


def test_rows_add_up_to_the_total_and_phases_to_theirs(run):
    memory = run(WAN, checkpointing="full", texts="online", validation="on").memory
    rows = ("weights", "vae", "encoders", "optimizer", "gradients", "activations", "other")
    assert memory.total == sum(getattr(memory, row) for row in rows)
    for phase in memory.phases:
        assert phase.total == sum(getattr(phase, row) for row in ROWS)
    assert [phase.id for phase in memory.phases] == ["encode", "forward_backward", "optimizer_step", "validation"]
    assert memory.peak == max(phase.total for phase in memory.phases)


@pytest.mark.parametrize(
    "plan",
    [
        {"checkpointing": "full", "latents": "precomputed"},  # the update's temporaries are more than all activations
        {"checkpointing": "full", "validation": "on", "mode": "lora"},
        {"checkpointing": "full", "networks": "rl", "rollout_steps": 4, "mode": "lora"},
        {"checkpointing": "offload", "texts": "online", "mode": "qlora", "base": "nf4"},
    ],
)
def test_all_that_is_held_is_never_less_than_the_peak(run, plan):
    memory = run(WAN, Bucket(width=256, height=256, frames=9), **plan).memory
    assert memory.peak_phase != "forward_backward"  # else the test shows nothing
    assert memory.total >= memory.peak


def test_a_validation_sample_runs_beside_buffers_and_gathered_weights(run):
    memory = run(WAN, data_degree=8, sharding="zero3", shard_degree=8, validation="on").memory
    rows = {phase.id: phase for phase in memory.phases}
    assert rows["validation"].other == rows["forward_backward"].other  # a recipe without copies of autocast


def test_accumulation_keeps_gradients_and_multiplies_the_batch(run):
    one, four = (run(WAN, grad_accum=number, checkpointing="full") for number in (1, 4))
    backward = [next(row for row in each.memory.phases if row.id == "forward_backward") for each in (one, four)]
    assert backward[1].gradients == four.memory.gradients >= backward[0].gradients
    assert four.buckets[0].global_batch == 4 * one.buckets[0].global_batch
    assert four.time.per_step < 4 * one.time.per_step  # one update for four micro-batches
