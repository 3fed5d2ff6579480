"""One call of a network on a rank: what it waits for beyond its work, and nothing twice."""

import pytest
from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.cost.call import hooked, spent
from vidcalc.cost.seconds import NOTHING, total
from vidcalc.cost.time import launches
from vidcalc.ledger.types import EAGER
from vidcalc.ops import Attention, Collective, Copy, Matmul
from vidcalc.passes import generation
from vidcalc.passes.copies import before
from vidcalc.rates.host import host_calls, host_rate
from vidcalc.rates.laws import sharing
from vidcalc.rates.machines import hardware
from vidcalc.rates.traffic import launch

CHIP = hardware("h100-sxm").accelerator
SMALL = {"width": 256, "height": 256, "frames": 9}  # so little work that starting the kernels takes longest
GUIDED = {"guidance_mode": "sequential", "forwards_per_step": 2, "batched_forwards": 1}


def calls(gpu="h100-sxm", size=None, **changes):
    """The denoiser's phases, seconds of a call of each, and when the host has started its kernels."""
    model = fill.model("wan2.1-t2v-1.3b")
    workload, plan = fill.workload(model, **(size or {})), replace(fill.plan(model), **changes)
    machine = hardware(gpu, 8)
    ledger, _ = generation(model, workload, machine, plan)
    found = [phase for phase in ledger.phases if phase.id == "denoise"]
    times = [spent(phase, machine) for phase in found]
    started = [launches(phase.ops) / launch(machine.accelerator, EAGER.compile).likely for phase in found]
    return found, times, started


def copied(phase):
    """Bytes that a call copies from host memory."""
    return sum(op.nbytes * op.count for op in phase.ops if isinstance(op, Copy))


@pytest.mark.parametrize("changes", [{}, {"offload": "group"}])
def test_kernels_that_start_late_and_what_goes_on_meanwhile_are_not_added_up(changes):
    _, (seconds,), (started,) = calls(size=SMALL, **changes)
    meanwhile = total({kind: part for kind, part in seconds.items() if kind != "launch"}).likely
    assert total(seconds).likely == pytest.approx(max(started, meanwhile))


def test_a_call_takes_no_less_than_its_host_needs_to_start_kernels_and_exchanges():
    (phase,), (seconds,), (started,) = calls(size=SMALL, ulysses_degree=4)
    exchanges = sum(op.count * op.messages for op in phase.ops if isinstance(op, Collective) and op.ranks > 1)
    started += exchanges * sharing()["exchange"]["host_calls"] * host_calls()[0]
    busy = total({kind: part for kind, part in seconds.items() if kind != "launch"}).likely
    assert total(seconds).likely == pytest.approx(max(started, busy))
    assert started > busy
    _, (long,), _ = calls(ulysses_degree=4)  # a clip with enough work hides its host
    assert long["launch"].likely == 0


def test_a_copy_that_nothing_hides_halts_the_host_as_well():
    _, (alone,), _ = calls(size=SMALL)
    _, (copied,), _ = calls(size=SMALL, offload="sequential")
    assert copied["transfer"].likely > 0
    assert alone["launch"].likely > 0
    assert copied["launch"].likely == pytest.approx(alone["launch"].likely)


def test_unguided_steps_have_no_predictions_to_exchange():
    (guided, alone), times, _ = calls(**GUIDED, guidance_degree=2, guided_share=0.5)
    assert (guided.at_once, alone.at_once) == (2, 1)
    assert times[0]["communication"].likely > times[1]["communication"].likely == 0


def test_blocks_that_a_step_cache_skips_are_not_brought():
    way, half = {"offload": "sequential"}, {"step_cache": "stated", "computed_steps": 0.5}
    ((whole,), (long,), _), ((cached,), (short,), _) = calls(**way), calls(**way, **half)
    assert copied(cached) == pytest.approx(copied(whole) / 2)
    assert short["transfer"].likely == pytest.approx(long["transfer"].likely / 2)


def test_a_rank_brings_its_own_slice():
    ((whole,), (long,), _), ((slice_,), (short,), _) = (
        calls(offload="sequential", **way) for way in ({}, {"shard_degree": 4})
    )
    assert copied(slice_) == pytest.approx(copied(whole) / 4)
    # as many tensors, each a quarter as large
    hooks = sum(hooked(op, CHIP).likely for op in whole.ops if isinstance(op, Copy))
    assert short["transfer"].likely - hooks == pytest.approx((long["transfer"].likely - hooks) / 4)
    assert hooks > 0


def test_a_leaf_hides_behind_the_leaf_before_it_alone():
    """Two layers that take a second each: the copy of the second hides behind the first, that of the first (whose turn
    comes after the last of its block) behind the second; attention between them lends its time to the second's."""
    layer = Matmul("a", 1, "bf16", rows=1000, d_in=1000, d_out=1000, batch=1, weight=1, element_bytes=2)
    seen = Attention(
        "s", 1, "bf16", batch=1, heads=1, queries=1000, keys=1000, d_head=1000, d_value=1000, element_bytes=2
    )
    assert before((layer, replace(layer, path="b"))) == [layer.flops, layer.flops]
    assert before((layer, seen, replace(layer, path="b"))) == [layer.flops, layer.flops + seen.flops]


def test_memory_that_nobody_touched_is_slower_than_memory_that_was_and_that_than_pinned():
    fresh, pageable, pinned = (host_rate(CHIP, kind) for kind in ("fresh", "pageable", "pinned"))
    assert fresh < pageable < pinned
    # a faster link helps pinned memory in proportion, the others up to what the host's memory gives
    faster = replace(CHIP, host_copies=(), pcie=replace(CHIP.pcie, rate=100 * CHIP.pcie.rate))
    assert host_rate(faster, "pinned") > 50 * pinned
    assert host_rate(faster, "pageable") < 1.3 * pageable


def test_a_rank_caches_the_predictions_that_it_makes():
    cache = {"step_cache": "stated", "computed_steps": 0.5}
    ((alone,), _, _), ((shared,), _, _) = (calls(**GUIDED, **cache, guidance_degree=degree) for degree in (1, 2))
    assert shared.live["cached"] * 2 == alone.live["cached"] > 0


def test_alone_a_call_waits_for_nobody():
    (phase,), (seconds,), _ = calls()
    assert not any(isinstance(op, Collective) for op in phase.ops)
    assert seconds["communication"] == NOTHING
