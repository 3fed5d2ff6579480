"""U-Nets that no library publishes a class for: weights and FLOPs as counted with the official repositories' own
classes.

The figures are those of the classes built on the meta device, counted operator by operator, batch 1; they came with the
sources named in each model's catalogue file.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden_cases import family, flops

from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape

MODELS = Path(__file__).parents[2] / "src" / "vidcalc" / "data" / "models"
CLIPS = [
    ("videocrafter2", {"frames": 16, "height": 40, "width": 64}, 12581410897920),
    ("dynamicrafter-1024", {"frames": 16, "height": 72, "width": 128, "image_tokens": 256}, 52336202940416),
    ("dynamicrafter-512", {"frames": 16, "height": 40, "width": 64, "image_tokens": 256}, None),
    ("dynamicrafter-256", {"frames": 16, "height": 32, "width": 32, "image_tokens": 256}, 4903529938944),
    ("lavie-base", {"frames": 16, "height": 40, "width": 64}, 8109688094720),
    ("lavie-vsr", {"frames": 8, "height": 32, "width": 32}, None),
    ("lavie-interpolation", {"frames": 61, "height": 40, "width": 64}, 33919711723520),
]


def taped(name: str, clip: dict[str, Any]) -> tuple[Tape, dict[str, Any]]:
    import tomllib

    facts = tomllib.loads((MODELS / f"{name}.toml").read_text(encoding="utf-8"))["denoiser"]
    module = family(facts["class"])
    tape = Tape("bf16")
    module.forward(tape, msgspec.convert(facts["config"], module.Config), Shape(tokens=77, **clip))
    return tape, facts


@pytest.mark.parametrize(("name", "clip", "expected"), CLIPS, ids=[clip[0] for clip in CLIPS])
def test_weights_and_flops_are_those_of_the_official_code(
    name: str, clip: dict[str, Any], expected: int | None
) -> None:
    tape, facts = taped(name, clip)
    assert tape.parameter_count == facts["params"]
    assert expected is None or flops(tape) == expected
    assert tape.live == 0


def test_two_samples_do_twice_the_work() -> None:
    """Every image of the batch passes the same U-Net; only the timestep's own layers are shared by frames."""
    one, _ = taped("lavie-base", {"frames": 4, "height": 16, "width": 24})
    two, _ = taped("lavie-base", {"frames": 4, "height": 16, "width": 24, "batch": 2})
    assert flops(two) == 2 * flops(one)
    assert one.peak < two.peak <= 2 * one.peak + 2 * one.parameters["conv_in.weight"][0]
