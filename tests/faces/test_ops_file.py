"""`--ops`: the list of ops adds up to the report."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vidcalc

JOBS: dict[str, dict[str, Any]] = {
    "wan2.1-t2v-1.3b": {},
    "cogvideox-5b": {"precision": "int8", "compile": "on"},
    "svd": {"gpu": "4090", "vae_tiling": "none"},
    "hunyuanvideo-t2v": {"gpu": "h100", "gpus": 8, "parallel": "ulysses=8"},
}


@pytest.mark.parametrize("name", JOBS)
def test_the_ops_add_up_to_the_report(name: str) -> None:
    report = vidcalc.estimate(name, **JOBS[name])
    rows = report.ops()
    for stage, parts in report.time.inference.parts.items():
        for kind in ("matmul", "attention", "convolution", "pointwise"):
            mine = sum(row.total for row in rows if row.stage == stage and row.kind == kind)
            rounding = kind == "pointwise" and "precision" in JOBS[name]  # a format's own kernels beside the products
            if not rounding:
                assert mine == pytest.approx(parts.get(kind, 0), rel=1e-9), (stage, kind)
        mine = sum(row.total for row in rows if row.stage == stage)
        assert mine == pytest.approx(sum(parts.get(k, 0) for k in ("matmul", "attention", "convolution", "pointwise")))
    decode = sum(row.flops * row.count * row.calls for row in rows if row.stage == "vae_decode")
    assert decode == report.compute.flops_vae_decode
    assert all(0 <= row.mfu <= 1.05 for row in rows)


def test_the_file_has_a_row_an_op(tmp_path: Path, ask: Callable[..., Any]) -> None:
    path = tmp_path / "ops.csv"
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--ops", str(path)).code == 0
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(vidcalc.estimate("wan2.1-t2v-1.3b").ops())
    assert {"stage", "path", "flops", "bytes", "seconds", "mfu"} <= set(rows[0])


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, ask: Callable[..., Any]) -> None:
    done = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--ops", str(tmp_path / "no" / "ops.csv"))
    assert done.code == 2 and "--ops" in done.err and done.err.count("\n") == 1
