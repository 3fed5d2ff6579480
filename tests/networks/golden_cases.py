"""Golden cases of network classes (tests/golden/NAME.json, see scripts/record_cases.py) and our tape of each call."""

import importlib
import json
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from vidcalc import networks
from vidcalc.describe.shape import Shape
from vidcalc.tape import Tape
from vidcalc.tape.backward import backward

GOLDEN = Path(__file__).parents[1] / "golden"
ENTRY = {
    "denoiser": "forward",
    "vae_decode": "decode",
    "vae_encode": "encode",
    "text_encoder": "encode",
    "image_encoder": "encode",
}


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one golden file."""
    found: list[dict[str, Any]] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return found


def label(case: dict[str, Any]) -> str:
    """A short name of a case for pytest."""
    sizes = "-".join(str(value) for value in case["shape"].values())
    return f"{case['class']}-{case['component']}-{sizes}-{case['dtype']}"


@cache
def family(class_name: str) -> ModuleType:
    """The module that mirrors a class."""
    for found in pkgutil.walk_packages(networks.__path__, networks.__name__ + "."):
        module = importlib.import_module(found.name)
        if class_name in getattr(module, "CLASSES", ()):
            return module
    raise LookupError(class_name)


def shape_of(case: dict[str, Any], number: Any = int) -> Shape:
    """The case's shape as a network takes it, every size passed through `number`."""
    stated = dict(case["shape"])
    frames, height, width = stated.get("latent") or stated.get("pixels") or (1, 1, 1)
    sizes = {"batch": stated["batch"], "frames": frames, "height": height, "width": width}
    sizes["tokens"] = stated.get("tokens") or stated.get("text_tokens") or 0
    extra = {key: stated[key] for key in ("masked",) if key in stated} | stated.get("extra", {})
    sizes["image_tokens"] = stated.get("image_tokens") or extra.pop("image_tokens", 0)
    counts = {key: number(value) for key, value in sizes.items()}
    return Shape(**counts, timestep=stated.get("timestep", "sample"), extra=extra)


def taped(case: dict[str, Any], *, training: bool = False, number: Any = int) -> Tape:
    """Our tape of a case; with `training` it is left holding what is kept for backward."""
    module = family(case["class"])
    tape = Tape(case["dtype"], training=training)
    config = msgspec.convert(case["config"], module.Config)
    arguments = {"tiling": module.TILING} if case["shape"].get("tiling") else {}
    result = getattr(module, ENTRY[case["component"]])(tape, config, shape_of(case, number), **arguments)
    tape.kept = tape.live  # type: ignore[attr-defined]
    del result
    return tape


def flops(tape: Tape) -> Any:
    """All FLOPs of a tape."""
    return sum(op.flops * op.count for op in tape.ops)


def check_equal(case: dict[str, Any]) -> None:
    """Parameters, FLOPs and the peak of live activations are those of the published class, to the last unit."""
    tape = taped(case)
    weights = tape.parameters
    if case["component"].startswith("vae"):  # one direction touches its half of the weights
        weights = weights | taped(other_direction(case)).parameters
    assert sum(elements for elements, _ in weights.values()) == case["params"]
    assert flops(tape) == case["flops"]
    assert tape.peak == case["peak_activation_bytes"]
    assert tape.live == 0
    if "kept_for_backward" in case:
        assert taped(case, training=True).kept == case["kept_for_backward"]  # type: ignore[attr-defined]


BARS = {"vae_decode": 0.03, "vae_encode": 0.03}  # relative, of the live peak; other components
BAR = 0.02


def check_within(case: dict[str, Any]) -> None:
    """Parameters and FLOPs are those of the published class; the peak of live activations within the bars."""
    tape = taped(case)
    weights = tape.parameters
    if case["component"].startswith("vae") and hasattr(family(case["class"]), "encode"):
        weights = weights | taped(other_direction(case)).parameters
    assert sum(elements for elements, _ in weights.values()) == case["params"]
    assert flops(tape) == case["flops"]
    assert tape.peak == pytest.approx(case["peak_activation_bytes"], rel=BARS.get(case["component"], BAR))
    assert tape.live == 0


def check_training(case: dict[str, Any]) -> None:
    """The peak over forward and backward is that of a training step of the published class, within 3 %."""
    module = family(case["class"])
    tape = Tape(case["dtype"], training=True)
    out = module.forward(tape, msgspec.convert(case["config"], module.Config), shape_of(case))
    assert backward(tape, out).peak == pytest.approx(case["forward_backward_peak"], rel=0.03)


def other_direction(case: dict[str, Any]) -> dict[str, Any]:
    """A small call of the same autoencoder the other way."""
    other = {"vae_decode": "vae_encode", "vae_encode": "vae_decode"}[case["component"]]
    sizes = {"vae_decode": {"latent": [2, 4, 4]}, "vae_encode": {"pixels": [5, 64, 64]}}[other]
    return case | {"component": other, "shape": {"batch": 1, **sizes}}


def check_arrays_agree(case: dict[str, Any]) -> None:
    """One call with two-element arrays as sizes gives what two scalar calls give."""
    doubled = dict(case, shape={key: scaled(value) for key, value in case["shape"].items()})
    whole = taped(case), taped(doubled)
    sizes = iter(zip(*(msgspec.structs.astuple(shape_of(each))[:6] for each in (case, doubled)), strict=True))
    both = taped(case, number=lambda _: np.array(next(sizes), dtype=np.float64))
    assert (both.peak == [tape.peak for tape in whole]).all()
    assert (flops(both) == [flops(tape) for tape in whole]).all()
    assert both.parameter_count == whole[0].parameter_count


def scaled(value: Any) -> Any:
    """Twice a size, or each of a list of sizes; words and switches stay."""
    if isinstance(value, list):
        return [2 * each for each in value]
    return 2 * value if isinstance(value, int) and not isinstance(value, bool) else value
