"""Control networks, RIFE and Kandinsky 6's super-resolution VAE against their published classes.

The figures were recorded from the makers' own classes on the meta device in bf16: weights and FLOPs of one call are
theirs to the last digit, the most live bytes within two in a hundred.
"""

from typing import NamedTuple

import numpy as np
import pytest

from vidcalc.catalog import controls, fill
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape
from vidcalc.tape.trace import trace

GIB = 1 << 30


class Case(NamedTuple):
    """A call and what its class makes of it."""

    network: Component
    function: str
    shape: Shape
    weights: int
    flops: int
    peak: float


def control(name: str) -> Component:
    found = controls.control(name).network
    assert found is not None
    return found


CASES = {
    "Wan 1.3B": Case(
        control("wan2.1-1.3b-controlnet"), "forward", Shape(frames=21, height=60, width=104, tokens=512),
        417_144_496, 77_161_383_825_408, 2.3419 * GIB,
    ),
    "Wan 5B": Case(
        control("wan2.2-5b-controlnet"), "forward", Shape(frames=31, height=44, width=80, tokens=512),
        345_979_584, 48_812_212_518_912, 2.6797 * GIB,
    ),
    "CogVideoX 2B": Case(
        control("cogvideox-2b-controlnet"), "forward", Shape(batch=2, frames=13, height=60, width=90, tokens=226),
        458_281_648, 64_055_681_990_656, 2.4900 * GIB,
    ),
    "CogVideoX 5B": Case(
        control("cogvideox-5b-controlnet"), "forward", Shape(batch=2, frames=13, height=60, width=90, tokens=226),
        1_072_816_048, 126_632_667_627_520, 4.0494 * GIB,
    ),
    "Uni3C": Case(
        control("uni3c-wan2.1-14b"), "forward", Shape(frames=21, height=60, width=104, tokens=512),
        1_165_741_824, 123_126_157_148_160, 7.9444 * GIB,
    ),
    "RIFE": Case(
        fill.model("rife-4.9").denoiser, "forward", Shape(frames=2, height=480, width=832),
        5_325_012, 37_115_666_432, 107.7578 * (1 << 20),
    ),
}  # fmt: skip


CODEC = fill.model("kandinsky6-sr").vae
CODED = {
    "decode": (Shape(frames=31, height=32, width=48), 837_601_883_848_704, 18.9365 * GIB),
    "encode": (Shape(frames=121, height=512, width=768), 96_349_282_369_536, 3.0526 * GIB),
}


@pytest.mark.parametrize("function", CODED)
def test_the_autoencoder_works_as_the_published_class(function: str) -> None:
    shape, flops, peak = CODED[function]
    taped = trace(CODEC, function, shape, "bf16")
    assert taped.flops == flops
    assert taped.peak == pytest.approx(peak, rel=0.03)


def test_its_halves_have_all_weights_between_them() -> None:
    found = {
        name: size for each in CODED for name, size in trace(CODEC, each, CODED[each][0], "bf16").parameters.items()
    }
    assert sum(elements for elements, _ in found.values()) == 1_738_878_243


RESTORER = fill.model("seedvr2-3b").vae
RESTORED = [  # function, frames, height and width of the latent, FLOPs, peak bytes: some whole, some work in pieces
    ("decode", (3, 90, 160), 201_216_334_233_600, 16_486_042_624),
    ("encode", (3, 90, 160), 78_227_413_401_600, 9_460_994_560),
    ("decode", (2, 45, 80), 28_331_311_104_000, 3_226_734_592),
    ("encode", (2, 45, 80), 11_068_224_307_200, 1_838_958_592),
    ("decode", (6, 20, 30), 19_189_029_273_600, 770_854_912),
    ("encode", (6, 20, 30), 7_322_419_200_000, 411_208_704),
]


@pytest.mark.parametrize(("function", "sizes", "flops", "peak"), RESTORED)
def test_seedvrs_autoencoder_works_as_bytedances_class(
    function: str, sizes: tuple[int, int, int], flops: int, peak: int
) -> None:
    frames, height, width = sizes
    shape = Shape(frames=frames, height=height, width=width)
    if function == "encode":
        shape = Shape(frames=(frames - 1) * 4 + 1, height=height * 8, width=width * 8)
    taped = trace(RESTORER, function, shape, "bf16")
    assert taped.flops == flops
    assert taped.peak == pytest.approx(peak, rel=0.005)
    arrays = {each: np.array([float(getattr(shape, each))] * 2) for each in ("frames", "height", "width")}
    many = trace(RESTORER, function, Shape(**arrays), "bf16")
    assert np.asarray(many.flops)[0] == pytest.approx(taped.flops)
    assert np.asarray(many.peak)[0] == pytest.approx(taped.peak)


def test_seedvrs_halves_have_all_weights_between_them() -> None:
    halves = [trace(RESTORER, each, Shape(frames=5, height=64, width=64), "bf16") for each in ("decode", "encode")]
    assert sum(each.parameter_count for each in halves) == 250_648_227


@pytest.mark.parametrize("frames", [1, 2, 5, 6, 9, 31])
def test_a_clip_of_any_length_is_cut_into_segments(frames: int) -> None:
    """Every frame is decoded once: the work of a clip grows by as much for each frame that it has."""
    few, many = (trace(CODEC, "decode", Shape(frames=count, height=8, width=8), "bf16") for count in (1, frames))
    two = trace(CODEC, "decode", Shape(frames=2, height=8, width=8), "bf16")
    assert many.flops == few.flops + (frames - 1) * (two.flops - few.flops)


@pytest.mark.parametrize("name", CASES)
def test_a_call_is_that_of_the_published_class(name: str) -> None:
    case = CASES[name]
    taped = trace(case.network, case.function, case.shape, "bf16")
    assert taped.parameter_count == case.weights
    assert taped.flops == case.flops
    assert taped.peak == pytest.approx(case.peak, rel=0.02)


@pytest.mark.parametrize("name", CASES)
def test_arrays_give_what_scalars_give(name: str) -> None:
    case = CASES[name]
    sizes = {each: np.array([float(getattr(case.shape, each))] * 2) for each in ("frames", "height", "width")}
    many = trace(case.network, case.function, Shape(batch=case.shape.batch, tokens=case.shape.tokens, **sizes), "bf16")
    one = trace(case.network, case.function, case.shape, "bf16")
    assert np.asarray(many.flops)[0] == pytest.approx(one.flops)
    assert np.asarray(many.peak)[0] == pytest.approx(one.peak)


def test_an_ip_adapter_has_keys_and_values_in_every_layer_that_reads_text() -> None:
    """Sixteen layers of Stable Diffusion 1.5: five of 320, of 640 and of 1,280 channels, and one in the middle."""
    found, shape = control("ip-adapter-sd15"), Shape(batch=2, frames=16, height=64, width=64)
    taped = trace(found, "forward", shape, "bf16")
    layers = {320: (5, 64 * 64), 640: (5, 32 * 32), 1280: (5, 16 * 16)}
    widths = sum(width * count for width, (count, _) in layers.items()) + 1280
    projected = 2 * 2 * 1024 * 4 * 768  # of the picture, for both predictions
    keys = 2 * 32 * 4 * 768 * 2 * widths  # of four tokens in every frame
    scores = (
        sum(count * 32 * places * 4 * width * 4 for width, (count, places) in layers.items()) + 32 * 64 * 4 * 1280 * 4
    )
    assert taped.parameter_count == found.params == 1024 * 3072 + 3072 + 2 * 768 + 2 * 768 * widths
    assert taped.flops == projected + keys + scores
