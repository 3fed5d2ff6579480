"""Wan 2.1 against figures recorded from diffusers and transformers (tests/golden, see scripts/record_golden.py).

The bars: parameters equal, FLOPs within 0.1 %, peaks of live bytes within 2 %, training within 3 %.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from vidcalc.catalog.fill import model
from vidcalc.describe.checkpointing import NONE, Checkpointing
from vidcalc.describe.checkpointing import checkpointing as meaning
from vidcalc.describe.model import Component, Model
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape
from vidcalc.tape.backward import Backward, backward
from vidcalc.tape.trace import configuration

FLOPS_BAR, PEAK_BAR, TRAINING_BAR = 0.001, 0.02, 0.03
RUNS = {"denoiser": "forward", "vae_decode": "decode", "vae_encode": "encode", "text_encoder": "encode"}
NAMES = ("wan2.1-t2v-1.3b", "wan2.1-t2v-14b")


def recorded() -> list[Any]:
    """Every recorded case, with the model it belongs to."""
    found = []
    for name in NAMES:
        held = json.loads((Path(__file__).parents[1] / "golden" / f"{name}.json").read_text(encoding="utf-8"))
        for case in held["cases"]:
            sizes = "-".join(str(each) for each in case["shape"].values())
            altered = "-altered" if "changes" in case else ""
            title = f"{name.rpartition('-')[2]}-{case['component']}-{sizes}-{case['dtype']}{altered}"
            found.append(pytest.param(name, case, id=title.replace(", ", "x")))
    return found


CASES = recorded()
TRAINING = [param for param in CASES if "training" in param.values[1]]


def component(found: Model, case: dict[str, Any]) -> Component:
    """The catalogue's component that a case is about, altered as the case says."""
    whole = {"denoiser": found.denoiser, "vae": found.vae} | {f"text_encoder:{c.id}": c for c in found.text_encoders}
    part: Component = whole[case["part"]]
    altered = part.config | case.get("changes", {})
    return Component(id=part.id, network=part.network, config=altered)


def run(name: str, case: dict[str, Any], *, training: bool = False, how: Checkpointing = NONE) -> tuple[Tape, Any]:
    """Our tape of a case, and what the network returned."""
    found = model(name)
    part = component(found, case)
    module = import_module("vidcalc.networks." + part.network)
    stated = case["shape"]
    frames, height, width = stated.get("latent") or stated.get("pixels") or (1, 1, 1)
    text = found.defaults.text_tokens if case["component"] == "denoiser" else 0
    shape = Shape(
        batch=stated["batch"],
        frames=frames,
        height=height,
        width=width,
        tokens=stated.get("tokens", text),
        extra={"masked": stated.get("masked", True)},
    )
    tape = Tape(case["dtype"], training=training, checkpointing=how)
    tiles = {"tiling": module.TILING} if stated.get("tiling") else {}
    return tape, getattr(module, RUNS[case["component"]])(tape, configuration(part), shape, **tiles)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_one_call_is_that_of_the_published_class(name: str, case: dict[str, Any]) -> None:
    tape, out = run(name, case)
    assert sum(op.flops * op.count for op in tape.ops) == pytest.approx(case["flops"], rel=FLOPS_BAR)
    for kind, flops in case["flops_by_kind"].items():
        assert sum(op.flops * op.count for op in tape.ops if op.kind == kind) == pytest.approx(flops, rel=FLOPS_BAR)
    assert tape.peak == pytest.approx(case["peak_activation_bytes"], rel=PEAK_BAR)
    del out
    assert tape.live == 0


@pytest.mark.parametrize(("name", "case"), [param for param in CASES if param.values[1]["part"] != "vae"])
def test_parameters_are_equal(name: str, case: dict[str, Any]) -> None:
    assert run(name, case)[0].parameter_count == case["params"]


def test_the_two_halves_of_the_vae_have_all_its_parameters() -> None:
    halves = {case["component"]: case for _, case in (param.values for param in CASES) if case["part"] == "vae"}
    names: dict[str, tuple[Any, str]] = {}
    for case in halves.values():
        names |= run(NAMES[0], case)[0].parameters
    assert sum(elements for elements, _ in names.values()) == halves["vae_decode"]["params"]


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_states_what_the_classes_have(name: str) -> None:
    found = model(name)
    cases = [case for owner, case in (param.values for param in CASES) if owner == name and "changes" not in case]
    counts = {case["part"]: case["params"] for case in cases}
    stated = {"denoiser": found.denoiser.params, "vae": found.vae.params} | {
        f"text_encoder:{c.id}": c.params for c in found.text_encoders
    }
    assert counts == {part: stated[part] for part in counts}


# --- training -----------------------------------------------------------------------------------------------


def trained(name: str, case: dict[str, Any], checkpointing: str) -> Backward:
    """A training step of a case on our tape."""
    tape, out = run(name, case, training=True, how=meaning(checkpointing))
    return backward(tape, out)


@pytest.mark.parametrize(("name", "case"), TRAINING)
@pytest.mark.parametrize(("recorded", "checkpointing"), [("plain", "none"), ("checkpointed", "full")])
def test_a_training_step_holds_what_the_published_class_holds(
    name: str, case: dict[str, Any], recorded: str, checkpointing: str
) -> None:
    walked, real = trained(name, case, checkpointing), case["training"][recorded]
    assert walked.kept == pytest.approx(real["kept_for_backward"], rel=TRAINING_BAR)
    assert walked.peak == pytest.approx(real["forward_backward_peak"], rel=TRAINING_BAR)


@pytest.mark.parametrize(("name", "case"), TRAINING)
def test_every_weight_gets_its_gradient(name: str, case: dict[str, Any]) -> None:
    walked = trained(name, case, "none")
    assert walked.grads == pytest.approx(case["params_bytes"], rel=1e-4)
    assert trained(name, case, "full").grads == walked.grads
