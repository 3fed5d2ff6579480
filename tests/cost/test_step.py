"""Seconds of an optimizer step: what is computed again, what waits for copies, exchanges and other stages."""

import pytest

from vidcalc.calculate import bucket
from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan
from vidcalc.ops import Collective
from vidcalc.rates.machines import hardware
from vidcalc.rates.wires import wires

WAN = "wan2.1-t2v-1.3b"


def test_weights_in_host_memory_come_twice_a_micro_batch_as_far_as_no_work_hides_it(run):
    """Both passes copy a rank's share; one token of an image leaves nothing to hide it behind."""
    tiny = Bucket(width=16, height=16, frames=1)
    here, away = (
        run(WAN, tiny, offload=way, latents="precomputed", gpu="rtx-4090").time.parts
        for way in ("optimizer", "optimizer+weights")
    )
    assert here["transfer"] == 0 < away["transfer"]
    shared = {"offload": "optimizer+weights", "latents": "precomputed", "sharding": "zero3", "data_degree": 8}
    spread = run(WAN, tiny, gpu="rtx-4090", shard_degree=8, **shared).time.parts
    assert spread["transfer"] < away["transfer"] / 4


def test_tensor_parallelism_turns_around_cross_attention_too():
    """A sum (a gather and a scatter) after a self-attention and after its feed-forward, and one after the other."""
    model, chips = fill.model(WAN), hardware("h100-sxm", 8)
    training = TrainingPlan(tensor_degree=4, data_degree=2)
    step = bucket(model, Bucket(width=256, height=256, frames=9), chips, fill.plan(model, training=training)).step
    among, spent = wires(chips), {}
    for op in step.phases[0].ops:
        if isinstance(op, Collective) and op.way == "tensor":
            alone = among.exchange(op.operation, op.nbytes, op.ranks, op.stride)
            spent[op.place.part] = spent.get(op.place.part, 0) + alone * op.count
    own, other, narrow = (spent[f"blocks.*.{part}"] for part in ("attn1", "attn2", "ffn"))
    assert other == pytest.approx((own + narrow) / 2)
    assert other > 0


def test_work_over_ranks_adds_up(run):
    """FLOPs do not depend on who does them; utilisation falls only by what is waited for."""
    plans = ({}, {"data_degree": 8}, {"ulysses_degree": 4, "data_degree": 2}, {"tensor_degree": 4, "data_degree": 2})
    found = [run(WAN, samples=1600, checkpointing="full", **plan) for plan in plans]
    assert len({each.run.flops for each in found}) == 1
    assert all(each.time.mfu <= found[0].time.mfu for each in found)
    for each in found:
        peak = each.time.total * each.ranks.world * 989.4e12
        assert each.run.flops / peak == pytest.approx(each.time.mfu, rel=1e-3)


def test_full_checkpointing_is_four_forwards_by_the_usual_convention(run):
    """MFU counts forward and backward (3 forwards); HFU the forward of the blocks again, and fused attention's own."""
    plain, light = (run(WAN, checkpointing=way).buckets[0] for way in ("none", "full"))
    assert plain.flops_per_sample == light.flops_per_sample
    assert plain.flops_per_sample % 3 == 0
    forward = plain.flops_per_sample / 3
    assert light.hardware_flops - plain.hardware_flops == pytest.approx(forward, rel=0.01)
    assert light.kept_for_backward < plain.kept_for_backward / 10
    assert light.seconds_per_step > plain.seconds_per_step


def test_a_pipeline_idles_for_its_stages_less_one(run):
    """1F1B, arXiv 2104.04473: (p − 1) / m of the work of m micro-batches."""
    flat, deep = (run(WAN, grad_accum=8, pipeline_degree=stages, checkpointing="full").time for stages in (1, 3))
    work = sum(deep.parts[name] for name in ("forward", "backward", "recompute"))
    assert deep.parts["bubble"] == pytest.approx(work * 2 / 8)
    assert flat.parts["bubble"] == 0
    assert work == pytest.approx(sum(flat.parts[name] for name in ("forward", "backward", "recompute")) / 3)
