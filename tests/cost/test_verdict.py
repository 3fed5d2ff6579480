"""Verdict, interval, warnings and host memory: what the driver may show against what it reports for the card."""

import pytest

from vidcalc.calculate import calculate
from vidcalc.cost.verdict import interval, verdict
from vidcalc.faces.requests.estimate import request
from vidcalc.rates.machines import accelerator

WAN = {"model": "wan2.1-t2v-1.3b"}


def inference(**asked):
    return calculate(*request({**WAN, **asked})).memory.inference


def warned(**asked):
    return {warning.id for warning in calculate(*request({**WAN, **asked})).warnings}


def test_the_capacity_is_what_the_driver_reports():
    chip = accelerator("h100-sxm")
    assert inference(gpu="h100-sxm").capacity == chip.memory_driver == 81_559 * 2**20
    assert chip.capacity < chip.reported


def test_where_nobody_asked_the_driver_the_capacity_is_what_software_sees():
    chip = accelerator("m4-max")
    assert chip.memory_driver is None
    assert chip.reported == chip.capacity


def test_the_verdict_follows_the_interval():
    low, high = interval(10**9)
    assert low < 10**9 < high
    said = [verdict(10**9, high, size) for size in (high, high - 1, 10**9, 10**9 - 1)]
    assert said == ["fits", "tight", "tight", "too_big"]


def test_a_sweep_has_a_verdict_each():
    import numpy as np

    needs = np.array([1e9, 10e9, 100e9])
    assert list(verdict(needs, interval(needs)[1], 10**10)) == ["fits", "tight", "too_big"]


def test_the_interval_lies_around_what_the_driver_shows():
    found = inference(gpu="rtx-4090")
    assert found.low < found.device < found.high
    assert (found.low, found.high) == interval(found.device)


@pytest.mark.parametrize("gpu", ["m4-max", "gb10", "jetson-thor"])
def test_memory_shared_with_the_system_is_named(gpu):
    assert "unified_memory" in warned(gpu=gpu)


def test_spilling_is_named_where_a_desktop_card_is_short_and_nowhere_else():
    large = {"model": "wan2.1-t2v-14b"}
    assert "windows_spill" in warned(gpu="rtx-4090", **large)
    assert "windows_spill" not in warned(gpu="a100-sxm-40gb", **large)
    assert "windows_spill" not in warned(gpu="rtx-pro-6000-blackwell")
    assert "unified_memory" not in warned(gpu="rtx-4090", **large)


def test_host_memory_is_what_waits_and_what_is_on_its_way():
    stays = inference()
    assert (stays.host.resident, stays.host.pinned) == (0, 0)
    assert stays.host_ram == stays.host.loading_peak > 0
    whole, streamed = inference(offload="model").host, inference(offload="group").host
    # each pinned tensor is rounded up to a power of two; what is outside of the blocks is not pinned
    assert 2 * whole.resident > streamed.resident > streamed.pinned > 0
    assert streamed.resident > whole.resident > stays.host.loading_peak
    assert whole.pinned == 0
    assert inference(offload="group-leaf").host.pinned >= streamed.pinned
    swapped = inference(offload="block-swap:10").host
    assert 0 < swapped.pinned < swapped.resident == whole.resident


def test_first_the_weights_arrive_and_last_the_pictures_leave():
    found = calculate(*request(WAN))
    stages = found.memory.inference.stages
    load, post = stages[0], stages[-1]
    assert (load.id, post.id) == ("load", "post")
    assert load.activations == 0
    assert load.weights == sum(row.bytes for row in found.model.components)
    clip = found.workload["frames"] * found.workload["height"] * found.workload["width"] * 3
    assert post.activations == 3 * clip * 2  # bf16: decoded, scaled, shifted
    assert found.time.inference.load > 0


def test_what_waits_in_host_memory_does_not_arrive_first():
    found = calculate(*request({**WAN, "offload": "model"}))
    assert found.memory.inference.stages[0].weights == 0
    assert found.time.inference.load == 0


def test_offload_model_keeps_one_of_two_experts_on_the_gpu():
    found = calculate(*request({"model": "wan2.2-t2v-a14b", "offload": "model"}))
    both = next(row for row in found.model.components if row.role == "denoiser")
    stages = {stage.id: stage for stage in found.memory.inference.stages}
    assert stages["denoise"].resident[both.id] == both.bytes / 2
    assert found.memory.inference.host.resident > both.bytes


def test_leaves_stream_two_at_a_time_without_the_wait_of_sequential():
    found = {way: calculate(*request({**WAN, "offload": way})) for way in ("sequential", "group-leaf", "group")}

    def denoise(way):
        return next(stage.weights for stage in found[way].memory.inference.stages if stage.id == "denoise")

    # what the largest modules take stands beside the peak of tensors only where that peak is not higher still
    assert denoise("sequential") <= denoise("group-leaf") < denoise("group")
    spent = {way: each.time.inference.total for way, each in found.items()}
    assert spent["group-leaf"] < spent["sequential"]


def test_every_process_of_a_machine_loads_for_itself() -> None:
    """FSDP on eight ranks: each has a whole expert of 57 GB in host memory before it keeps its shard."""
    asked = {"model": "wan2.2-t2v-a14b", "gpu": "h100", "framework": "wan-official-2.2"}
    shared = {"ulysses_degree": 8, "shard_degree": 8}
    eight = calculate(*request({**asked, "gpus": 8, "parallel": shared})).memory.inference
    assert eight.host.loading_peak == pytest.approx(57.2e9, rel=0.01)
    assert eight.host_ram == 8 * eight.host.loading_peak
