"""Host memory of group offload: pinned copies of whole tensors, pinned as they go, or none, and what each costs."""

import numpy as np
import pytest

import vidcalc
from vidcalc.base.errors import InputError
from vidcalc.base.number import power_of_two
from vidcalc.catalog import fill
from vidcalc.passes import generation
from vidcalc.rates.host import host_rate
from vidcalc.rates.machines import hardware

WAN = "wan2.1-t2v-14b"
MEASURED = 43.8e9  # byte of host memory that the 28.6 GB of Wan 14B take, pinned tensor by tensor
WAYS = ("group", "group-leaf")
GIB = 1 << 30


def asked(**plan):
    return vidcalc.estimate(WAN, gpu="rtx-4090", frames=17, **plan)


@pytest.mark.parametrize(
    ("size", "rounded"), [(1, 1), (2, 2), (3, 4), (52_428_800, 1 << 26), (0.5, 1), (1 << 40, 1 << 40)]
)
def test_a_pinned_block_is_a_power_of_two(size, rounded):
    assert power_of_two(size) == rounded
    assert list(power_of_two(np.array([max(size, 1)]))) == [rounded]


@pytest.mark.parametrize("way", WAYS)
def test_pinned_copies_take_what_was_measured(way):
    model = fill.model(WAN)
    alone = {"text_encoder": 0, "vae": 0}
    ledger, _ = generation(model, fill.workload(model), hardware("h200"), fill.plan(model, offload=way))
    others = [each.weights for each in ledger.weights.values() if each.role in alone]
    beside = sum(
        own.total - own.blocks + own.blocks * own.pinned_blocks if way == "group" else own.total * own.pinned
        for own in others
    )
    assert ledger.host.resident - beside == pytest.approx(MEASURED, rel=0.01)


def test_other_programs_pin_in_one_piece():
    """Wan2GP pins buffers of its own: their bytes are those of the weights."""
    memory = vidcalc.estimate(WAN, gpu="rtx-4090", framework="wan2gp").memory.inference.host
    assert memory.pinned <= memory.resident < 22 * GIB  # 14.3 + 5.7 + 0.25 billion bytes of int8


@pytest.mark.parametrize("way", WAYS)
def test_less_host_memory_costs_time(way):
    pinned, pageable, disk = (asked(offload=way, offload_to=place) for place in ("pinned", "pageable", "disk"))
    rooms = [each.memory.inference.host for each in (pinned, pageable, disk)]
    assert rooms[0].resident > rooms[1].resident > 40e9 > 4 * GIB > rooms[2].resident == rooms[2].pinned
    assert rooms[1].pinned == rooms[2].pinned > 0
    steps = [each.time.inference.per_step for each in (pinned, pageable, disk)]
    # a core gathers each byte twice a step, then reads it too: nothing of it hides
    moved = 2 * 28.6e9
    chip = hardware("rtx-4090").accelerator
    gathered, read = (moved / host_rate(chip, kind) for kind in ("gathered", "disk"))
    assert steps[1] - steps[0] == pytest.approx(gathered, rel=0.05)
    assert steps[2] - steps[1] == pytest.approx(read, rel=0.1)
    assert {each.memory.inference.peak for each in (pageable, disk)} == {pinned.memory.inference.peak}


def test_groups_that_wait_read_files_and_write_none_back():
    memory, disk = asked(offload="group-wait"), asked(offload="group-wait", offload_to="disk")
    assert disk.memory.inference.host.resident == 0 < memory.memory.inference.host.resident
    assert "disk_rate" in {row.id for row in disk.assumptions}
    assert disk.time.inference.per_step > memory.time.inference.per_step


def test_with_a_stream_a_group_is_one_block_and_that_is_said():
    one, four = asked(offload="group"), asked(offload="group", blocks_per_group=4)
    assert four.memory.inference.peak == one.memory.inference.peak
    assert four.memory.inference.host.resident == one.memory.inference.host.resident
    assert four.time.inference.per_step == one.time.inference.per_step
    assert "groups_of_one" in {each.id for each in four.warnings} - {each.id for each in one.warnings}


@pytest.mark.parametrize("plan", [{"offload_to": "disk"}, {"offload": "model", "offload_to": "pageable"}])
def test_only_groups_wait_elsewhere(plan):
    with pytest.raises(InputError) as refused:
        asked(**plan)
    assert "offload-to" in refused.value.flag
