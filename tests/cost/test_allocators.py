"""What each allocator holds beside tensors: torch's own has segments with holes, the driver's pool whole pages."""

import pytest

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework, names
from vidcalc.cost import memory
from vidcalc.cost.reserve import Counters, counters
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware
from vidcalc.tape.allocator import PAGE

RESERVE = 400 * 2**30  # byte: a card that is never full
IN_COMFYUI = ("comfyui", "comfyui-legacy", "comfyui-mps", "wanvideo-wrapper")


def shown(model: str, allocator: str, chip: str = "rtx-5090") -> Counters:
    described, machine = fill.model(model), hardware(chip)
    plan = fill.plan(described, framework="comfyui")
    ledger, _ = generation(described, fill.workload(described), machine, plan)
    return counters(memory.stages(ledger), RESERVE, allocator)


@pytest.mark.parametrize("model", ["hunyuanvideo-t2v", "cogvideox-5b"])
def test_the_drivers_pool_holds_whole_pages_and_no_holes(model: str) -> None:
    caching, pool = shown(model, "caching"), shown(model, "async")
    assert pool.allocated == caching.allocated
    assert 0 <= pool.reserved - pool.allocated < PAGE
    assert caching.reserved - caching.allocated > 100 * PAGE


@pytest.mark.parametrize("name", names())
def test_comfyui_and_what_runs_in_it_take_the_drivers_pool(name: str) -> None:
    assert framework(name).runtime.allocator == ("async" if name in IN_COMFYUI else "caching")


@pytest.mark.parametrize(
    ("chip", "expected"), [("rtx-5090", "async"), ("rx-7900-xtx", "caching"), ("m3-ultra", "caching")]
)
def test_the_pool_is_that_of_nvidias_driver(chip: str, expected: str) -> None:
    model = fill.model("wan2.1-t2v-1.3b")
    plan = fill.plan(model, framework="comfyui")
    ledger, _ = generation(model, fill.workload(model, frames=5), hardware(chip), plan)
    assert ledger.further.allocator == expected
