"""Wan with audio and references: published counts of weights, and what each addition costs."""

import pytest
from golden_cases import flops

from vidcalc.catalog.models import model
from vidcalc.describe.shape import Shape
from vidcalc.networks.transformers import wan, wan_audio
from vidcalc.tape import Tape

CLIP = Shape(frames=5, height=16, width=16, tokens=32)
SMALL = {"num_attention_heads": 4, "ffn_dim": 1024, "num_layers": 6}
AUDIO = {"audio_layers": 2, "audio_tokens": 8, "audio_dim": 96, "audio_in": 640}


def taped(**changes: object) -> Tape:
    tape = Tape("bf16")
    wan_audio.forward(tape, wan_audio.Config(**SMALL | changes), CLIP)  # type: ignore[arg-type]
    return tape


@pytest.mark.parametrize(("name", "count"), [("wan2.2-s2v-14b", 16.3e9), ("humo-17b", 17e9), ("humo-1.7b", 1.7e9)])
def test_weights_are_those_that_names_promise(name: str, count: float) -> None:
    assert model(name).denoiser.params == pytest.approx(count, rel=0.03)


def test_without_additions_it_is_wan() -> None:
    tape = Tape("bf16")
    wan.forward(tape, wan.Config(**SMALL), CLIP)  # type: ignore[arg-type]
    assert taped().parameter_count == tape.parameter_count
    assert flops(taped()) == flops(tape)


def test_an_audio_layer_has_its_own_attention() -> None:
    width, listened = 512, taped(**AUDIO)
    layer = 2 * (width * width + width) + 2 * (96 * width + width) + 2 * width
    inner = 640 * 512 + 512 + 512 * 512 + 512 + 512 * 8 * 96 + 8 * 96 + 2 * 96
    assert listened.parameter_count - taped().parameter_count == 2 * layer + inner
    n, heard = 5 * 8 * 8, 5 * 8
    attention = 2 * (2 * n * width * width + 2 * heard * 96 * width) + 4 * n * 8 * width
    assert flops(listened) - flops(taped()) == 2 * attention + 2 * 5 * (640 * 512 + 512 * 512 + 512 * 8 * 96)


def test_references_are_tokens_beside_the_video() -> None:
    config = wan_audio.Config(**SMALL, reference_frames=2.5)  # type: ignore[arg-type]
    assert wan_audio.tokens(config, CLIP) == 5 * 64 + 160
    assert taped(reference_frames=2.5).parameter_count == taped().parameter_count
    assert flops(taped(reference_frames=2.5)) > 1.4 * flops(taped())
