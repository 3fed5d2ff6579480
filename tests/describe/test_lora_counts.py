"""Adapters hold as many weights as peft's do, on every network that diffusers has.

`peft_counts.json`: rank 16, [on to_q, to_k, to_v, to_out.0; on every torch Linear] of the classes of diffusers 0.42.1
on the meta device, by the rule of peft 0.21.2: rank x (inputs + outputs) of each layer.
"""

import json
from pathlib import Path

import pytest

from vidcalc.catalog.models import model
from vidcalc.describe.adapters import Adapters
from vidcalc.modelfiles.weights import calls
from vidcalc.tape import Tape
from vidcalc.tape.trace import configuration, network

COUNTS: dict[str, list[int]] = json.loads((Path(__file__).parent / "peft_counts.json").read_text())


@pytest.mark.parametrize("name", COUNTS)
def test_adapters_hold_what_peft_s_hold(name: str) -> None:
    found = []
    for targets in ("attention", "all"):
        denoiser, tape = model(name).denoiser, Tape(adapters=Adapters(rank=16, targets=targets))
        for function, shape in calls(denoiser, "denoiser"):
            getattr(network(denoiser), function)(tape, configuration(denoiser), shape)
        found.append(int(tape.trained))
    assert found == COUNTS[name]
