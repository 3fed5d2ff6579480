"""What ranks tell each other: nothing alone, bytes over the links that join them, and what work beside it hides."""

import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.accelerators import link, usual_nodes
from vidcalc.cost.call import exposed_communication
from vidcalc.cost.seconds import NOTHING, total
from vidcalc.cost.time import by_kind
from vidcalc.ops import Attention, Collective
from vidcalc.passes import generation
from vidcalc.rates.collectives import typical
from vidcalc.rates.machines import accelerator, hardware
from vidcalc.rates.tail import slowdown
from vidcalc.rates.wires import chunked, network_latency, over_host, wires
from vidcalc.tape.trace import tiles

GB = 10**9
OPERATIONS = ("all_reduce", "all_gather", "all_to_all")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_rank_tells_nobody_and_more_bytes_take_longer(operation):
    among = wires(hardware("h100-sxm", 8))
    assert among.seconds(operation, GB, 1) == 0
    assert among.send(GB, 1) == 0
    small, large = among.seconds(operation, GB, 8), among.seconds(operation, 2 * GB, 8)
    assert small < large < 2 * small
    assert among.seconds(operation, np.array([GB, 2 * GB]), 8).tolist() == [small, large]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_cards_over_the_host_are_many_times_slower_than_a_fabric(operation):
    fabric, cards = hardware("h100-sxm", 8), hardware("rtx-4090", 8)
    assert (over_host(fabric), over_host(cards)) == (False, True)
    assert wires(cards).seconds(operation, GB, 8) > 10 * wires(fabric).seconds(operation, GB, 8)
    replaced = replace(fabric, link=link("pcie4-x16"))
    assert over_host(replaced)
    both = [wires(each).seconds(operation, GB, 2) for each in (replaced, cards)]
    assert both[0] == pytest.approx(both[1], rel=1e-3)


def test_cards_that_write_into_each_others_memory_over_the_cpu_are_in_each_others_way():
    """Four cards and more, in an all-to-all: a GeForce's goes through host memory, over PCIe 5 it was measured."""
    peers, through, newer = (wires(hardware(name, 8)) for name in ("l20", "rtx-4090", "rtx-pro-6000-blackwell"))
    assert [each.crowded for each in (peers, through, newer)] == [True, False, False]
    moved = GB * 7 / 8 / 2e9  # at 2 GB/s
    assert peers.seconds("all_to_all", GB, 8) == pytest.approx(moved, rel=0.05)
    for many in (2, 3):
        assert peers.seconds("all_to_all", GB, many) == pytest.approx(through.seconds("all_to_all", GB, many), rel=0.01)
    few, most = peers.seconds("all_to_all", GB, np.array([3, 4]))
    assert most > 8 * few
    assert peers.seconds("all_gather", GB, 8) == pytest.approx(through.seconds("all_gather", GB, 8), rel=0.01)
    assert through.seconds("all_to_all", GB, 8) < peers.seconds("all_to_all", GB, 8) / 5
    assert wires(hardware("h100-sxm", 8)).crowded is False
    assert wires(replace(hardware("h100-sxm", 8), link=link("pcie4-x16"))).crowded is True


def test_a_bridge_joins_pairs_and_the_rest_meets_over_the_host():
    among = wires(hardware("h100-nvl", 8))
    assert among.seconds("all_reduce", GB, 8) > 5 * among.seconds("all_reduce", GB, 2)


def test_across_nodes_an_all_to_all_goes_through_one_port_each():
    near, far = hardware("h100-sxm", 8), hardware("h100-sxm", 8, nodes=4)
    port = typical(link("ib-ndr"))
    crossing = GB * 24 / 32  # three of four nodes
    waiting = (wires(near).chip.collectives[0].latencies[-1] + 3 * network_latency()) * chunked(GB)
    assert wires(far).seconds("all_to_all", GB, 32) == pytest.approx(crossing / port + waiting)
    assert wires(far).seconds("all_to_all", GB, 8) == wires(near).seconds("all_to_all", GB, 8)
    ring = wires(far).seconds("all_gather", GB, 32)  # eight ports carry a ring
    assert ring == pytest.approx(GB * 31 / 32 / (8 * port) + waiting)
    slow = replace(far, network=link("ib-edr"))
    assert wires(slow).seconds("all_to_all", GB, 32) == pytest.approx(crossing / typical(link("ib-edr")) + waiting)


def test_a_group_that_takes_every_eighth_rank_has_no_neighbour_in_its_node():
    among = wires(hardware("h100-sxm", 8, nodes=2))
    assert among.send(GB, 2, stride=8) > 5 * among.send(GB, 2, stride=1)


def test_nodes_hold_eight_and_racks_seventy_two():
    assert usual_nodes(accelerator("h100-sxm"), 32) == 4
    assert usual_nodes(accelerator("gb200"), 72) == 1
    assert [usual_nodes(accelerator("h100-sxm"), count) for count in (1, 7, 8, 12, 100)] == [1, 1, 1, 2, 20]


def call(name, steps=None, **degrees):
    """One rank's denoiser call of a model with these degrees."""
    model = fill.model(name)
    plan = replace(fill.plan(model), **degrees)
    ledger, _ = generation(model, fill.workload(model, steps=steps), hardware("h100-sxm", 8), plan)
    return ledger.phase("denoise")


def exchanges(phase, way):
    """The exchanges of a call for one way of sharing."""
    return [op for op in phase.ops if isinstance(op, Collective) and op.way == way]


def exposed(phase, gpu="h100-sxm", work=None):
    """Seconds that the call waits by way of sharing, and those of its work by kind."""
    machine = hardware(gpu, 8)
    spent = by_kind(phase.ops, machine.accelerator, phase.run) if work is None else work
    return exposed_communication(phase, spent, machine), spent


def waits(name, gpu="h100-sxm", **degrees):
    """Seconds that a denoiser call of a model with these degrees waits, by way of sharing."""
    model, machine = fill.model(name), hardware(gpu, 8)
    plan = replace(fill.plan(model), **degrees)
    phase = generation(model, fill.workload(model), machine, plan)[0].phase("denoise")
    return exposed(phase, gpu)[0]


def test_alone_every_way_waits_for_nothing():
    assert waits("wan2.1-t2v-1.3b") == {}
    assert not any(isinstance(op, Collective) for op in call("wan2.1-t2v-1.3b").ops)


@pytest.mark.parametrize(
    ("way", "degrees"),
    [
        ("ulysses", {"ulysses_degree": 4}),
        ("ring", {"ring_degree": 4}),
        ("tensor", {"tensor_degree": 4}),
        ("pipefusion", {"pipefusion_degree": 5}),
        ("shards", {"shard_degree": 4}),
        ("guidance", {"guidance_degree": 2}),
    ],
)
def test_each_way_waits_for_its_own_exchange(way, degrees):
    found = waits("wan2.1-t2v-1.3b", "rtx-4090", **degrees)
    beside = {"tail"}
    assert found[way] > 0
    assert all(seconds == 0 for name, seconds in found.items() if name not in {way} | beside)


def test_attention_in_turns_loses_what_was_measured_where_nothing_else_waits():
    """MagiAttention's benchmark, 8 H100: a ring reaches 510 TFLOP/s a GPU where Ulysses reaches 605."""
    found, work = exposed(call("wan2.1-t2v-14b", ring_degree=8))
    assert found["ring"] / work["attention"].likely == pytest.approx(605 / 510 - 1, abs=0.02)


def test_an_all_to_all_moves_four_tensors_of_each_layer():
    found = call("wan2.1-t2v-1.3b", ulysses_degree=4)
    layer = 32_760 * 1536 * 2 * fill.plan(fill.model("wan2.1-t2v-1.3b")).batched_forwards
    assert sum(op.count for op in exchanges(found, "ulysses")) == 4 * 30
    assert {op.nbytes for op in exchanges(found, "ulysses") if op.count} == {layer / 4}
    once = wires(hardware("h100-sxm", 8)).seconds("all_to_all", layer / 4, 4)
    assert exposed(found)[0]["ulysses"] == pytest.approx(4 * 30 * once)


@pytest.mark.parametrize("degrees", [{"ulysses_degree": 4}, {"ring_degree": 4}])
def test_sparse_attention_exchanges_what_dense_attention_does(degrees):
    sparse = {"sparse_attention": "stated", "attention_density": 0.3}
    idle = {"attention": NOTHING}  # no work hides what a ring sends
    dense, light = (call("wan2.1-t2v-1.3b", **degrees, **way) for way in ({}, sparse))
    assert sum(op.flops * op.count for op in light.ops) < sum(op.flops * op.count for op in dense.ops)
    assert exposed(light, "rtx-4090", idle) == exposed(dense, "rtx-4090", idle)

    def copied(found):
        return sum(op.activation_bytes * op.count for op in found.ops if op.path.endswith(".shared"))

    assert copied(light) == copied(dense) > 0


def test_tensor_parallelism_sums_where_a_cut_ends():
    def places(name):
        return [op.path for op in exchanges(call(name, tensor_degree=4), "tensor")]

    assert places("wan2.1-t2v-14b") == [
        "blocks.*.attn1.to_out.0",
        "blocks.*.attn2.to_out.0",
        "blocks.*.ffn.net.2",
    ]
    single = [path for path in places("hunyuanvideo-t2v") if path.startswith("single_")]
    assert single == ["single_transformer_blocks.*.proj_out"]


def test_work_hides_shards_on_a_fabric_and_not_over_the_host():
    shards = [waits("wan2.1-t2v-14b", gpu, shard_degree=8)["shards"] for gpu in ("h100-sxm", "l40s")]
    assert shards[0] == 0 < shards[1]


def test_the_first_step_of_pipefusion_runs_the_stages_in_turn():
    for steps in (5, 50):
        found, work = exposed(call("wan2.1-t2v-1.3b", steps, pipefusion_degree=5))
        assert found["pipefusion"] * steps / total(work).likely == pytest.approx(4)


def test_few_heads_leave_more_of_the_last_wave_empty():
    whole = Attention(
        path="a",
        count=1,
        precision="bf16",
        batch=1,
        heads=24,
        queries=118_800,
        keys=118_800,
        d_head=128,
        d_value=128,
        element_bytes=2,
    )
    assert slowdown(whole, accelerator("h100-sxm"), "flash2") == 1
    assert slowdown(replace(whole, whole=(24, 118_800)), accelerator("h100-sxm"), "flash2") == 1
    part = replace(whole, heads=3, whole=(24, 118_800))
    assert 1 < slowdown(part, accelerator("h100-sxm"), "flash2") < 1.1
    assert slowdown(part, accelerator("tpu-v5p"), "sdpa") == 1  # its units are not known


@pytest.mark.parametrize(("name", "framework"), [("wan2.1-t2v-14b", "diffusers"), ("open-sora-1.3", "opensora")])
def test_a_decode_in_patches_keeps_its_serial_share(name, framework):
    model = fill.model(name)

    def decode(degree, tiling="none"):
        plan = replace(fill.plan(model, framework=framework), decode_degree=degree, vae_tiling=tiling)
        return calculate(model, fill.workload(model), hardware("h100-sxm", degree), plan).time.inference.vae_decode

    alone = decode(1)
    assert [decode(degree) / alone for degree in (2, 4, 8)] == pytest.approx([0.6, 0.4, 0.3])
    if model.vae.network and tiles(model.vae):  # tiles have no borders to share
        assert decode(8, "default") / decode(1, "default") == pytest.approx((1 + 7 * 0.05) / 8)


def test_some_frameworks_share_the_decode_among_those_who_share_the_tokens():
    model, machine = fill.model("wan2.1-t2v-14b"), hardware("h100-sxm", 4)

    def decode(framework, **degrees):
        plan = replace(fill.plan(model, framework=framework, offload="none"), **degrees)
        return calculate(model, fill.workload(model), machine, plan).time.inference.vae_decode

    alone = decode("sglang")
    assert decode("sglang", ulysses_degree=4) == pytest.approx(0.4 * alone)
    assert decode("sglang", tensor_degree=4) == pytest.approx(alone)
    assert decode("xdit", ulysses_degree=4) == pytest.approx(decode("xdit"))
    assert decode("sglang", ulysses_degree=2, decode_degree=4) == pytest.approx(0.4 * alone)


def test_a_sweep_prices_every_size_as_alone():
    model = fill.model("wan2.1-t2v-1.3b")
    way = {
        "ulysses_degree": 4,
        "guidance_degree": 2,
        "step_cache": "stated",
        "computed_steps": 0.5,
        "guided_share": 0.5,
    }
    plan, machine = replace(fill.plan(model), **way), hardware("rtx-4090", 8)
    frames = np.array([33.0, 81.0])
    swept = calculate(model, fill.workload(model, frames=frames), machine, plan).time.inference.total
    alone = [calculate(model, fill.workload(model, frames=int(n)), machine, plan).time.inference.total for n in frames]
    assert np.asarray(swept).tolist() == pytest.approx(alone, rel=1e-6)
