"""Frameworks whose copies in host memory stay there: nothing goes back, and what comes is from where their profile
says."""

from typing import Any

import pytest

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework, names
from vidcalc.ledger.types import Ledger
from vidcalc.ops import Copy, Op
from vidcalc.passes import generation
from vidcalc.passes.ways import EVERYONE, IN_FLIGHT
from vidcalc.rates.machines import hardware

CARD = hardware("rtx-4090")
PROFILES = ("wan2gp", "wan2gp-1", "wan2gp-2", "wan2gp-3", "wan2gp-3.5", "wan2gp-4.5", "wan2gp-5")
GUIDED = {"guidance_mode": "sequential", "forwards_per_step": 2, "batched_forwards": 1}


def placed(profile: str, model: str = "wan2.2-t2v-a14b", **given: Any) -> Ledger:
    chosen = fill.model(model)
    workload = fill.workload(chosen, width=512, height=320, frames=17, steps=4)
    return generation(chosen, workload, CARD, fill.plan(chosen, framework=profile, **given))[0]


def copies(ops: tuple[Op, ...]) -> list[Copy]:
    return [op for op in ops if isinstance(op, Copy)]


@pytest.mark.parametrize("name", [name for name in names() if framework(name).kept])
def test_nothing_goes_back_where_copies_are_kept(name: str) -> None:
    for way in ("model", "group", "group-wait", "group-leaf"):
        for phase in placed(name, "wan2.1-t2v-1.3b", offload=way).phases:
            # a network goes back to memory that is new, and blocks there and back are two copies
            assert not any(op.memory == "fresh" for op in copies((*phase.ops, *phase.once))), phase.id
            assert not any(op.count == 2 for op in copies(phase.ops) if op.path == phase.component.id), phase.id


@pytest.mark.parametrize("profile", PROFILES)
def test_mmgp_pins_what_its_profile_says(profile: str) -> None:
    """All in 1 and 2, the denoiser in 3 and 4, nothing in 5, 3+; 4+ differs from 4 in its streams alone."""
    ledger = placed(profile)
    pinned = {"1": EVERYONE, "2": EVERYONE, "3.5": (), "5": ()}.get(profile.partition("-")[2], ("denoiser",))
    whole = sum(each.weights.total for each in ledger.weights.values() if each.role in pinned)
    assert ledger.host.pinned == whole
    for phase in ledger.phases:
        role = ledger.weights[phase.component.id].role
        for op in copies((*phase.ops, *phase.once)):
            assert op.memory == ("pinned" if role in pinned else "pageable")
            assert op.hidden <= (role in pinned)


def test_a_block_comes_once_for_both_predictions_of_a_step() -> None:
    together, apart = placed("wan2gp", **GUIDED), placed("fastvideo", precision="int8", **GUIDED)
    for ledger, walks in ((together, 2), (apart, 1)):
        phase = ledger.phase("denoise")
        assert phase is not None
        own = ledger.weights[phase.component.id].stored
        assert sum(op.nbytes * op.count for op in copies(phase.ops)) * walks == pytest.approx(own.blocks, abs=2)
        outside = own.copy - own.blocks
        assert phase.resident[phase.component.id] == outside + IN_FLIGHT * own.block
        # it comes once, of both experts
        assert sum(op.nbytes for op in phase.once) == pytest.approx(2 * outside, abs=4)
    # hidden states of the other prediction [1, tokens, 5120] in bf16 wait meanwhile
    phase = together.phase("denoise")
    assert phase is not None
    assert phase.live["waiting"] == 5 * 20 * 32 * 5120 * 2
