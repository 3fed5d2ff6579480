"""Weights that fill the card: never more than there is room for, all of them where there is, and what is missing comes.

A prediction above the card is never called tight, whatever the job.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from vidcalc.calculate import calculate
from vidcalc.catalog import fill, models
from vidcalc.catalog.frameworks import framework, names
from vidcalc.cost.verdict import interval, verdict
from vidcalc.describe.hardware import Hardware
from vidcalc.ledger.types import Ledger
from vidcalc.ops import Copy
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware

GIB = 2**30
CARD = hardware("rtx-4090")
CASES = ("wan2.1-t2v-14b", "wan2.2-t2v-a14b", "hunyuanvideo-1.5", "ltx-2", "minimax-h3", "svd-xt")
LOADERS = ("comfyui", "comfyui-legacy", "framepack", "diffsynth")
SIZES = (6, 10, 16, 24, 48, 400)
FRAMEWORKS = ("diffusers", "comfyui", "wan2gp", "sglang")


def card(gibibytes: float) -> Hardware:
    """The same card with another memory."""
    chip = replace(CARD.accelerator, memory_torch=round(gibibytes * GIB), memory_driver=round(gibibytes * GIB))
    return replace(CARD, accelerator=chip)


def placed(name: str, loader: str, gibibytes: float) -> Ledger:
    model = fill.model(name)
    workload = fill.workload(model, width=512, height=320, frames=17, steps=4)
    own = framework(loader).plan.get("offload", "by-card")
    offload = "dynamic-swap" if own == "by-card" else own  # where a large card has all of it
    return generation(model, workload, card(gibibytes), fill.plan(model, framework=loader, offload=offload))[0]


def copied(ops: Any) -> Any:
    return sum(op.nbytes * op.count for op in ops if isinstance(op, Copy))


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", CASES)
def test_more_memory_keeps_more_and_streams_less(name: str, loader: str) -> None:
    there, comes = [], []
    for size in SIZES:
        ledger = placed(name, loader, size)
        phase = ledger.phase("denoise")
        assert phase is not None
        own = ledger.weights[phase.component.id].stored
        there.append(phase.resident[phase.component.id])
        comes.append(copied(phase.ops))
        assert there[-1] + comes[-1] >= own.copy
        assert 0 <= phase.yields <= there[-1] <= own.copy
    assert there == sorted(there)
    assert comes == sorted(comes, reverse=True)
    assert there[-1] == own.copy
    assert comes[-1] == 0


@pytest.mark.parametrize("name", CASES)
def test_what_fills_the_card_leaves_the_work_its_room(name: str) -> None:
    """All that is needed fits, or weights gave way until nothing of them but what is in flight was left."""
    for size in SIZES:
        ledger = placed(name, "comfyui", size)
        for phase in ledger.phases:
            if not phase.fills:
                continue
            used = sum(phase.resident.values()) + phase.activations + phase.workspace + ledger.further.process
            assert used <= size * GIB or phase.yields == 0, (size, phase.id)


def test_what_has_no_room_is_told_with_the_seconds_it_waits() -> None:
    model = fill.model("wan2.1-t2v-14b")
    workload = fill.workload(model, width=256, height=256, frames=5, steps=20)  # too little work to hide copies
    plan = fill.plan(model, framework="comfyui")
    small, large = (calculate(model, workload, card(size), plan) for size in (8, 80))
    assert {each.memory.inference.verdict for each in (small, large)} == {"fits"}
    assert small.memory.inference.streamed > 0 == large.memory.inference.streamed
    waits = [each.time.inference.parts["denoise"]["transfer"] for each in (small, large)]
    assert waits[0] > 5 * waits[1]
    said = {warning.id: warning.values for warning in small.warnings}
    assert said["streams"] == {"streamed": small.memory.inference.streamed, "seconds": waits[0]}
    assert "streams" not in {warning.id for warning in large.warnings}


@pytest.mark.parametrize("name", models.names())
def test_a_prediction_above_the_card_is_never_tight(name: str) -> None:
    model = fill.model(name)
    workload = fill.workload(model, width=256, height=256, frames=17, steps=2)
    for profile in FRAMEWORKS:
        found = calculate(model, workload, card(1000), fill.plan(model, framework=profile)).memory.inference
        for size in (found.peak - 2**20, found.peak + 2**20, found.high + 2**20):
            memory = calculate(model, workload, card(size / GIB), fill.plan(model, framework=profile)).memory.inference
            over = memory.peak > memory.capacity or memory.device > memory.capacity
            assert memory.verdict == ("too_big" if over and not memory.unsized else memory.verdict), (profile, size)
            assert memory.verdict != "too_big" or over, (profile, size)


def test_the_words_of_a_verdict_meet_at_the_capacity() -> None:
    low, high = interval(10 * GIB)
    assert low < 10 * GIB < high
    assert verdict(10 * GIB, high, 10 * GIB) == "tight"
    assert verdict(10 * GIB, high, 10 * GIB - 1) == "too_big"
    assert verdict(10 * GIB, high, high) == "fits"


@pytest.mark.parametrize("name", names())
def test_a_profile_that_is_like_another_says_something_of_its_own(name: str) -> None:
    profile = framework(name)
    assert profile.version
    assert profile.sources
    if profile.like:
        other = framework(profile.like)
        assert profile.title != other.title
        assert (profile.plan, profile.runtime) != (other.plan, other.runtime)
