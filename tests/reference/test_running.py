"""The benchmark of this machine gives a calibration that works, and a real network runs as predicted."""

import pytest
import torch

from vidcalc.base.errors import InputError, Unreadable
from vidcalc.catalog.fill import model
from vidcalc.rates.calibration import calibrated, written
from vidcalc.rates.machines import machine
from vidcalc.reference import bench
from vidcalc.reference.running import run, shallower

SIZE = "128x128x5"


@pytest.fixture(scope="module")
def small() -> pytest.MonkeyPatch:
    """Shapes that take milliseconds on a CPU."""
    patch = pytest.MonkeyPatch()
    patch.setattr(bench, "PRODUCTS", {"cpu": ((128, 256, 256), (256, 256, 128))})
    patch.setattr(bench, "LENGTHS", {"cpu": (32, 64, 256)})
    patch.setattr(bench, "CONVOLUTIONS", {"cpu": ((8, 8, 3, 8, 8),)})
    patch.setattr(bench, "COPIED", {"cpu": 2**22})
    return patch


@pytest.fixture(scope="module")
def calibration(small: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> str:
    told: list[float] = []
    found = bench.benchmark("cpu", 0.5, lambda _what, done: told.append(done))
    small.undo()
    assert told == sorted(told)
    assert set(found) >= {"gemm", "attention", "convolution", "copy"}
    path = tmp_path_factory.mktemp("calibration") / "here.toml"
    path.write_text(written(found, "2026-11-22"), encoding="utf-8")
    return str(path)


def test_this_machine_becomes_an_accelerator(calibration: str) -> None:
    chip = calibrated(calibration)
    assert {"fp32", "bf16"} <= set(chip.peaks)
    assert chip.bandwidth is not None
    assert 1e8 < chip.bandwidth < 1e13


@pytest.mark.parametrize("name", ["wan2.1-t2v-1.3b", "cogvideox-2b", "ltx-video-2b"])
def test_a_slice_of_a_real_network_holds_what_is_predicted(name: str, calibration: str) -> None:
    """On real tensors, not on the meta device: weights are equal, live activations within 2 %."""
    result = run(model(name), machine(calibrated(calibration)), "cpu", SIZE, 1, "fp32", 1)
    assert result.weights.ratio == 1
    assert result.activations.ratio == pytest.approx(1, abs=0.02)
    assert result.time.measured > 0
    assert (result.time.low or 0) <= result.time.predicted <= (result.time.high or 0)


def test_fewer_layers_are_asked_of_each_kind() -> None:
    config = {"num_layers": 20, "num_single_layers": 40, "width": 3}
    assert shallower(config, 2) == {"num_layers": 2, "num_single_layers": 2, "width": 3}
    assert shallower(config, None) == config
    with pytest.raises(Unreadable):
        shallower({"block_out_channels": [1, 2]}, 2)


def test_what_cannot_run_is_refused(calibration: str) -> None:
    here = machine(calibrated(calibration))
    with pytest.raises(Unreadable):
        run(model("sora"), here, "cpu", SIZE, 1, "fp32", 1)
    with pytest.raises(InputError):
        run(model("wan2.1-t2v-1.3b"), here, "cpu", SIZE, 1, "nf4", 1)


def test_a_kernel_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> object:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(bench, "scaled_dot_product_attention", absent)
    monkeypatch.setattr(bench, "PRODUCTS", {"cpu": ((8, 8, 8),)})
    monkeypatch.setattr(bench, "CONVOLUTIONS", {"cpu": ()})
    monkeypatch.setattr(bench, "COPIED", {"cpu": 2**10})
    found = bench.benchmark("cpu", 0.1)
    assert "attention" not in found
    assert found["torch"] == torch.__version__
