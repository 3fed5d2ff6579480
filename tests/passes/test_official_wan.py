"""The makers' scripts of Wan without a flag: float32 weights, offload on one GPU and none on several, the VAE there."""

from typing import Any

import pytest

from vidcalc.catalog import fill
from vidcalc.ledger.types import Ledger
from vidcalc.ops import Copy
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware

CASES = [("wan2.1-t2v-14b", "wan-official"), ("wan2.2-t2v-a14b", "wan-official-2.2")]


def made(model: str, profile: str, gpus: int = 1, **given: Any) -> Ledger:
    chosen = fill.model(model)
    workload = fill.workload(chosen, width=832, height=480, frames=17, steps=4)
    machine = hardware("h100-sxm", gpus)
    return generation(chosen, workload, machine, fill.plan(chosen, framework=profile, **given))[0]


@pytest.mark.parametrize(("model", "profile"), CASES)
def test_weights_are_float32_unless_converted(model: str, profile: str) -> None:
    plain, converted = made(model, profile), made(model, profile, precision="bf16")
    sizes = [next(each for each in ledger.weights.values() if each.role == "denoiser") for ledger in (plain, converted)]
    assert sizes[0].stored.total == pytest.approx(2 * sizes[1].stored.total, rel=0.02)


@pytest.mark.parametrize(("model", "profile"), CASES)
def test_one_gpu_offloads_and_several_do_not(model: str, profile: str) -> None:
    alone, shared = made(model, profile), made(model, profile, gpus=4, ulysses_degree=4)
    vae = next(name for name, each in alone.weights.items() if each.role == "vae")
    for phase in alone.phases:
        own = {name for name, nbytes in phase.resident.items() if nbytes and name in alone.weights}
        assert own == {phase.component.id, vae}, phase.id
        # one expert of two
        assert phase.resident[phase.component.id] == alone.weights[phase.component.id].stored.copy
    for phase in shared.phases:
        assert not any(isinstance(op, Copy) for op in (*phase.ops, *phase.once))
        for name, each in shared.weights.items():
            assert phase.resident[name] == each.stored.total
    # what is asked for holds
    assert all(len(phase.resident) > 2 for phase in made(model, profile, offload="none").phases)
