"""Frozen weights that wait in host memory: what is away and what is here make up the base, however they come."""

import pytest

from vidcalc.base.errors import InputError
from vidcalc.calculate import bucket
from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket
from vidcalc.describe.setting import declared
from vidcalc.describe.training import TrainingPlan
from vidcalc.ops import Copy
from vidcalc.passes import legal
from vidcalc.passes.swapping import SWAPS, waiting
from vidcalc.rates.machines import hardware

WAN = "wan2.1-t2v-1.3b"  # 30 blocks
HUNYUAN = "hunyuanvideo-t2v"  # 20 blocks of two streams, 40 of one
WAYS = declared(TrainingPlan)["swapping"].words


def stepped(name=WAN, size=None, **plan):
    model = fill.model(name)
    training = TrainingPlan(mode="lora", checkpointing="full", latents="precomputed", **plan)
    size = size or Bucket(width=256, height=256, frames=9)
    return bucket(model, size, hardware("rtx-4090"), fill.plan(model, training=training))


def checked(training):
    legal.checked_training(fill.model(WAN), training)


def copies(cost):
    """Bytes over the link in a micro-batch."""
    backward = next(phase for phase in cost.step.phases if phase.id == "backward")
    return {op.path: op for op in backward.ops if isinstance(op, Copy)}


def test_every_way_of_a_trainer_is_known():
    assert set(WAYS) == set(SWAPS)


@pytest.mark.parametrize("name", [WAN, HUNYUAN])
@pytest.mark.parametrize("swapping", WAYS)
def test_what_waits_is_not_on_the_device(name, swapping):
    whole, some = stepped(name), stepped(name, offload="block-swap", swapped_blocks=20, swapping=swapping)
    away = whole.step.states.weights - some.step.states.weights
    blocks = whole.step.trained.held
    assert away == pytest.approx(blocks.blocks * 20 / blocks.count, rel=1e-6)
    assert some.step.states.host == away
    assert some.step.states.staged == SWAPS[swapping].staging * blocks.block
    # the rest of the base never leaves, and pieces on their way take their room
    assert some.step.states.weights >= blocks.copy - blocks.blocks > 0
    assert some.step.states.gathered == SWAPS[swapping].ahead * blocks.block


@pytest.mark.parametrize("name", [WAN, HUNYUAN])
def test_no_stage_is_below_what_is_resident(name):
    most = {WAN: 29, HUNYUAN: 59}[name]
    for stage in stepped(name, offload="block-swap", swapped_blocks=most).stages:
        assert stage.total >= stage.weights > 0
        assert min(stage.resident.values()) >= 0


def test_each_swapped_block_adds_its_bytes_to_the_copies_and_takes_them_from_the_device():
    few, more = (stepped(offload="block-swap", swapped_blocks=count) for count in (5, 10))
    block = few.step.trained.held.blocks / few.step.trained.held.count
    assert few.step.states.weights - more.step.states.weights == pytest.approx(5 * block, abs=2)
    assert copies(more)["swapped"].nbytes == pytest.approx(2 * copies(few)["swapped"].nbytes, rel=1e-6)


@pytest.mark.parametrize(("swapping", "times"), [("exchange", 4), ("exchange-halting", 4), ("move", 4), ("stream", 2)])
def test_a_block_comes_for_forward_and_for_backward_and_goes_as_often_where_it_goes(swapping, times):
    plan = {"offload": "block-swap", "swapped_blocks": 10, "swapping": swapping}
    cost = stepped(**plan)
    part = waiting(cost.step.trained, TrainingPlan(mode="lora", **plan))
    assert sum(op.nbytes for op in copies(cost).values()) == pytest.approx(times * part)


@pytest.mark.parametrize("swapping", ["exchange-halting", "move"])
def test_what_halts_the_device_is_slower_than_what_runs_beside(swapping):
    plan = {"offload": "block-swap", "swapped_blocks": 10}
    size = Bucket(width=832, height=480, frames=81)
    beside, halting = (stepped(size=size, swapping=way, **plan) for way in ("stream", swapping))
    assert beside.seconds["transfer"].likely == 0 < halting.seconds["transfer"].likely


def test_a_share_of_the_layers_is_that_share_of_the_base():
    none, half, all_ = (stepped(), stepped(offload="base", streamed_share=0.5), stepped(offload="base"))
    away = [none.step.states.weights - each.step.states.weights for each in (half, all_)]
    assert away[0] == pytest.approx(away[1] / 2, abs=1)
    assert [each.step.states.host for each in (half, all_)] == away


@pytest.mark.parametrize("count", [0, 30, 100])
def test_more_blocks_than_can_wait_are_refused(count):
    with pytest.raises(InputError) as refused:
        checked(TrainingPlan(mode="lora", offload="block-swap", swapped_blocks=count))
    assert refused.value.flag == "training-offload"
    assert refused.value.nearest == f"block-swap:{max(1, min(count, 29))}"


def test_only_a_frozen_base_is_swapped():
    with pytest.raises(InputError) as refused:
        checked(TrainingPlan(offload="block-swap", swapped_blocks=4))
    assert "block-swap" not in refused.value.allowed


def test_a_network_that_is_loaded_whole_counts_before_it_is_shared():
    plan = {"base": "nf4", "sharding": "zero3", "shard_degree": 8, "data_degree": 8}
    direct, device, host = (stepped(loading=way, **plan) for way in ("direct", "device", "host"))
    assert device.stages[0].id == "load"
    assert "load" not in {stage.id for stage in direct.stages}
    plain = device.step.trained.plain
    assert device.stages[0].weights == plain > 3 * device.step.trained.held.copy
    assert host.step.states.read == plain
    assert host.stages[0].total == direct.stages[0].total
