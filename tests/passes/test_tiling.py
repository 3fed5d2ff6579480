"""A decode that is made again in tiles, after the whole clip had no room, is the one that is asked for in tiles."""

import pytest

from vidcalc.catalog import fill
from vidcalc.ledger.types import Phase
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware


def decode(model: str, chip: str, **settings: str) -> Phase:
    described = fill.model(model)
    plan = fill.plan(described, framework="comfyui", precision="fp8", **settings)
    ledger, _ = generation(described, fill.workload(described, frames=121), hardware(chip), plan)
    (found,) = [phase for phase in ledger.phases if phase.id == "vae_decode"]
    return found


@pytest.mark.parametrize("model", ["hunyuanvideo-1.5", "hunyuanvideo-t2v"])
def test_the_second_try_rolls_on_as_tiles_that_are_asked_for(model: str) -> None:
    retried, asked, roomy = (
        decode(model, "rtx-4070"),
        decode(model, "rtx-4070", vae_tiling="default"),
        decode(model, "h200"),
    )
    assert (retried.live, retried.workspace) == (asked.live, asked.workspace)
    assert retried.calls == asked.calls == 1
    assert retried.activations < roomy.activations
