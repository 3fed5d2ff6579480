"""Calibration files: measured rates take the place of the catalogue's, and a file alone makes an accelerator."""

from pathlib import Path
from typing import Any

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.cost.time import by_kind
from vidcalc.ops import Convolution
from vidcalc.rates.calibration import SCHEMA, calibrated, recognised, written
from vidcalc.rates.host import host_rate
from vidcalc.rates.machines import accelerator
from vidcalc.rates.traffic import bandwidth
from vidcalc.rates.utilisation import attention, convolution, gemm

Row = dict[str, Any]
LAYER = {"m": 16_384, "n": 5120, "k": 5120}
RATE = 600e12


def found(device: str = "NVIDIA H100 80GB HBM3", scale: float = 1.0) -> Row:
    """What a benchmark hands over: products at 600 TFLOP/s, attention at 500 for long sequences, copies at 2.4 TB/s."""

    def rate(value: float, unit: str) -> str:
        return f"{value * scale:.6g} {unit}"

    return {
        "device": device,
        "memory": "85000000000 B",
        "torch": "2.13.0",
        "gemm": [
            {"precision": "bf16", **LAYER, "rate": rate(RATE, "FLOP/s")},
            {"precision": "fp32", **LAYER, "rate": rate(50e12, "FLOP/s")},
        ],
        "attention": [
            {"kernel": "flash2", "precision": "bf16", "head_dim": 128, "sequence": length,
             "rate": rate(500e12 / (1 + 200 / length), "FLOP/s")}
            for length in (1024, 8192, 32768)
        ],
        "convolution": [
            {"precision": "bf16", "positions": 100_000, "c_in": 384, "c_out": 384, "taps": 27,
             "rate": rate(300e12, "FLOP/s")}
        ],
        "copy": [{"kind": "copy", "rate": rate(2.4e12, "B/s")}, {"kind": "scale", "rate": rate(2.2e12, "B/s")}],
        "host_copy": [
            {"kind": "pinned", "way": "h2d", "rate": "50 GB/s"},
            {"kind": "pinned", "way": "d2h", "rate": "48 GB/s"},
        ],
    }  # fmt: skip


def file(folder: Path, rows: Row, name: str = "mine.toml") -> str:
    path = folder / name
    path.write_text(written(rows, "2026-11-22"), encoding="utf-8")
    return str(path)


def test_the_devices_own_name_finds_the_accelerator() -> None:
    assert recognised("NVIDIA H100 80GB HBM3") == "h100-sxm"
    assert recognised("a machine of no name") is None


def test_measured_rates_are_given_back_at_the_measured_shapes(tmp_path: Path) -> None:
    chip = calibrated(file(tmp_path, found()))
    assert (chip.like, chip.name) == ("h100-sxm", accelerator("h100-sxm").name)
    product = gemm(chip, "bf16", LAYER["m"], LAYER["k"], LAYER["n"])
    assert (product.provenance, product.source) == ("measured", "mine.toml")
    assert product.likely == pytest.approx(RATE, rel=1e-3)
    for length in (1024, 8192, 32768):
        kernel = attention(chip, "flash2", "bf16", 128, length, length)
        assert kernel.provenance == "measured"
        assert kernel.likely == pytest.approx(500e12 / (1 + 200 / length), rel=1e-3)
    op = Convolution("x", 1, "bf16", 1, 384, 384, 100_000, 100_000, 27, 1, 2)
    spent = by_kind((op,), chip)["convolution"]
    assert op.flops / spent.likely == pytest.approx(300e12, rel=1e-3)  # copies around it included
    assert convolution(chip, "bf16", 100_000, 384, 384, 27).provenance == "measured"
    assert bandwidth(chip).low == 2.2e12
    assert bandwidth(chip).high == 2.4e12
    assert host_rate(chip, "pinned") == 50e9


def test_what_the_file_leaves_out_stays_the_catalogues(tmp_path: Path) -> None:
    rows = found()
    del rows["attention"], rows["convolution"], rows["host_copy"]
    chip, base = calibrated(file(tmp_path, rows)), accelerator("h100-sxm")
    assert attention(chip, "flash3", "bf16", 128, 8192, 8192) is not None
    ours, theirs = (attention(each, "flash3", "bf16", 128, 8192, 8192) for each in (chip, base))
    assert (ours.likely, ours.provenance) == (theirs.likely, theirs.provenance)
    assert chip.host_copies == base.host_copies


def test_a_device_of_no_catalogue_is_made_of_the_file_alone(tmp_path: Path) -> None:
    chip = calibrated(file(tmp_path, found("a processor", scale=1e-3)))
    assert chip.id.startswith("cpu")
    assert chip.capacity == 85_000_000_000
    product = gemm(chip, "bf16", LAYER["m"], LAYER["k"], LAYER["n"])
    assert product.likely == pytest.approx(RATE / 1e3, rel=0.05)


def test_a_file_applied_to_another_gpu_says_so(tmp_path: Path) -> None:
    path = file(tmp_path, found())
    assert calibrated(path, accelerator("h100-sxm")).cautions == ()
    assert [caution.id for caution in calibrated(path, accelerator("h200")).cautions] == ["calibrated_elsewhere"]


def test_noise_never_makes_a_rate_negative(tmp_path: Path) -> None:
    rows = found()
    for row, rate in zip(rows["attention"], (1e12, 300e12, 90e12), strict=True):
        row["rate"] = f"{rate} FLOP/s"
    chip = calibrated(file(tmp_path, rows))
    for length in (64, 1024, 100_000):
        rate = attention(chip, "flash2", "bf16", 128, length, length)
        assert 0 < rate.low <= rate.likely <= rate.high


@pytest.mark.parametrize(
    "change",
    [
        (SCHEMA, "something/1"),
        ('schema = "', 'scheme = "'),
        ("[[gemm]]", "[[gem]]"),
        ("[[copy]]", "[[cop]]"),
        ("6e+14 FLOP/s", "6e+14 B/s"),
        ("6e+14 FLOP/s", "0 FLOP/s"),
        ("m = 16384", 'm = "many"'),
        ("m = 16384", "m = 0"),
        ("head_dim = 128", "head_dim = 0"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    path = Path(file(tmp_path, found()))
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(Unreadable) as refused:
        calibrated(str(path))
    assert refused.value.flag == "calibration"
