"""Networks that no library has, against their makers' classes: weights and FLOPs of small ones, weights of models."""

import importlib
import json
from typing import Any

import msgspec
import pytest
from golden_cases import GOLDEN, flops

from vidcalc.catalog.models import model
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import hunyuan_game
from vidcalc.tape import Tape

HELD = json.loads((GOLDEN / "makers.json").read_text(encoding="utf-8"))
SMALL = {"frames": 17, "height": 8, "width": 8, "tokens": 16}


def taped(network: str, entry: str, config: dict[str, Any], shape: Shape) -> Tape:
    module = importlib.import_module(f"vidcalc.networks.{network}")
    tape = Tape("bf16")
    getattr(module, entry)(tape, msgspec.convert(config, module.Config), shape)
    return tape


@pytest.mark.parametrize("case", HELD["cases"], ids=lambda case: case["source"].split()[-1])
def test_a_small_network_has_its_makers_weights_and_flops(case: dict[str, Any]) -> None:
    tape = taped(case["network"], case.get("entry", "forward"), case["config"], Shape(**case["shape"]))
    assert tape.parameter_count == case["params"]
    assert flops(tape) == case["flops"]


@pytest.mark.parametrize("case", HELD["models"], ids=lambda case: case["model"])
def test_a_model_has_its_makers_weights(case: dict[str, Any]) -> None:
    known = model(case["model"]).denoiser
    assert known.params == case["params"]
    sizes = SMALL | case.get("shape", {})
    tape = taped(known.network, "forward", known.config, Shape(**sizes, timestep=known.timestep))
    assert tape.parameter_count == case["params"]


def test_the_camera_of_gamecraft_is_its_makers_network() -> None:
    """CameraNet of Tencent-Hunyuan/Hunyuan-GameCraft-1.0@07afcd4: 33 frames of 64 x 64, to tokens of width 64."""
    tape = Tape("bf16")
    config = hunyuan_game.Config(num_attention_heads=1, attention_head_dim=64)
    out = hunyuan_game.rays(tape, config, Shape(frames=9, height=8, width=8), 9)
    assert out.shape == (1, 144, 64)
    assert (tape.parameter_count, flops(tape)) == (98737, 354484224)
