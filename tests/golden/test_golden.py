"""Every recorded model against the published classes: parameters equal, FLOPs within 0.1 %, live bytes within the bars.

The golden files are recorded by scripts/record_golden.py; each says what it was recorded with.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vidcalc.catalog.models import model, names
from vidcalc.reference.compare import families, figures, shape_of

GOLDEN = Path(__file__).parent
FLOPS_BAR = 0.001
PEAK_BARS = {"vae_decode": 0.03, "vae_encode": 0.03}
PEAK_BAR = 0.02


def recorded() -> Iterator[Any]:
    """One parameter per model and component."""
    for path in sorted(GOLDEN.glob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        if path.stem not in names() or "configs" not in held:
            continue
        for component in dict.fromkeys(case["component"] for case in held["cases"]):
            yield pytest.param(path.stem, component, id=f"{path.stem}-{component}")


@pytest.mark.parametrize(("name", "component"), list(recorded()))
def test_our_figures_are_those_of_the_published_class(name: str, component: str) -> None:
    held = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    known = model(name)
    for case in held["cases"]:
        if case["component"] != component:
            continue
        part = held["configs"][case["part"]]
        denoiser = component == "denoiser"
        shape = shape_of(
            case["shape"],
            known.defaults.text_tokens if denoiser else 0,
            known.defaults.image_tokens if denoiser else 0,
            known.denoiser.timestep,
        )
        ours = figures(
            component,
            families()[part["class"]],
            part["config"] | case.get("changes", {}),
            shape,
            case["dtype"],
            "default" if case["shape"].get("tiling") else "none",
        )
        where = f"{part['class']} {case['shape']} {case['dtype']}"
        if not component.startswith("vae"):  # one direction of a VAE touches only its half of the weights
            assert ours["params"] == case["params"], where
        assert ours["flops"] == pytest.approx(case["flops"], rel=FLOPS_BAR), where
        bar = PEAK_BARS.get(component, PEAK_BAR)
        assert ours["peak_activation_bytes"] == pytest.approx(case["peak_activation_bytes"], rel=bar), where
