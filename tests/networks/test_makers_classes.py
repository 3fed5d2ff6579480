"""Networks that no library has, against their makers' classes: weights and FLOPs of small ones, weights of models."""

import importlib
import json
from typing import Any

import msgspec
import pytest
from golden_cases import GOLDEN, flops

from vidcalc.catalog.models import model
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import hunyuan_game, hunyuan_world, wan_game
from vidcalc.networks.transformers.rotary import rotary_tables
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
def test_a_models_count_says_where_it_is_from(case: dict[str, Any]) -> None:
    """Of a repository or a wheel that the model's own file names, with the class; `counted` is of the file's head."""
    whole, *where, class_ = case["source"].partition(",")[0].split()
    release = f"{whole} {where[0]}" if where and where[0][0].isdigit() else whole
    known = model(case["model"])
    assert any(source.startswith(release) for source in known.sources)
    assert class_ in known.denoiser.class_
    assert f" {case['counted']}: " in HELD["about"]


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


def test_a_block_of_worldplay_has_its_makers_flops() -> None:
    """MMDoubleStreamBlock.forward_vision of Tencent-Hunyuan/HY-WorldPlay@da2d0c2 at a width of 64, without PRoPE's."""
    config = hunyuan_world.Config(num_attention_heads=2, attention_head_dim=32, num_layers=1)
    shape = Shape(frames=3, height=4, width=4, tokens=4, image_tokens=2, extra={"cached_frames": 2, "glyph_tokens": 3})
    tape = Tape("bf16")
    x, spread = tape.input(1, 48, 64), tape.input(1, 48, 64)
    hunyuan_world.block(tape, config, shape, x, spread, rotary_tables(tape, 48, 32))
    # products by weights, and two attentions of 48 queries and 9 + 32 + 48 keys in 2 heads of 32
    assert flops(tape) == 7471104 + 2 * 4 * 2 * 48 * (9 + 32 + 48) * 32


def test_mouse_and_keyboard_of_matrix_game_are_its_makers_module() -> None:
    """ActionModule of Matrix-Game-2 at a width of 96: three latent frames of 880 places after three in the cache."""
    config = wan_game.Config(
        num_attention_heads=2, attention_head_dim=48, action_width=128, action_heads=2, key_width=16
    )
    tape = Tape("bf16")
    out = wan_game.acted(tape, config, (1, 3, 880), 3, tape.input(1, 2640, 96))
    assert out.shape == (1, 2640, 96)
    assert (tape.parameter_count, flops(tape)) == (168032, 638301312)


def test_the_text_encoder_of_magi_2_is_transformers_class() -> None:
    """Qwen3_5TextModel of transformers 5.23.0 with the sizes of Qwen3.5-27B, on the meta device."""
    encoder = model("magi-2-preview").text_encoders[0]
    assert taped(encoder.network, "encode", encoder.config, Shape(tokens=130)).parameter_count == 25624600064
